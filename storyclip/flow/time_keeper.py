"""Keeps a process's time that of the database, and tells a person of clocks that are apart."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import structlog

from storyclip.domain.dates.shared_clock import ASKED_EVERY_S, SharedClock
from storyclip.domain.errors import StoreUnavailable
from storyclip.domain.incident import Incident
from storyclip.store.service import incidents

APART = timedelta(seconds=30)  # an NTP daemon keeps clocks within a fraction of a second
LOOK_EVERY_S = 10.0

log = structlog.get_logger("storyclip")


class TimeKeeper:
    """Compares the clocks of one process: its host's, the database's and Metricool's.

    Args:
        their_now: what time it is at Metricool, None while it has not told.
        host: whose clock it is, in words that a person knows.
        monotonic: seconds that never run back.
    """

    def __init__(
        self,
        clock: SharedClock,
        their_now: Callable[[], datetime | None],
        host: str,
        monotonic: Callable[[], float],
    ) -> None:
        self._clock = clock
        self._their_now = their_now
        self._host = host
        self._monotonic = monotonic
        self._looked_at: float | None = None
        self._told: set[str] = set()

    def tick(self) -> None:
        """Follow the database's clock, and now and then see how far the others are from it.

        Raises:
            StoreUnavailable: it could not be asked, or nothing was written.
        """
        self._clock.follow()
        at = self._monotonic()
        if self._looked_at is not None and at - self._looked_at < LOOK_EVERY_S:
            return
        self._looked_at = at
        now = self._clock()
        for incident in self._apart(now):
            if incident.subject not in self._told:
                incidents.raise_incident(incident, now)
                self._told.add(incident.subject)

    def begin(self) -> None:
        """Go on by itself in a thread, for a process that has no other clock's tick."""
        threading.Thread(target=self._run, name="time", daemon=True).start()

    def _run(self) -> None:
        never = threading.Event()
        while not never.wait(ASKED_EVERY_S):
            try:
                self.tick()
            except StoreUnavailable as failure:
                log.warning("store_unavailable", reason=str(failure))

    def _apart(self, now: datetime) -> Iterator[Incident]:
        ahead = self._clock.ahead_of_it()
        if abs(ahead) > APART:
            words = (
                f"the clock of {self._host} is {_shown(ahead)} of the database's. StoryClip goes by"
                " the database's: set the clock of that host, and have it kept by NTP"
            )
            yield Incident("clock_skew", f"{self._host} and the database", words)
        theirs = self._their_now()
        if theirs is not None and abs(now - theirs) > APART:
            words = (
                f"StoryClip's time is {_shown(now - theirs)} of Metricool's. Dates are reckoned in"
                " Metricool's: look whether the clock of this host, or of the database's, is right"
            )
            yield Incident("clock_skew", f"{self._host} and Metricool", words)


def _shown(ahead: timedelta) -> str:
    way = "ahead" if ahead > timedelta(0) else "behind"
    return f"{abs(ahead).total_seconds():.0f} s {way}"
