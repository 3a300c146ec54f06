"""The commands as a script and a person meet them, against the real stack."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from config.settings import names
from storyclip.stack.child import CHECKOUT
from storyclip.stack.stack import Stack
from tests.api import Api
from tests.commands import Told, told_by
from tests.whole.conftest import SANDBOX, SHORT

WITHIN_S = 60
ACCOUNTS = count(2_000_001)


def new_account() -> str:
    return str(next(ACCOUNTS))


class Terminal:
    """Runs `python -m storyclip`'s commands, with the stack's address and key to go by."""

    def __init__(self, stack: Stack, folder: Path) -> None:
        self.stack, self._folder = stack, folder
        self.api = Api(stack.url, stack.api_key)

    def file(self, clips: int = 3, account: str = "", **changes: Any) -> str:
        """A batch in a file, for an account of its own."""
        account = account or new_account()
        posts = [
            {"url": f"https://cdn.example.com/{account}/{n}.mp4", "text": f"Clip {n}"}
            for n in range(1, clips + 1)
        ]
        path = self._folder / f"{account}.json"
        path.write_text(json.dumps({"posts": posts, "settings": {"accountId": account}, **changes}))
        return str(path)

    def published(self, clips: int = 3, account: str = "") -> str:
        """The id of a batch that was just accepted."""
        made = self.run("publish", self.file(clips, account))
        assert made.returncode == 0, made.stderr
        return made.stdout.strip()

    def planned(self, clips: int = 3) -> str:
        """The id of a batch that has an hour until its first story, however slow a command is."""
        at = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
        schedule = {"mode": "scheduled", "scheduledAt": at}
        made = self.run("publish", self.file(clips, schedule=schedule))
        assert made.returncode == 0, made.stderr
        return made.stdout.strip()

    def run(self, *arguments: str, **changes: str) -> Told:
        """Run a command in this process."""
        return self._checked(told_by(*arguments, **{**self._ours(), **changes}))

    def process(self, *arguments: str, given: str = "") -> Told:
        """Run a command as a script does: in a process of its own."""
        done = subprocess.run(
            [sys.executable, "-m", "storyclip", *arguments],
            cwd=CHECKOUT,
            env=self.environment(),
            input=given,
            capture_output=True,
            text=True,
            timeout=WITHIN_S,
        )
        return self._checked(Told(done.returncode, done.stdout, done.stderr))

    def _checked(self, told: Told) -> Told:
        assert self.stack.api_key not in told.stdout + told.stderr
        assert "Traceback" not in told.stderr
        assert "\x1b" not in told.stdout + told.stderr
        return told

    @contextmanager
    def running(self, *arguments: str, **how: Any) -> Iterator[subprocess.Popen[str]]:
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        with subprocess.Popen(
            [sys.executable, "-m", "storyclip", *arguments],
            cwd=CHECKOUT,
            env=self.environment(),
            text=True,
            **(pipes | how),
        ) as process:
            try:
                yield process
            finally:
                process.kill()

    def environment(self) -> dict[str, str]:
        given = {name: value for name, value in os.environ.items() if name not in names()}
        return {**given, **self._ours()}

    def _ours(self) -> dict[str, str]:
        ours = {"STORYCLIP_URL": self.stack.url, "STORYCLIP_API_KEY": self.stack.api_key}
        return {**ours, "TERM": "xterm", "COLUMNS": "80", "LINES": "24"}


@pytest.fixture(scope="package")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    folder = tmp_path_factory.mktemp("stack")
    with Stack(folder, sandbox_flags=SANDBOX, environment=SHORT) as stack:
        yield stack


@pytest.fixture
def terminal(stack: Stack, tmp_path: Path) -> Iterator[Terminal]:
    yield Terminal(stack, tmp_path)
    assert stack.sandbox is not None
    stack.sandbox.clear_faults()
