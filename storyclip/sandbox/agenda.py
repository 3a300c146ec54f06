"""What will happen, and when: done in time order, each at its own moment, however late we look."""

import heapq
from collections.abc import Callable
from itertools import count

Happening = Callable[[int], None]  # is told its own moment, in ms since 1970


class Agenda:
    def __init__(self) -> None:
        self._entries: list[tuple[int, int, Happening]] = []
        self._number = count()

    def at(self, at_ms: int, happening: Happening) -> None:
        heapq.heappush(self._entries, (at_ms, next(self._number), happening))

    def next_at_ms(self) -> int | None:
        """The soonest entry's moment, though it may have become void; None: there is none."""
        return self._entries[0][0] if self._entries else None

    def run_until(self, now_ms: int) -> None:
        """Do what is due, also what that puts on the agenda up to `now_ms`."""
        while self._entries and self._entries[0][0] <= now_ms:
            at_ms, _, happening = heapq.heappop(self._entries)
            happening(at_ms)

    def clear(self) -> None:
        self._entries.clear()
