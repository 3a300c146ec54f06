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
from typing import Protocol

from storyclip.web.door.hops import home_of
from storyclip.web.said.problems import too_many_tries

MOST_OF_BOTH, BOTH_WITHIN = 10, timedelta(minutes=15)  # of a user from an address, or a browser
MOST_OF_USER, USER_WITHIN = 50, timedelta(hours=1)  # from browsers that nobody knows
MOST_NAMES = 10_000  # remembered of each; the longest silent is forgotten first
AT_ONCE, WAITING = 2, 8  # hashed at once, each 19 MiB and a core; and who may stand in line


class Shared(Protocol):
    """What failed in all processes; what it cannot tell or count, it leaves out without a word."""

    def wait_s(self, name: str, most: int, within: timedelta) -> int:
        """Return for how many seconds there may be no other try."""

    def failed(self, name: str, most: int, within: timedelta) -> None:
        """Count a failure."""


class Tries:
    """Failures under a name: in this process, and in all of them where they are shared."""

    def __init__(self, most: int, within: timedelta, shared: Shared | None = None) -> None:
        self._most, self._within, self._shared = most, within, shared
        self._failed: OrderedDict[str, deque[datetime]] = OrderedDict()
        self._lock = threading.Lock()

    def wait_s(self, name: str, at: datetime) -> int:
        """Return for how many seconds there may be no other try."""
        wait_s = self._own_wait_s(name, at)
        if not wait_s and self._shared is not None:
            return self._shared.wait_s(name, self._most, self._within)
        return wait_s

    def failed(self, name: str, at: datetime) -> None:
        """Count a failure."""
        with self._lock:
            self._failed.setdefault(name, deque(maxlen=self._most)).append(at)
            self._failed.move_to_end(name)
            if len(self._failed) > MOST_NAMES:
                self._failed.popitem(last=False)
        if self._shared is not None:
            self._shared.failed(name, self._most, self._within)

    def _own_wait_s(self, name: str, at: datetime) -> int:
        with self._lock:
            failed = self._failed.get(name)
            if failed is None or len(failed) < self._most:
                return 0
            return max(0, math.ceil((failed[0] + self._within - at).total_seconds()))


class PasswordTries:
    """The failures of the last while; a password is hashed in turn, so that no flood takes all.

    Args:
        shared: what failed in other processes; without it each counts by itself.
    """

    def __init__(self, shared: Shared | None = None) -> None:
        self._of_both = Tries(MOST_OF_BOTH, BOTH_WITHIN, shared)
        self._of_user = Tries(MOST_OF_USER, USER_WITHIN, shared)
        self._line = threading.BoundedSemaphore(AT_ONCE + WAITING)
        self._desks = threading.BoundedSemaphore(AT_ONCE)

    def wait_s(self, user_id: str, address: str | None, browser: str | None, at: datetime) -> int:
        """Return for how many seconds they may not try, 0 if they may.

        Args:
            browser: the word of one in which the user was signed in before.
        """
        if browser is not None:
            return self._of_both.wait_s(_browser(browser), at)
        both = self._of_both.wait_s(_both(user_id, address), at)
        return max(both, self._of_user.wait_s(_user(user_id), at))

    def failed(self, user_id: str, address: str | None, browser: str | None, at: datetime) -> None:
        """Count a password that was not the user's, who need not be there."""
        if browser is not None:
            self._of_both.failed(_browser(browser), at)
            return
        self._of_both.failed(_both(user_id, address), at)
        self._of_user.failed(_user(user_id), at)

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


def _browser(word: str) -> str:
    return f"browser {word}"


def _both(user_id: str, address: str | None) -> str:
    return f"user {user_id} at {home_of(address)}"


def _user(user_id: str) -> str:
    return f"user {user_id}"
