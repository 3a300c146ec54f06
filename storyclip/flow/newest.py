"""The watchman of one process: gives signs of life, and sees whether the rows are the newest."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from storyclip.domain.installation import Mark, Sending, last, newest
from storyclip.store.service import newest as rows
from storyclip.store.service.place import place_of_this

LOOK_EVERY_S = 1.0


class Outside(Protocol):
    """Somewhere outside the database where signs of life are left; neither call may raise."""

    def read(self, place: str) -> Mark | None:
        """Return what was left last for the database in this place."""

    def leave(self, place: str, mark: Mark) -> None:
        """Leave a sign of life."""

    def read_sending(self, place: str) -> Sending | None:
        """Return for which intent a story was asked for last."""

    def leave_sending(self, place: str, sending: Sending) -> None:
        """Leave the intent for which one is asked for now."""


@dataclass
class Watchman:
    """Compares the database with what was left outside of it, once a second.

    `hold` takes an installation, and returns which other one publishes for the same user.
    `monotonic` returns seconds that never run back.
    """

    outside: Sequence[Outside]
    hold: Callable[[str], str | None]
    monotonic: Callable[[], float]
    _looked_at: float | None = field(default=None)
    _place: str | None = field(default=None)

    def look(self, now: datetime) -> None:
        """Give a sign of life, and have every lane looked at if the rows may not be the newest.

        Raises:
            StoreUnavailable: nothing was written; the next look tells.
        """
        at = self.monotonic()
        if self._looked_at is not None and at - self._looked_at < LOOK_EVERY_S:
            return
        place = self._place = place_of_this()
        # Read before: what is left later than our own sign of life would look newer than it
        outside = newest(one.read(place) for one in self.outside)
        is_boot = self._looked_at is None
        sending = last(one.read_sending(place) for one in self.outside) if is_boot else None
        mark = rows.live(now, outside, sending, is_boot=is_boot)
        self._looked_at = at
        if mark is None:
            return
        for one in self.outside:
            one.leave(place, mark)
        rows.set_rival(self.hold(mark.installation))

    def leave_sending(self, sending: Sending) -> None:
        """Leave outside for which intent a story is asked for now: rows put back may lack it.

        Asks the database nothing after the first look: a failure here would hold up what was
        promised, as if it might have been sent.
        """
        place = self._place or place_of_this()
        for one in self.outside:
            one.leave_sending(place, sending)
