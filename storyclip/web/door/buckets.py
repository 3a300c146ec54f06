"""Buckets of tokens: how much one user may ask.

They are in this process, so they need no Redis: with several web processes a user has their rate in
each. They keep one user's runaway script from the others; they are no quota.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass

BURST_S = 10  # a full bucket holds so many seconds' worth: a page that opens, a script that begins
SWEPT_ABOVE = 10_000  # buckets; a full one is as good as none


@dataclass(frozen=True, slots=True)
class Level:
    """A bucket after a request: what is left of `size`, and seconds until the next token."""

    kind: str
    size: int
    left: int
    next_in_s: float
    is_enough: bool


class Buckets:
    """Everybody's buckets.

    Args:
        a_second: how many requests of each kind are refilled a second.
        clock: counts seconds.
    """

    def __init__(self, a_second: Mapping[str, float], clock: Callable[[], float]) -> None:
        self._a_second, self._clock = a_second, clock
        self._buckets: dict[tuple[str, str], tuple[float, float]] = {}
        self._lock = threading.Lock()

    def take(self, kind: str, user_id: str, cost: float = 1) -> Level:
        """Take `cost` tokens from the user's bucket, if there are so many; at most a full one's."""
        a_second = self._a_second[kind]
        size = a_second * BURST_S
        cost = max(1, min(cost, size))
        now = self._clock()
        with self._lock:
            tokens, at = self._buckets.get((kind, user_id), (size, now))
            tokens = min(size, tokens + (now - at) * a_second)
            is_enough = tokens >= cost
            if is_enough:
                tokens -= cost
            self._buckets[kind, user_id] = (tokens, now)
            if len(self._buckets) > SWEPT_ABOVE:
                self._sweep(now)
        next_in_s = max(0.0, ((1 if is_enough else cost) - tokens) / a_second)
        return Level(kind, int(size), max(0, int(tokens)), next_in_s, is_enough)

    def charge(self, kind: str, user_id: str, cost: float) -> None:
        """Take what something turned out to cost, also of a bucket that has not so much."""
        with self._lock:
            if (held := self._buckets.get((kind, user_id))) is not None:
                tokens, at = held
                size = self._a_second[kind] * BURST_S
                self._buckets[kind, user_id] = (max(-size, tokens - cost), at)

    def _sweep(self, now: float) -> None:
        self._buckets = {
            name: (tokens, at)
            for name, (tokens, at) in self._buckets.items()
            if now - at < 2 * BURST_S
        }
