"""A wait for a file's lock that is called off: the kernel knows no time-out for `flock`.

Whoever waits is sent a signal once his time is over, which ends the call and does nothing else.
Python's own `flock` goes on waiting after a signal, so this one is the C library's.
"""

from __future__ import annotations

import ctypes
import errno
import fcntl
import os
import signal
import threading
import time
from contextlib import suppress
from pathlib import Path

CALLED_OFF_BY = signal.SIGRTMIN + 3  # no program here uses it, and who is not asked is not sent it
LOOK_EVERY_S = 0.5

_libc = ctypes.CDLL(None, use_errno=True)


class _Watch:
    """Wakes threads whose time is over, again and again until they are gone from here."""

    def __init__(self) -> None:
        self._mutex = threading.Lock()  # whoever is in here is there to be sent a signal
        self._until = dict[int, float]()
        self._process: int | None = None  # in which it runs: a fork takes no thread along

    def begin(self, until: float) -> None:
        with self._mutex:
            self._until[threading.get_ident()] = until
            if self._process != os.getpid():
                self._process = os.getpid()
                threading.Thread(target=self._run, name="call-off", daemon=True).start()

    def end(self) -> None:
        with self._mutex:
            del self._until[threading.get_ident()]

    def _run(self) -> None:
        never = threading.Event()
        while not never.wait(LOOK_EVERY_S):
            with self._mutex:
                for thread, until in self._until.items():
                    if time.monotonic() >= until:
                        signal.pthread_kill(thread, CALLED_OFF_BY)


_watch = _Watch()
_is_ready = False


def can_be_called_off() -> None:
    """Have waits end in time from now on; of no use but in the main thread, which alone may say so.

    Where it never does, a wait lasts as long as it takes.
    """
    global _is_ready
    if threading.current_thread() is threading.main_thread():
        signal.signal(CALLED_OFF_BY, _do_nothing)
        _is_ready = True


def lock(gate: int, at_most_s: float) -> bool:
    """Lock an open file, and return whether it was to be had in that time.

    Raises:
        OSError: it cannot be locked.
    """
    with suppress(BlockingIOError):
        fcntl.flock(gate, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    until = time.monotonic() + at_most_s
    _watch.begin(until if _is_ready else float("inf"))
    try:
        while _libc.flock(gate, fcntl.LOCK_EX) != 0:
            code = ctypes.get_errno()
            if code != errno.EINTR:
                raise OSError(code, os.strerror(code))
            if time.monotonic() >= until:
                return False
    finally:
        _watch.end()
    return True


def holder_of(gate: int) -> str:
    """Return in words which process has a file locked, as far as it is to be found out."""
    inode = os.fstat(gate).st_ino
    with suppress(OSError, ValueError):
        for line in Path("/proc/locks").read_text().splitlines():
            _, kind, _, _, process, where, *_ = line.split()
            if kind == "FLOCK" and where.endswith(f":{inode}"):
                return f"process {process}{_doing(process)}"
    return "a process that is not to be found out"


def _do_nothing(*_: object) -> None:
    """That it came is all there is to it."""


def _doing(process: str) -> str:
    state = (Path("/proc") / process / "stat").read_text().rpartition(")")[2].split()[0]
    return ", which was stopped" if state in "Tt" else ""
