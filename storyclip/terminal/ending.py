"""How a command ends: its exit code, and what it says last.

0 everything was published; 1 something was not; 2 the request makes no sense or was refused, by a
wrong key, say; 3 no connection for too long; 130 Ctrl-C.
"""

from __future__ import annotations

import signal
import sys
from typing import NoReturn

import click

from storyclip.terminal.boards import harmless
from storyclip.terminal.service import Refused

NOT_ALL_PUBLISHED, USAGE, NO_CONNECTION, INTERRUPTED = 1, 2, 3, 128 + signal.SIGINT


def end(code: int, *lines: str) -> NoReturn:
    """Say these lines, and end."""
    for line in lines:
        click.echo(harmless(line), err=True)
    sys.exit(code)


def end_refused(refusal: Refused, *lines: str) -> NoReturn:
    """Say what the service refused, field by field, and end."""
    width = max((len(pointer) for pointer, _ in refusal.faults), default=0)
    faults = [f"  {pointer:<{width}}  {detail}" for pointer, detail in refusal.faults]
    end(USAGE, str(refusal), *faults, *lines)
