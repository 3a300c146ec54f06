"""Planting a mistake: put another value where the code looks one up, and take it away again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from storyclip.domain.clip import State
from storyclip.store.publishing import lanes
from storyclip.upstream import lists, metricool, posts
from storyclip.upstream.read_before import reader

Planting = Callable[["Plant"], None]


@dataclass
class Plant:
    """What is planted, and what was there before."""

    _before: list[Callable[[], None]] = field(default_factory=list)

    def of(self, place: Any, name: Any, value: Any) -> None:
        """Put a value in place of what a module, class or table has under a name."""
        if isinstance(place, dict):
            kept = place[name]
            place[name] = value
            self._before.append(lambda: place.__setitem__(name, kept))
            return
        kept = place.__dict__[name]
        setattr(place, name, value)
        self._before.append(lambda: setattr(place, name, kept))

    def of_sql(self, unheard: str) -> None:
        """Have the statements that choose the next clip not look at what is being looked for."""
        assert unheard == "UNCERTAIN"
        others = tuple(word for word in lanes.BEFORE_THE_NEXT if word != State.VERIFYING)
        self.of(lanes, "BEFORE_THE_NEXT", (*others, others[0]))

    def undo(self) -> None:
        """Put everything back."""
        while self._before:
            self._before.pop()()


@dataclass(frozen=True)
class Mistake:
    """One planted mistake, and the profiles of worlds in which it should show."""

    name: str
    words: str
    profiles: tuple[str, ...]
    planting: Planting

    @contextmanager
    def planted(self) -> Iterator[None]:
        """Have it planted for the block."""
        instead = Plant()
        instead.of(lists, "_list_in", reader(posts.listed_posts))  # none remembers what another
        instead.of(lists, "_page_in", reader(posts.deleted_page))  # reading made of an answer
        instead.of(metricool, "_post_in", reader(posts.one_post))
        try:
            self.planting(instead)
            yield
        finally:
            instead.undo()


MISTAKES: list[Mistake] = []


def plant(*profiles: str) -> Callable[[Planting], Planting]:
    """Add a mistake to the list."""

    def added(planting: Planting) -> Planting:
        words = (planting.__doc__ or "").strip()
        MISTAKES.append(Mistake(planting.__name__, words, profiles, planting))
        return planting

    return added


def always(answer: Any) -> Callable[..., Any]:
    """Return what answers the same to everybody."""
    return lambda *_arguments, **_named: answer
