"""Ports, the lock of a data directory, log lines, and the commands of the programs."""

from __future__ import annotations

import json
import os
import shlex
import socket

import pytest

from config.settings import Settings
from storyclip.stack import lock, programs, run
from storyclip.stack.child import CHECKOUT
from storyclip.stack.echo import Echo
from storyclip.stack.log_lines import last_lines, readable
from storyclip.stack.ports import HOST, OURS, free_port, is_free
from storyclip.stack.stack import Stack


def test_a_free_port_is_one_that_outgoing_connections_do_not_get():
    port = free_port()

    assert port in OURS
    assert is_free(port)


def test_a_port_somebody_listens_on_is_not_free():
    with socket.create_server((HOST, 0)) as neighbour:
        assert not is_free(neighbour.getsockname()[1])


def test_the_hint_for_a_lost_key_can_be_pasted_whatever_the_folder_is_called(tmp_path):
    stack = Stack(tmp_path / "Ana's data")
    settings = Settings.from_environment({}, needs_upstream=False)

    hint = run._where_the_key_is(settings, stack).splitlines()[-1]

    assert shlex.split(hint)[:2] == [f"DATABASE_URL={stack.database_url}", ".venv/bin/python"]


def test_two_stacks_do_not_share_a_data_directory(tmp_path):
    held = lock.take(tmp_path)

    with pytest.raises(lock.DataTaken, match=r"process \d+\) works in"):
        lock.take(tmp_path)
    os.close(held)


def test_an_abandoned_data_directory_can_be_taken(tmp_path):
    os.close(lock.take(tmp_path))

    os.close(lock.take(tmp_path))


@pytest.mark.parametrize(
    ("line", "quiet", "everything"),
    [
        ('{"event": "request", "level": "info", "status": 200}', "", "info: request status=200"),
        (
            '{"event": "worker_silent", "level": "warning", "n": 1}',
            *["warning: worker_silent n=1"] * 2,
        ),
        (
            '{"event": "boom", "level": "error", "exception": "Traceback\\nX"}',
            *["error: boom\nTraceback\nX"] * 2,
        ),
        ("Traceback (most recent call last):", *["Traceback (most recent call last):"] * 2),
        ('{"url": "http://127.0.0.1:1/api"}', "", '{"url": "http://127.0.0.1:1/api"}'),
        ("[1]", "", "[1]"),
    ],
)
def test_a_log_line_is_made_readable(line, quiet, everything):
    assert readable(line) == quiet
    assert readable(line, everything=True) == everything


def test_last_words_begin_where_this_life_began(tmp_path):
    log = tmp_path / "web.log"
    log.write_text("an old line\n")
    since = log.stat().st_size
    log.write_text('an old line\n{"event": "new", "level": "info"}\nplain\n')

    assert last_lines(log, since) == "    info: new\n    plain"


def test_the_terminal_shows_what_is_written_from_now_on(tmp_path):
    (tmp_path / "web.log").write_text("old\n")
    shown: list[str] = []
    echo = Echo(tmp_path, shown.append, everything=False)

    with (tmp_path / "web.log").open("a") as web, (tmp_path / "redis.log").open("a") as redis:
        web.write('new\nnew\n{"event": "request", "level": "info"}\nhalf a li')
        redis.write("# advice on kernel settings\n")
    echo.stop()

    assert shown == ["web     | new"]


def test_the_procfile_runs_what_the_stack_runs(tmp_path):
    procfile = dict(
        line.split(": exec ", 1) for line in (CHECKOUT / "Procfile").read_text().splitlines()
    )
    web, worker = programs.web({}), programs.worker(1, {})

    assert procfile["web"].replace("'", "").split() == list(web.command[2:])
    changes = [f"{name}={value}" for name, value in worker.environment.items()]
    assert procfile["worker"].split() == ["env", *changes, *worker.command[2:]]


def test_the_sandbox_gets_its_flags_as_its_command_spells_them(tmp_path):
    flags = {"at_once": True, "date_step": 1, "clock": None, "fault": [{"fault": "lag"}]}

    command = programs.sandbox("http://127.0.0.1:9/api", tmp_path / "l", flags).command

    assert command[3:] == (
        "--port", "9", "--ledger", str(tmp_path / "l"), "--at-once", "--date-step", "1",
        "--fault", json.dumps({"fault": "lag"}),
    )  # fmt: skip
