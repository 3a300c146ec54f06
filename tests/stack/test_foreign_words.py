"""Whatever somebody else said, a terminal is sent no command of theirs, by whichever way."""

from __future__ import annotations

import io
import json
import logging
import os
import pty
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import redirect_stderr, redirect_stdout
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import click
import pytest
from rich.table import Table

from config.logging import configure
from config.printable import printable
from storyclip.cli.main import main
from storyclip.domain.incident import Incident
from storyclip.stack.log_lines import readable
from storyclip.store import database
from storyclip.store.access import keys, users
from storyclip.store.service.incidents import raise_incident
from storyclip.terminal.console import CleanConsole, clean_streams
from tests.commands import Told, told_by
from tests.databases import new_sqlite
from tests.store.making import T0, made
from tests.terminal.answering import answering
from tests.web.test_recover import held

# Renames the window, clears the screen, sets a colour by one byte, turns the text around
EVIL = "\x1b]0;owned\x07\x1b[2J\x9b31m\u202elive\rfake\x08"
OBEYED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
LEFT_OUT = {("demo",), ("run",)}  # whole stacks: what they show is tried below


def leaves(
    group: click.Command, path: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    if isinstance(group, click.Group):
        for name, command in group.commands.items():
            yield from leaves(command, (*path, name))
    elif path not in LEFT_OUT:
        yield path, group


COMMANDS = dict(leaves(main))


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    """A database in which everybody who may say something has said something evil."""
    url = new_sqlite(tmp_path / "data" / "storyclip.db")
    database.connect(url)
    made("b1", account="2000001")
    held(count=2)
    keys.make("ana", {"publish"}, at=T0, webhook_url=f"https://h/{EVIL}")
    raise_incident(Incident("webhook_given_up", f"b1{EVIL}", f"it said: {EVIL}"), T0)
    with database.writing():
        for statement in (
            "UPDATE users SET name = ?",
            "UPDATE strangers SET public_url = ?",
            "UPDATE strangers SET post_uuid = post_uuid || ?",
            "UPDATE publish_batch_clips SET clip_title = ?",
            "UPDATE publish_batch_clips SET error_msg = ?",
            "UPDATE lanes SET blocked_reason = ?",
        ):
            database.run(statement, (EVIL,))
    assert users.every()
    database.disconnect()
    yield url
    database.disconnect()


def arguments_of(command: click.Command) -> list[str]:
    """What has to be said to a command: evil, where it takes words."""
    given: list[str] = []
    for parameter in command.params:
        if not parameter.required:
            continue
        word = f"x{EVIL}"
        if isinstance(parameter.type, click.Choice):
            word = str(next(iter(parameter.type.choices)))
        given += [parameter.opts[0], word] if isinstance(parameter, click.Option) else [word]
    patient = any("--give-up-after" in parameter.opts for parameter in command.params)
    return [*given, "--give-up-after", "0.1"] if patient else given


def ways_to_say() -> list[tuple[tuple[str, ...], list[str]]]:
    """Each command, and once more with `--json` where it has that."""
    can_json = [
        path
        for path, command in COMMANDS.items()
        if any("--json" in parameter.opts for parameter in command.params)
    ]
    return [(path, []) for path in COMMANDS] + [(path, ["--json"]) for path in can_json]


@pytest.mark.parametrize(
    ("path", "flags"), ways_to_say(), ids=lambda words: " ".join(words) or "text"
)
def test_no_command_passes_on_what_a_terminal_would_obey(url, path, flags):
    command = COMMANDS[path]

    told = told_by(
        *path, *arguments_of(command), *flags, DATABASE_URL=url, STORYCLIP_API_KEY="k", STORYCLIP_URL="http://127.0.0.1:9"
    )  # fmt: skip

    assert OBEYED.search(told.stdout + told.stderr) is None
    assert told.stdout + told.stderr


def test_evil_words_are_in_what_the_commands_show(url):
    told = [told_by(*words, DATABASE_URL=url) for words in (("recover",), ("users", "list"))]

    assert all("owned" in one.stdout for one in told)  # the words, not the command around them


class Liar(BaseHTTPRequestHandler):
    """A service whose every word is evil."""

    def _say(self, status: int, kind: str, said: str) -> None:
        body = said.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        fault = {"pointer": EVIL, "detail": EVIL}
        problem = {"code": "invalid", "title": EVIL, "detail": EVIL, "errors": [fault]}
        self._say(422, "application/problem+json", json.dumps(problem))

    def do_GET(self) -> None:
        problem = {"code": "not_found", "title": EVIL, "detail": EVIL}
        self._say(404, "application/problem+json", json.dumps(problem))


@pytest.fixture
def asked(tmp_path: Path) -> Iterator[Callable[..., Told]]:
    batch = tmp_path / "batch.json"
    batch.write_text("{}")
    with answering(Liar) as url:
        yield lambda *words: told_by(
            *(str(batch) if word == "FILE" else word for word in words),
            STORYCLIP_URL=url,
            STORYCLIP_API_KEY="key",
        )


@pytest.mark.undescribed
@pytest.mark.parametrize("words", [("publish", "FILE"), ("watch", "b1")])
def test_a_service_that_lies_commands_no_terminal(asked: Callable[..., Told], words: Sequence[str]):
    told = asked(*words)

    assert told.returncode == 2
    assert OBEYED.search(told.stdout + told.stderr) is None
    assert "owned" in told.stderr


def test_a_console_sends_richs_commands_and_nobody_elses():
    stream = io.StringIO()
    console = CleanConsole(file=stream, force_terminal=True, color_system="standard", width=80)
    table = Table("name", title=EVIL)
    table.add_row(EVIL)

    console.print(table)
    console.print(EVIL, markup=False, highlight=False, soft_wrap=True)

    richs = re.compile(r"\x1b\[[0-9;]*m")
    assert richs.search(stream.getvalue())
    assert OBEYED.search(richs.sub("", stream.getvalue())) is None
    assert "owned" in stream.getvalue()


def test_what_a_process_logged_is_shown_clean():
    stream = io.StringIO()
    console = CleanConsole(file=stream, force_terminal=True)

    for line in (json.dumps({"event": EVIL, "level": "error", "reason": EVIL}), f"bare {EVIL}"):
        console.print(readable(line), markup=False, highlight=False)

    assert OBEYED.search(stream.getvalue()) is None


@pytest.mark.parametrize("log_format", ["json", "console"])
def test_a_log_line_commands_nothing(log_format, capsys):
    stream = io.StringIO()
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    configure(log_format=log_format, stream=stream)
    try:
        logging.getLogger("x").warning("it said %s", EVIL, extra={"words": [EVIL]})
        try:
            raise ValueError(EVIL)
        except ValueError:
            logging.getLogger("x").exception("failed")
    finally:
        root.handlers[:], root.level = handlers, level
        logging.captureWarnings(False)

    text = stream.getvalue()
    lines = [json.loads(line) for line in text.splitlines()] if log_format == "json" else [text]
    said = "".join(map(str, lines))
    assert OBEYED.search(said) is None
    assert "owned" in text


def ended_with(words: str) -> None:
    with clean_streams():
        print(f"data whsec_{'A' * 43}= {EVIL}")
        sys.exit(words)


def test_words_of_the_end_are_cleaned_and_masked_too():
    out, err = io.StringIO(), io.StringIO()

    with redirect_stdout(out), redirect_stderr(err), pytest.raises(SystemExit) as ending:
        ended_with(f"no: postgresql://ana:hush@h/db {EVIL}")

    assert ending.value.code == 1
    assert OBEYED.search(out.getvalue() + err.getvalue()) is None
    assert f"whsec_{'A' * 43}=" in out.getvalue()  # data is what was asked for
    assert "hush" not in err.getvalue()
    assert "ana:***@h" in err.getvalue()


def test_a_real_terminal_still_gets_richs_own_commands():
    reader, writer = pty.openpty()
    with os.fdopen(writer, "w") as terminal, redirect_stdout(terminal), clean_streams():
        CleanConsole(color_system="standard").print(f"[red]{printable('x')}[/red]")

    with os.fdopen(reader, "rb", buffering=0) as shown:
        assert b"\x1b[31m" in shown.read(1000)


def test_harmless_words_stay_as_they_are():
    for words in ("Cocina de Lola", "línea\n\tdos", "日本語 👋🏽", ""):
        assert printable(words) == words
