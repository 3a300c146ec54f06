"""Shares: who has had much of the interpreter lately lets others go first.

All threads of a process share one interpreter, and bulkheads bound only how many of a user's
requests are in it at once: one dear call after the other is still half of everybody else's time.
So each has a small purse of CPU seconds, which fills slowly. Who has spent theirs waits before the
next request is begun, in their own turn, and only while a user asks as well: who is alone has the
whole process.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable

SHARE = 0.25  # of one CPU, for who has spent more than comes in
PURSE_S = 0.05  # of CPU, in a full one: a page that opens, with all its files
DEBT_S = 0.5  # of CPU at most: nobody waits for more than two seconds
FOR_NOTHING = 4  # times what it took, for what serves nobody and may come on for ever
LATELY_S = 1.0  # who asked within it asks still
MOST_KEPT = 10_000  # purses; the longest unused is forgotten first, and would be full again


class Shares:
    """Everybody's purses.

    Args:
        clock: counts seconds.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._purses: OrderedDict[str, tuple[float, float]] = OrderedDict()  # what is left, when
        self._lately: dict[str, float] = {}  # the two users who asked last
        self._lock = threading.Lock()

    def asks(self, who: str) -> None:
        """Note that a user asks, whom others that have spent theirs let go first."""
        with self._lock:
            self._lately.pop(who, None)
            self._lately[who] = self._clock()
            if len(self._lately) > 2:
                del self._lately[next(iter(self._lately))]

    def wait_s(self, who: str) -> float:
        """Return for how many seconds a request that begins now lets others go first."""
        with self._lock:
            now = self._clock()
            self._keep(who, min(PURSE_S, self._left(who, now)), now)
            if all(one == who or now - at > LATELY_S for one, at in self._lately.items()):
                return 0.0
            return max(0.0, -self._left(who, now) / SHARE)

    def spend(self, who: str, cpu_s: float, times: int = 1) -> None:
        """Take what a request took out of their purse, which may then owe.

        What came in meanwhile pays for it first: a file that arrives for a minute is no burst.
        """
        costs = cpu_s * times
        with self._lock:
            now = self._clock()
            self._keep(who, max(-DEBT_S, min(PURSE_S, self._left(who, now) - costs)), now)

    def _left(self, who: str, now: float) -> float:
        left, at = self._purses.get(who, (PURSE_S, now))
        return left + (now - at) * SHARE

    def _keep(self, who: str, left: float, now: float) -> None:
        self._purses[who] = (left, now)
        self._purses.move_to_end(who)
        if len(self._purses) > MOST_KEPT:
            self._purses.popitem(last=False)
