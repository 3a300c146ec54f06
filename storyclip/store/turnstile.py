"""SQLite's writers, one after the other, in the order of arrival."""

from __future__ import annotations

import fcntl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

from storyclip.store.urgent import is_urgent, within

BUSY_TIMEOUT_S = 10


class _Gate:
    """One thread at a time, and whoever is in a hurry next."""

    def __init__(self) -> None:
        self._moved = threading.Condition()
        self._is_taken = False
        self.hurrying = 0

    def acquire(self, timeout: float) -> bool:
        """Take it, or return False if it was not to be had for `timeout` seconds."""
        in_a_hurry = is_urgent()
        with self._moved:
            self.hurrying += in_a_hurry
            try:
                is_mine = self._moved.wait_for(lambda: self._is_free(in_a_hurry), timeout)
            finally:
                self.hurrying -= in_a_hurry
            self._is_taken = self._is_taken or is_mine
        return is_mine

    def release(self) -> None:
        """Let the next one take it."""
        with self._moved:
            self._is_taken = False
            self._moved.notify_all()  # two at most: the first of the queue, and the clock

    def _is_free(self, in_a_hurry: bool) -> bool:
        return not self._is_taken and (in_a_hurry or not self.hurrying)


_queue = threading.Lock()
_gate = _Gate()


@contextmanager
def turnstile(path: Path) -> Iterator[None]:
    """Let one writer of the machine through; threads of a process queue inside it first.

    Only one thread of a process waits in the kernel, without limit: should the process that is
    through have been stopped, all others are told in time. What is urgent passes the queue.

    Raises:
        BlockingIOError: nobody of this process got through for BUSY_TIMEOUT_S.
    """
    queued = nullcontext() if is_urgent() else _taking(_queue)
    with queued, _taking(_gate), path.open("ab") as gate:
        fcntl.flock(gate, fcntl.LOCK_EX)
        yield


@contextmanager
def _taking(lock: threading.Lock | _Gate) -> Iterator[None]:
    if not lock.acquire(timeout=within(BUSY_TIMEOUT_S)):
        raise BlockingIOError("the writer before us does not come to an end")
    try:
        yield
    finally:
        lock.release()
