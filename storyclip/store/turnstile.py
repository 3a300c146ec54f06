"""SQLite's writers, one after the other, in the order of arrival."""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import structlog

from storyclip.store.kernel_wait import holder_of, lock
from storyclip.store.urgent import is_patient, is_urgent, within

log = structlog.get_logger("storyclip")

BUSY_TIMEOUT_S = 10


class Turns:
    """Among the threads of a process: one at a time, and whoever is in a hurry next."""

    def __init__(self) -> None:
        self._mutex = threading.Lock()
        self._is_taken = False
        self._waiting = deque[threading.Lock]()
        self._hurrying = deque[threading.Lock]()

    def take(self) -> None:
        """Wait for the turn.

        Raises:
            BlockingIOError: it did not come for BUSY_TIMEOUT_S, or as long as is urgent.
        """
        with self._mutex:
            if not self._is_taken:
                self._is_taken = True
                return
            queue = self._hurrying if is_urgent() else self._waiting
            mine = threading.Lock()
            mine.acquire()
            queue.append(mine)
        if mine.acquire(timeout=within(BUSY_TIMEOUT_S)):
            return
        with self._mutex:
            if mine in queue:
                queue.remove(mine)
                raise BlockingIOError("the writer before us does not come to an end")
        # It came at the very last moment

    def hand_on(self) -> bool:
        """Give the turn to who waits for it, and return whether somebody does."""
        with self._mutex:
            for queue in (self._hurrying, self._waiting):
                if queue:
                    queue.popleft().release()
                    return True
        return False

    def release(self) -> None:
        """Let the next one have the turn, whoever comes."""
        with self._mutex:
            for queue in (self._hurrying, self._waiting):
                if queue:
                    queue.popleft().release()
                    return
            self._is_taken = False

    def waiting(self) -> tuple[int, int]:
        """Return how many threads wait, and how many more of them in a hurry."""
        with self._mutex:
            return len(self._waiting), len(self._hurrying)


turns = Turns()


def enter(path: Path) -> int:
    """Be the one writer of the machine until the descriptor that is returned is closed.

    Waits in the kernel, which frees it for a killed process: not for one that was stopped.

    Raises:
        BlockingIOError: the process that is through does not come to an end; the words name it.
        OSError: there is no such file to wait at.
    """
    gate = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        while not lock(gate, within(BUSY_TIMEOUT_S)):
            holder = holder_of(gate)
            if not is_patient():
                raise BlockingIOError(f"the writer before us does not come to an end: {holder}")
            log.warning("writer_waited_for", holder=holder)
    except BaseException:
        os.close(gate)
        raise
    return gate


@contextmanager
def turnstile(path: Path) -> Iterator[None]:
    """Be the one writer of the machine for the block."""
    gate = enter(path)
    try:
        yield
    finally:
        os.close(gate)
