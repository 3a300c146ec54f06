"""How long to wait before the next attempt, and when it was enough."""

from __future__ import annotations

import random
import threading
import time
from dataclasses import dataclass

from storyclip.terminal.service import Unreachable

FIRST_S, LONGEST_S = 0.5, 10.0


class GaveUp(Exception):
    """There was no connection for as long as was agreed."""


@dataclass(frozen=True, slots=True)
class Reconnecting:
    """The connection is lost; the next attempt comes in `wait_s` seconds."""

    why: str
    wait_s: float


class Patience:
    """Exponential backoff with jitter; gives up `at_most_s` seconds after the last connection."""

    def __init__(self, at_most_s: float) -> None:
        self._at_most_s = at_most_s
        self.connected()

    def connected(self) -> None:
        """Begin anew: the service is there."""
        self._attempts = 0
        self._until = time.monotonic() + self._at_most_s

    def after(self, failure: Unreachable) -> Reconnecting:
        """Return when to try again.

        Raises:
            GaveUp: no time is left.
        """
        left_s = self._until - time.monotonic()
        if left_s <= 0:
            raise GaveUp(f"{failure}; given up after {self._at_most_s:g} s.") from failure
        step_s: float = min(FIRST_S * 2**self._attempts, LONGEST_S)
        self._attempts = min(self._attempts + 1, 10)
        wait_s = max(step_s * random.uniform(0.5, 1.0), failure.retry_after_s)
        return Reconnecting(str(failure), min(wait_s, left_s))


def wait(seconds: float) -> None:
    """Let time pass; Ctrl-C interrupts it at once."""
    threading.Event().wait(seconds)
