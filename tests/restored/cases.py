"""What is tried: each event of a batch as a backup, put back sooner or later, in each way."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from storyclip.domain.dates.mode import Mode

CLIPS = 12
MODES = (Mode.NOW, Mode.SCHEDULED, Mode.BEST_TIME)
LATER = (0, 1, 2, 4, 9, 1000)  # events between the backup and the moment it is put back
DOWN_S = (1.0, 30.0, 600.0)  # until somebody starts StoryClip again


class Way(StrEnum):
    """How the rows come to be older than what has happened."""

    SQLITE = "SQLite, mark kept"
    POSTGRES = "PostgreSQL, mark kept"
    EMPTY = "empty database"
    COPIED = "file copied while running"
    SET_BACK = "VM rolled back with its mark"


@dataclass(frozen=True, slots=True)
class Case:
    """A backup of one event, put back at another."""

    mode: Mode
    way: Way
    of_event: int
    at_event: int
    down_s: float

    def __str__(self) -> str:
        """Return it in words."""
        return (
            f"{self.mode}, {self.way}: rows of event {self.of_event} put back at event"
            f" {self.at_event}, {self.down_s:.0f} s down"
        )


def cases(mode: Mode, way: Way, last_event: int, later: Sequence[int] = LATER) -> Iterator[Case]:
    """Return the cases of one mode and way, for a batch with so many events."""
    down = itertools.cycle(DOWN_S)
    for of_event in range(1, last_event + 1):
        moments = sorted({min(of_event + more, last_event) for more in later})
        for at_event in moments:
            yield Case(mode, way, of_event, at_event, next(down))
