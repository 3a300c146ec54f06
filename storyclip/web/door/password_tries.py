"""Passwords that are tried out: who guesses waits, and nobody can make somebody else wait.

Failures are counted by user and address, and by user over all addresses. The latter would be a way
to lock somebody out, were it not for browsers in which they were signed in before: those carry a
signed word, and their failures are counted by that alone.
"""

from __future__ import annotations

import math
import secrets
import threading
from collections import OrderedDict, deque
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from storyclip.web.door.hops import home_of
from storyclip.web.said.problems import too_many_tries

MOST_OF_BOTH, BOTH_WITHIN = 10, timedelta(minutes=15)  # of a user from an address, or a browser
MOST_OF_USER, USER_WITHIN = 50, timedelta(hours=1)  # from browsers that nobody knows
MOST_NAMES = 10_000  # remembered of each; the longest silent is forgotten first
AT_ONCE, WAITING = 2, 8  # hashed at once, each 19 MiB and a core; and who may stand in line


class Tries:
    """Failures under a name, in this process alone."""

    def __init__(self, most: int, within: timedelta) -> None:
        self._most, self._within = most, within
        self._failed: OrderedDict[str, deque[datetime]] = OrderedDict()

    def wait_s(self, name: str, at: datetime) -> int:
        """Return for how many seconds there may be no other try."""
        failed = self._failed.get(name)
        if failed is None or len(failed) < self._most:
            return 0
        return max(0, math.ceil((failed[0] + self._within - at).total_seconds()))

    def failed(self, name: str, at: datetime) -> None:
        """Count a failure."""
        self._failed.setdefault(name, deque(maxlen=self._most)).append(at)
        self._failed.move_to_end(name)
        if len(self._failed) > MOST_NAMES:
            self._failed.popitem(last=False)


class PasswordTries:
    """The failures of the last while; a password is hashed in turn, so that no flood takes all."""

    def __init__(self) -> None:
        self._of_both = Tries(MOST_OF_BOTH, BOTH_WITHIN)
        self._of_user = Tries(MOST_OF_USER, USER_WITHIN)
        self._lock = threading.Lock()
        self._line = threading.BoundedSemaphore(AT_ONCE + WAITING)
        self._desks = threading.BoundedSemaphore(AT_ONCE)

    def wait_s(self, user_id: str, address: str | None, browser: str | None, at: datetime) -> int:
        """Return for how many seconds they may not try, 0 if they may.

        Args:
            browser: the word of one in which the user was signed in before.
        """
        with self._lock:
            if browser is not None:
                return self._of_both.wait_s(browser, at)
            both = f"{user_id} {home_of(address)}"
            return max(self._of_both.wait_s(both, at), self._of_user.wait_s(user_id, at))

    def failed(self, user_id: str, address: str | None, browser: str | None, at: datetime) -> None:
        """Count a password that was not the user's, who need not be there."""
        with self._lock:
            if browser is not None:
                self._of_both.failed(browser, at)
                return
            self._of_both.failed(f"{user_id} {home_of(address)}", at)
            self._of_user.failed(user_id, at)

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Run the block, which hashes a password, when it is its turn.

        Raises:
            Problem: 429, too many stand in line.
        """
        if not self._line.acquire(blocking=False):
            raise too_many_tries(1)
        try:
            with self._desks:
                yield
        finally:
            self._line.release()


def new_browser() -> str:
    """Return a word for a browser that nobody else has."""
    return secrets.token_urlsafe(16)
