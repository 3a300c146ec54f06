"""Who may fetch a clip now: so many at once in a process, and so many of them for one user."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

AT_ONCE_A_USER = 4
AT_ONCE_A_PROCESS = 3 * AT_ONCE_A_USER  # times 100 MB is the most that lies among temporary files


class Places:
    """The places of this process; a user has a third of them at most."""

    def __init__(self) -> None:
        self._taken: Counter[str] = Counter()
        self._changed = threading.Condition()

    @contextmanager
    def one_for(self, user_id: str, until: float) -> Iterator[bool]:
        """Wait for a place until then, and hold it; False if there is none.

        Args:
            until: an instant of `time.monotonic`.
        """
        with self._changed:
            has_one = self._changed.wait_for(
                lambda: self._is_free(user_id), max(0.0, until - time.monotonic())
            )
            if has_one:
                self._taken[user_id] += 1
        try:
            yield has_one
        finally:
            if has_one:
                self._leave(user_id)

    def _is_free(self, user_id: str) -> bool:
        mine, everybodys = self._taken[user_id], self._taken.total()
        return mine < AT_ONCE_A_USER and everybodys < AT_ONCE_A_PROCESS

    def _leave(self, user_id: str) -> None:
        with self._changed:
            self._taken[user_id] -= 1
            if not self._taken[user_id]:
                del self._taken[user_id]
            self._changed.notify_all()
