"""The parent: loads what the product's processes load, and forks one of them when asked.

`python -m tests.forked.server FD`; each message at the socket FD is a `Start` with its standard
streams, each answer a process id. The process is the asker's own child, for who forked it has
ended: it is waited for, killed and outlived as if the asker had started an interpreter.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import runpy
import socket
import sys
from dataclasses import asdict, dataclass
from io import BufferedReader, BufferedWriter, FileIO, TextIOWrapper

STREAMS = 3
LONGEST = 200_000  # bytes of a message: an environment may be long
NEEDED = {  # what each of the modules that can be run loads at first
    "dramatiq": ("dramatiq.cli", "worker"),
    "gunicorn": ("gunicorn.app.wsgiapp", "storyclip.web.door.slow_lines", "app"),
    "storyclip": ("storyclip.cli.main",),
    "storyclip.sandbox": ("storyclip.sandbox.__main__",),
    "storyclip.stack.opening_main": ("storyclip.stack.opening_main",),
    "storyclip.tasks.media_main": ("storyclip.tasks.media_main",),
}


@dataclass(frozen=True)
class Start:
    """What is to run, and what `subprocess` would change before it does."""

    module: str
    arguments: list[str]
    environment: dict[str, str]
    folder: str
    umask: int
    group: int
    """As of `subprocess.Popen`: -1 is the asker's own."""
    is_announced: bool
    """Whether to say its id on its stdout and go on with its stderr in that place, as a stack's
    child does in its shell."""

    def sent(self) -> bytes:
        """Return it as a message."""
        return json.dumps(asdict(self)).encode()


def main() -> None:
    """Load what is needed, and fork, until the asker has gone."""
    door = socket.socket(fileno=int(sys.argv[1]))
    start = _forked(door)
    if start is not None:
        sys.modules.pop(start.module, None)
        sys.modules.pop(f"{start.module}.__main__", None)
        sys.argv = ["-m", *start.arguments]
        runpy.run_module(start.module, run_name="__main__", alter_sys=True)


def _forked(door: socket.socket) -> Start | None:
    """Return in each child what it is to run; None in the parent, once nobody asks any more."""
    while True:
        said, streams, _, _ = socket.recv_fds(door, LONGEST, STREAMS)
        if not said:
            return None
        start = Start(**json.loads(said))
        _load(start.module)
        held, holding = os.pipe()
        between = os.fork()
        if between == 0:
            child = os.fork()
            if child != 0:
                door.send(b"%d" % child)
                os._exit(0)
            os.close(holding)
            os.read(held, 1)  # until it is the asker's child
            _become(start, streams)
            return start
        os.waitpid(between, 0)
        for descriptor in (*streams, held, holding):
            os.close(descriptor)
        door.send(b"is yours")


def _load(module: str) -> None:
    """Have what it needs loaded, and never looked through for garbage: a child would copy it."""
    if any(name not in sys.modules for name in NEEDED[module]):
        for name in NEEDED[module]:
            importlib.import_module(name)
        gc.collect()
        gc.freeze()


def _become(start: Start, streams: list[int]) -> None:
    """Do what `subprocess` does between fork and exec, and what an interpreter does at first."""
    if start.group >= 0:
        os.setpgid(0, start.group)
    if start.umask >= 0:
        os.umask(start.umask)
    os.chdir(start.folder)
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
    os.closerange(STREAMS, os.sysconf("SC_OPEN_MAX"))
    if start.is_announced:
        os.write(1, b"%d\n" % os.getpid())
        os.dup2(2, 1)
    os.environ.clear()
    os.environ.update(start.environment)
    at_once = bool(start.environment.get("PYTHONUNBUFFERED"))
    sys.stdin = TextIOWrapper(BufferedReader(FileIO(0, closefd=False)))
    sys.stdout = _written(1, None, at_once)
    sys.stderr = _written(2, "backslashreplace", at_once)
    sys.__stdin__, sys.__stdout__, sys.__stderr__ = sys.stdin, sys.stdout, sys.stderr  # type: ignore[misc]


def _written(number: int, errors: str | None, at_once: bool) -> TextIOWrapper:
    is_by_line = number == 2 or os.isatty(number)
    return TextIOWrapper(
        BufferedWriter(FileIO(number, "w", closefd=False)),
        errors=errors,
        line_buffering=is_by_line,
        write_through=at_once,
    )


if __name__ == "__main__":
    main()
