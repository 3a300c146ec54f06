"""The twin held against the store: each act is done to both, then both are asked for everything."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from datetime import timedelta
from typing import Any

from storyclip.domain.errors import ActionRefused, LostRace, NotItsTurn
from storyclip.store.publishing.new_batch import NewBatch
from tests.model.acts import Act, Deed
from tests.model.imitated import Imitated
from tests.model.real import Real
from tests.model.scene import T0
from tests.model.twin.rows import Rows
from tests.model.ways import NAMES, Facts


class Held:
    """A lane on both sides, and how it came to what it is."""

    def __init__(self) -> None:
        self.now = T0
        self.story: list[str] = []
        self._twin, self._real = Imitated(), Real()
        self._past: list[Rows] = []

    def do(self, happening: NewBatch | Act) -> list[str]:
        """Have a batch accepted, or something done to one, by both; return where they differ."""
        if isinstance(happening, NewBatch):
            new, now = happening, self.now
            words = f"{new.batch_id} of {len(new.clips)}, {new.mode}"
            return self._done(words, lambda side: side.create(new, now))
        self.now += timedelta(seconds=happening.waits_s)
        read = self._past[-1 - min(happening.late, len(self._past) - 1)]
        return self._done(*happening.deed(read, self.now))

    def _done(self, words: str, deed: Deed) -> list[str]:
        twin, real = _outcome(deed, self._twin), _outcome(deed, self._real)
        self._past.append(self._twin.rows)
        refusal = f": {real}" if isinstance(real, str) else ""
        self.story.append(f"{self.now:%H:%M:%S} {words}{refusal}")
        found = list(differences(twin, real, "answer"))
        return found or list(differences(self._told(self._twin), self._told(self._real), ""))

    def _told(self, side: Imitated | Real) -> dict[str, Any]:
        """Return what a side says: all its rows, and what is read of one clip, each in its turn."""
        clip = self._twin.rows.clips[len(self.story) % len(self._twin.rows.clips)]
        facts = (Facts(self.now, self.now, number) for number in range(len(NAMES)))
        posts = tuple(one.post(clip) for one in facts)
        return {
            "rows": side.rows,
            "situation": side.situation(clip.id),
            "was removed": side.goes_on_without(clip),
            "held by others": side.held_by_others(clip, posts),
        }


def differences(twin: Any, real: Any, place: str) -> Iterator[str]:
    """Return where two values differ, down to the fields that do."""
    if twin == real:
        return
    if type(twin) is type(real) and is_dataclass(twin):
        for field in fields(twin):
            one, other = getattr(twin, field.name), getattr(real, field.name)
            yield from differences(one, other, f"{place}.{field.name}")
    elif isinstance(twin, dict):
        for key in twin:
            yield from differences(twin[key], real[key], key)
    elif isinstance(twin, tuple | list) and len(twin) == len(real):
        for number, (one, other) in enumerate(zip(twin, real, strict=True), 1):
            yield from differences(one, other, f"{place} {number}")
    else:
        yield f"{place}: the twin says {twin}, the store {real}"


def _outcome(deed: Deed, side: Imitated | Real) -> Any:
    try:
        return deed(side)
    except ActionRefused as refusal:
        return f"refused, {refusal.code}"
    except (LostRace, NotItsTurn) as refusal:
        return type(refusal).__name__
