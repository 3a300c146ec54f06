"""`subprocess.Popen` that has the product's processes forked, and starts all others as ever.

An interpreter that loads the web takes 0.7 s of processor, a fork of one that has loaded it a
hundredth. What is forked is real in all that a test looks at: a child of this process with its own
id, group, environment, files and end. That each of them starts by itself is tried in
`tests/stack`, where nothing is forked.
"""

from __future__ import annotations

import ctypes
import inspect
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import pytest

from storyclip.stack.child import ANNOUNCE, CHECKOUT
from storyclip.stack.programs import WORKER_ENVIRONMENT
from tests.forked.server import NEEDED, Start

SET_CHILD_SUBREAPER = 36  # linux/prctl.h
_IN_A_SHELL = ["/bin/sh", "-c", ANNOUNCE, "sh"]
_USUAL = subprocess.Popen
_SIGNATURE = inspect.signature(_USUAL._execute_child)  # type: ignore[attr-defined]


class Parent:
    """A `tests.forked.server` that is started when it is first asked."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._door: socket.socket | None = None
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._one_at_a_time = threading.Lock()

    def start(self, what: Start, streams: Sequence[int]) -> int:
        """Have a process started; return its id once it is a child of ours."""
        with self._one_at_a_time:
            door = self._door = self._door or self._opened()
            self._take_orphans(True)
            try:
                socket.send_fds(door, [what.sent()], streams)
                pid = int(_heard(door))
                assert _heard(door) == b"is yours"
            finally:
                self._take_orphans(False)
        return pid

    def stop(self) -> None:
        """End it; what it forked goes on."""
        if self._door is not None:
            self._door.close()
        if self._process is not None:
            self._process.wait()

    def _opened(self) -> socket.socket:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = _USUAL(
                [sys.executable, "-m", "tests.forked.server", str(theirs.fileno())],
                cwd=CHECKOUT,
                env={**os.environ, **WORKER_ENVIRONMENT},  # Dramatiq reads its own as it is loaded
                stdin=subprocess.DEVNULL,
                pass_fds=(theirs.fileno(),),
            )
        return ours

    def _take_orphans(self, whether: bool) -> None:
        """Have the children of what ends given to us, as to nobody but the first process else."""
        if self._libc.prctl(SET_CHILD_SUBREAPER, int(whether), 0, 0, 0) != 0:
            raise OSError(ctypes.get_errno(), "prctl")


def _heard(door: socket.socket) -> bytes:
    if not (said := door.recv(100)):
        raise RuntimeError("the parent that forks has ended")
    return said


class Forked(_USUAL):
    """Asks `parent` for what it can fork; without one, all is started as ever."""

    parent: Parent | None = None

    def _execute_child(self, *given: Any, **named: Any) -> None:
        asked = _SIGNATURE.bind(self, *given, **named).arguments
        start, parent = _start_of(asked), type(self).parent
        if start is None or parent is None:
            super()._execute_child(*given, **named)  # type: ignore[misc]
            return
        pipes = ("p2cread", "p2cwrite", "c2pread", "c2pwrite", "errread", "errwrite")
        ends = [asked["p2cread"], asked["c2pwrite"], asked["errwrite"]]
        streams = [number if end == -1 else end for number, end in enumerate(ends)]
        self.pid = parent.start(start, streams)
        self._child_created = True
        self._close_pipe_fds(*(asked[name] for name in pipes))  # type: ignore[attr-defined]


def _start_of(asked: Mapping[str, Any]) -> Start | None:
    """Return what is asked for if it is a process of this checkout that can be forked."""
    is_a_list = isinstance(asked["args"], list | tuple) and not asked["shell"]
    command = [str(word) for word in asked["args"]] if is_a_list else []
    is_announced = command[: len(_IN_A_SHELL)] == _IN_A_SHELL
    if is_announced:
        command = command[len(_IN_A_SHELL) :]
    is_ours = command[:2] == [sys.executable, "-m"] and command[2] in NEEDED
    folder = os.path.realpath(asked["cwd"] or os.curdir)
    is_as_a_user = all(asked[name] is None for name in ("executable", "gid", "gids", "uid"))
    is_plain = not (asked["preexec_fn"] or asked["pass_fds"] or asked["start_new_session"])
    if not (is_ours and is_as_a_user and is_plain and folder == str(CHECKOUT)):
        return None
    environment = os.environ if asked["env"] is None else asked["env"]
    return Start(
        command[2],
        command[3:],
        dict(environment),
        folder,
        asked["umask"],
        asked["process_group"],
        is_announced,
    )


@contextmanager
def forked() -> Iterator[None]:
    """Have the product's processes forked, where there is Linux to give them to us."""
    if not sys.platform.startswith("linux"):
        yield
        return
    with pytest.MonkeyPatch.context() as patch:
        parent = Parent()
        patch.setattr(Forked, "parent", parent)
        patch.setattr(subprocess, "Popen", Forked)
        try:
            yield
        finally:
            parent.stop()


@contextmanager
def not_forked() -> Iterator[None]:
    """Have every process started as its users start it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Forked, "parent", None)
        yield
