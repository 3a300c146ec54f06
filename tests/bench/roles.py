"""A process that plays a part in a measurement, and what is said between it and who began it.

By itself, so that a part that needs nothing of ours starts at once.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

CHECKOUT = Path(__file__).parents[2]


@contextmanager
def role(
    name: str, module: str = "tests.bench.crowd", **arguments: Any
) -> Iterator[subprocess.Popen[str]]:
    """Have a process that plays a role, from when it is ready."""
    command = [sys.executable, "-m", module, name, json.dumps(arguments)]
    with subprocess.Popen(
        command, cwd=CHECKOUT, stdout=subprocess.PIPE, stdin=subprocess.PIPE, text=True
    ) as process:
        try:
            until_said(process)
            yield process
        finally:
            process.kill()


def until_said(process: subprocess.Popen[str]) -> Any:
    """Return the next thing that a role says."""
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line:
        raise RuntimeError(f"a part of the crowd died: {process.args!r}")
    return json.loads(line)


def told(process: subprocess.Popen[str]) -> Any:
    """Tell a role to go on with what it waits for; return what it says then."""
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()
    return until_said(process)


def say(anything: Any) -> None:
    """Tell whoever started this process."""
    print(json.dumps(anything), flush=True)
