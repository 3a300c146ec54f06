"""Lines that nobody works on, and who has to go when there are too many of them."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Generic, TypeVar

Line = TypeVar("Line", bound=Hashable)


class Waiting(Generic[Line]):
    """Open lines by whose they are, the longest waiting first.

    A new line always has its place: whoever has too many loses the one that has waited longest, so
    that a thousand silent lines keep nobody else out.

    Args:
        of_one: how many one address may have.
        of_all: how many there may be.
    """

    def __init__(self, of_one: int, of_all: int) -> None:
        self._of_one, self._of_all = of_one, of_all
        self._whose: dict[Line, str] = {}
        self._lines: dict[str, dict[Line, None]] = {}

    def __len__(self) -> int:
        return len(self._whose)

    def add(self, line: Line, whose: str, is_bounded: bool = True) -> Line | None:
        """Note a line, as the last to wait; return the one that has to go for it, if there is one.

        Args:
            is_bounded: False for a proxy, which has the lines of everybody behind it.
        """
        self.remove(line)
        self._whose[line] = whose
        lines = self._lines.setdefault(whose, {})
        lines[line] = None
        if is_bounded and len(lines) > self._of_one:
            return next(iter(lines))
        if len(self._whose) > self._of_all:
            most = max(self._lines, key=lambda one: len(self._lines[one]))
            return next(iter(self._lines[most]))
        return None

    def remove(self, line: Line) -> None:
        """Forget a line, if it was waiting."""
        whose = self._whose.pop(line, None)
        if whose is not None:
            del self._lines[whose][line]
            if not self._lines[whose]:
                del self._lines[whose]
