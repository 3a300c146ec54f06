"""How many streams are open, of whom, and when it is enough."""

from __future__ import annotations

import threading
from collections import Counter


class Seats:
    """The streams of this process; the API keeps the threads that are not for streams.

    Args:
        a_user: how many one user may have open here.
    """

    def __init__(self, at_most: int, a_user: int) -> None:
        self._at_most, self._a_user = at_most, a_user
        self._taken: Counter[str] = Counter()
        self._lock = threading.Lock()

    def take(self, user_id: str) -> bool:
        """Take a seat for the user's stream; return False if there is none."""
        with self._lock:
            if self._taken.total() >= self._at_most or self._taken[user_id] >= self._a_user:
                return False
            self._taken[user_id] += 1
            return True

    @property
    def taken(self) -> int:
        """Return how many streams are open."""
        return self._taken.total()

    def give(self, user_id: str) -> None:
        """Give a seat back."""
        with self._lock:
            self._taken[user_id] -= 1
            if not self._taken[user_id]:
                del self._taken[user_id]
