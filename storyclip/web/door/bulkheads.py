"""Bulkheads: how many requests of one user are worked on at once, in this process.

All threads of a process share one interpreter. Without this, whoever sends sixteen dear requests at
once has sixteen times the others' share of it; with it, a user has a turn or two and the rest of
their requests stand in line behind their own, in order, and in nobody else's way. That costs them
little: side by side they would not be done sooner.
"""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass, field

READS_AT_ONCE = 1  # beside it, one of somebody else's has half of the interpreter
AT_ONCE = 2  # of those that write: one waits for its commit while the other is worked on
WAITING = 62  # with the others a third of the API's threads; programs send fifty batches at once
WAIT_S = 10.0  # about as long as a client waits


@dataclass(slots=True)
class _User:
    inside: int = 0
    waiting: deque[threading.Event] = field(default_factory=deque)


class Bulkheads:
    """Everybody's turns."""

    def __init__(
        self, at_once: int = AT_ONCE, waiting: int = WAITING, wait_s: float = WAIT_S
    ) -> None:
        self._at_once, self._waiting, self._wait_s = at_once, waiting, wait_s
        self._users: dict[str, _User] = {}
        self._lock = threading.Lock()

    def enter(self, who: str) -> bool:
        """Wait for a turn; return False if too many of the same user's do, or for too long."""
        with self._lock:
            user = self._users.setdefault(who, _User())
            if user.inside < self._at_once and not user.waiting:
                user.inside += 1
                return True
            if len(user.waiting) >= self._waiting:
                return False
            turn = threading.Event()
            user.waiting.append(turn)
        if turn.wait(self._wait_s):
            return True
        with self._lock:
            if turn.is_set():  # it came in this very moment
                return True
            user.waiting.remove(turn)
            return False

    def leave(self, who: str) -> None:
        """Hand the turn to the one who waits longest, or give it back."""
        with self._lock:
            user = self._users[who]
            if user.waiting:
                user.waiting.popleft().set()
                return
            user.inside -= 1
            if not user.inside:
                del self._users[who]
