"""SQLite's writers, one after the other, in the order of arrival."""

from __future__ import annotations

import fcntl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

from storyclip.store.urgent import is_urgent, within

BUSY_TIMEOUT_S = 10

_queue = threading.Lock()
_own_turn = threading.Lock()


@contextmanager
def turnstile(path: Path) -> Iterator[None]:
    """Let one writer of the machine through; threads of a process queue inside it first.

    Only one thread of a process waits in the kernel, without limit: should the process that is
    through have been stopped, all others are told in time. What is urgent passes the queue.

    Raises:
        BlockingIOError: nobody of this process got through for BUSY_TIMEOUT_S.
    """
    queued = nullcontext() if is_urgent() else _taking(_queue)
    with queued, _taking(_own_turn), path.open("ab") as gate:
        fcntl.flock(gate, fcntl.LOCK_EX)
        yield


@contextmanager
def _taking(lock: threading.Lock) -> Iterator[None]:
    if not lock.acquire(timeout=within(BUSY_TIMEOUT_S)):
        raise BlockingIOError("the writer before us does not come to an end")
    try:
        yield
    finally:
        lock.release()
