"""`python -m storyclip`'s commands in this process: an interpreter takes longer than they do."""

from __future__ import annotations

import io
import logging
import signal
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass

import pytest
import structlog

from config.logging import configure
from config.settings import names
from storyclip.cli.main import main

HANDLED = (signal.SIGTERM, signal.SIGHUP)


@dataclass(frozen=True)
class Told:
    """What a command said, and how it ended."""

    returncode: int
    stdout: str
    stderr: str


def told_by(*arguments: str, **environment: str) -> Told:
    """Run a command with no setting but these."""
    out, err = io.StringIO(), io.StringIO()
    handlers = {number: signal.getsignal(number) for number in HANDLED}
    try:
        with (
            pytest.MonkeyPatch.context() as patch,
            redirect_stdout(out),
            redirect_stderr(err),
            _its_own_log(),
        ):
            for name in names():
                patch.delenv(name, raising=False)
            for name, value in environment.items():
                patch.setenv(name, value)
            with pytest.raises(SystemExit) as ending:
                main(arguments, prog_name="python -m storyclip")
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
    code = ending.value.code
    if isinstance(code, str):  # the interpreter says it when it ends
        return Told(1, out.getvalue(), f"{err.getvalue()}{code}\n")
    return Told(code or 0, out.getvalue(), err.getvalue())


@contextmanager
def _its_own_log() -> Iterator[None]:
    """Have the log as `python -m storyclip` has it, whatever ran in this process before."""
    root, set_up = logging.getLogger(), structlog.get_config()
    handlers, level = root.handlers[:], root.level
    configure("warning")
    try:
        yield
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
        structlog.configure(**set_up)
