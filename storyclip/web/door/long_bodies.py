"""Bodies that are too long to be collected: a few threads read them, and nobody has them all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable
from typing import Generic, TypeVar

AT_ONCE = 32  # of the 64 threads that are no stream's
OF_ONE = 16  # address: ten people of one office send their files; a proxy has everybody's

Line = TypeVar("Line", bound=Hashable)


class LongBodies(Generic[Line]):
    """The lines whose bodies are read now, and those that wait for it in their order."""

    def __init__(self, at_once: int = AT_ONCE, of_one: int = OF_ONE) -> None:
        self._at_once, self._of_one = at_once, of_one
        self._read: dict[Line, tuple[str, bool]] = {}
        self._queue: dict[Line, tuple[str, bool]] = {}
        self._reads_of = Counter[str]()

    def begin(self, line: Line, whose: str, is_bounded: bool) -> bool:
        """Return whether the line's body may be read now; else the line is queued."""
        self._queue[line] = whose, is_bounded
        return self._may_begin(line) and self._begin(line)

    def end(self, line: Line) -> Line | None:
        """Note that a line's request is over; return the one whose body may be read now."""
        if line not in self._read:
            return None
        whose, _ = self._read.pop(line)
        self._reads_of[whose] -= 1
        if not self._reads_of[whose]:
            del self._reads_of[whose]
        following = next((one for one in self._queue if self._may_begin(one)), None)
        if following is not None:
            self._begin(following)
        return following

    def has(self, line: Line) -> bool:
        """Return whether the line's body is read now."""
        return line in self._read

    def queued(self) -> list[Line]:
        """Return the lines that wait, the longest waiting first."""
        return list(self._queue)

    def forget(self, line: Line) -> None:
        """Forget a line that does not wait any more."""
        self._queue.pop(line, None)

    def _may_begin(self, line: Line) -> bool:
        whose, is_bounded = self._queue[line]
        is_too_much = is_bounded and self._reads_of[whose] >= self._of_one
        return len(self._read) < self._at_once and not is_too_much

    def _begin(self, line: Line) -> bool:
        self._read[line] = self._queue.pop(line)
        self._reads_of[self._read[line][0]] += 1
        return True
