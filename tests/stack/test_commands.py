"""`run` and `keys` as a person meets them, in a process of their own."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest
import requests

from config.settings import names
from storyclip.stack.child import CHECKOUT
from storyclip.stack.ports import HOST, free_port
from storyclip.store import database
from tests.api import Api
from tests.commands import Told, told_by
from tests.eventually import PATIENCE_S, eventually
from tests.stack.conftest import lives

ENDS_WITHIN_S = 30

pytestmark = pytest.mark.xdist_group("commands")


def environment(**changes: str) -> dict[str, str]:
    given = {name: value for name, value in os.environ.items() if name not in names()}
    return {**given, "PORT": "0", **changes}


def storyclip(*arguments: str, **changes: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "storyclip", *arguments],
        cwd=CHECKOUT,
        env=environment(**changes),
        capture_output=True,
        text=True,
        timeout=60,
    )


def keys(*arguments: str, database_url: str) -> Told:
    """Run a `keys` command in this process, on a database of its own."""
    try:
        return told_by("keys", *arguments, DATABASE_URL=database_url)
    finally:
        database.disconnect()


@contextmanager
def running(
    data: Path, umask: int = -1, **changes: str
) -> Iterator[tuple[subprocess.Popen[bytes], Path]]:
    """`storyclip run`, once it has said that it is ready; and the file with all it says."""
    said = data.with_suffix(".said")
    with (
        said.open("wb") as output,
        subprocess.Popen(
            [sys.executable, "-m", "storyclip", "run", "--data", str(data)],
            cwd=CHECKOUT,
            env=environment(**changes),
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            umask=umask,
        ) as process,
    ):
        try:
            eventually(
                lambda: "Ctrl-C stops it" in said.read_text() or process.poll(), 2 * PATIENCE_S
            )
            assert process.poll() is None, said.read_text()
            yield process, said
        finally:
            process.kill()


@dataclass(frozen=True)
class FirstRun:
    """A new installation from its first start to Ctrl-C, and what was asked of it meanwhile."""

    data: Path
    said: str
    pids: list[int]
    call: subprocess.CompletedProcess[str]
    signed_in: list[requests.Response]
    second: subprocess.CompletedProcess[str]
    code: int


@pytest.fixture(scope="module")
def first_run(tmp_path_factory: pytest.TempPathFactory) -> FirstRun:
    data = tmp_path_factory.mktemp("run") / "my data"
    with running(data) as (process, said):
        text = said.read_text()
        everything = [child.pid for child in psutil.Process(process.pid).children(recursive=True)]
        curl = text[text.index("curl ") : text.index("}'\n") + 2]
        call = subprocess.run(curl, shell=True, capture_output=True, text=True, timeout=30)
        link = re.findall(r"http\S+/signin\?token=\S+", text)[0]
        signed_in = [requests.get(link, allow_redirects=False, timeout=10) for _ in range(2)]
        second = storyclip("run", "--data", str(data))
        process.send_signal(signal.SIGINT)
        code = process.wait(ENDS_WITHIN_S)
    return FirstRun(data, said.read_text(), everything, call, signed_in, second, code)


def test_run_shows_a_key_and_a_call_that_works(first_run: FirstRun):
    first, second = first_run.signed_in

    assert "NOTHING reaches Instagram or Facebook" in first_run.said
    assert '"batchId"' in first_run.call.stdout, first_run.call
    assert (first.status_code, second.status_code) == (303, 401)
    assert "storyclip=" in first.headers["Set-Cookie"]


def test_run_stops_on_ctrl_c_and_leaves_nothing_running(first_run: FirstRun):
    assert first_run.code == 0
    assert "Traceback" not in first_run.said
    assert len(first_run.pids) >= 7
    eventually(lambda: not any(lives(pid) for pid in first_run.pids))


def test_two_runs_on_one_data_directory_refuse(first_run: FirstRun):
    assert first_run.second.returncode == 1
    assert "Another StoryClip (process" in first_run.second.stderr
    assert "Traceback" not in first_run.second.stderr


def test_the_key_is_shown_once_and_a_lost_one_can_be_replaced(first_run: FirstRun):
    file = f"sqlite:///{first_run.data}/storyclip.db"

    made = storyclip("keys", "create", "--user", "local", "--scopes", "read", DATABASE_URL=file)
    with running(first_run.data) as (process, said):
        again = said.read_text()
        url = re.findall(r"ready: (\S+)", again)[0]
        answer = Api(url, made.stdout.strip()).get("batches")
        process.send_signal(signal.SIGTERM)
        code = process.wait(ENDS_WITHIN_S)

    assert len(re.findall(r"^ +(sc_\w+)", first_run.said, re.MULTILINE)) == 1
    assert "export STORYCLIP_API_KEY=sc_…" in again  # a setting: `run` itself starts beside it
    assert "keys create --user local" in again
    assert answer.status_code == 200
    assert code == 0


def test_the_secret_of_a_users_receivers_is_printed_and_stays(tmp_path):
    on = {"database_url": f"sqlite:///{tmp_path}/storyclip.db"}
    too_early = keys("webhook-secret", "--user", "ana", **on)
    made = keys("create", "--user", "ana", "--webhook", "https://hooks.example.com/", **on)
    private = keys("create", "--user", "a", "--webhook", "http://10.0.0.1/", **on)

    first, second = (keys("webhook-secret", "--user", "ana", **on).stdout for _ in range(2))

    assert made.stdout.startswith("sc_")
    assert re.fullmatch(r"whsec_[A-Za-z0-9+/]{43}=\n", first)
    assert first == second
    assert too_early.returncode == 1
    assert "no key was ever made" in too_early.stderr
    assert private.returncode == 1
    assert "https" in private.stderr


def test_a_taken_port_is_told_and_nothing_is_started(tmp_path):
    with socket.create_server((HOST, free_port())) as neighbour:
        port = str(neighbour.getsockname()[1])
        refused = storyclip("run", "--data", str(tmp_path / "data"), PORT=port)

    assert refused.returncode == 1
    assert f"Port {port} on 127.0.0.1 is taken" in refused.stderr
    assert not (tmp_path / "data").exists()


def test_all_wrong_settings_are_listed_and_nothing_is_started(tmp_path):
    refused = storyclip(
        "run", "--data", str(tmp_path / "data"), PORT="80x", STORYCLIP_LEED_S="3",
        METRICOOL_BASE_URL="https://app.metricool.com/api",
    )  # fmt: skip

    assert refused.returncode == 1
    for name in ("PORT", "STORYCLIP_LEED_S", "METRICOOL_USER_TOKEN", "METRICOOL_USER_ID"):
        assert f"\n{name}: " in refused.stderr
    assert not (tmp_path / "data").exists()


def test_a_key_of_a_scope_that_does_not_exist_is_not_made(tmp_path):
    on = f"sqlite:///{tmp_path}/storyclip.db"

    refused = keys("create", "--user", "x", "--scopes", "rule", database_url=on)

    assert refused.returncode == 1
    assert "expected scopes out of admin, publish, read" in refused.stderr
    assert refused.stdout == ""


def test_the_version_is_that_of_the_newest_section_of_the_changelog():
    changes = (CHECKOUT / "CHANGELOG.md").read_text()
    newest = re.findall(r"^## \[(\d.*?)\]", changes, re.MULTILINE)[0]

    told = told_by("--version")

    assert told.stdout == f"StoryClip {newest}\n"


def test_help_names_every_command():
    told = told_by("--help")

    assert told.returncode == 0
    for command in ("demo", "run", "keys"):
        assert re.search(rf"^  {command} ", told.stdout, re.MULTILINE)
