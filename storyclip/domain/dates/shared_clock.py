"""What time it is for all hosts of an installation: the database's, not the one on this wall."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from storyclip.domain.dates.offset import Offset

ASKED_EVERY_S = 5.0  # clocks drift by some microseconds meanwhile
SAMPLES = 5  # a database that was set, or a host that slept, is followed after three
LONGEST_TRIP_S = 2.0  # an answer that took longer may be as wrong by half of it


class SharedClock:
    """The database's clock carried on by our monotonic one; may be shared by threads.

    Every instant that a row holds was written by it, so what one host writes another can compare.
    Where all is on one host the database has no clock of its own, and ours is what it was.
    """

    def __init__(
        self,
        own: Callable[[], datetime],
        monotonic: Callable[[], float],
        server_time: Callable[[], datetime | None],
    ) -> None:
        """Begin with our own time, until the database was asked.

        Args:
            server_time: what time it is in the database, None where that has no other clock.
        """
        self._own = own
        self._monotonic = monotonic
        self._server_time = server_time
        self._offset = Offset(SAMPLES)
        self._asking = threading.Lock()
        self._asked_at: float | None = None

    def __call__(self) -> datetime:
        """Return the time, aware UTC."""
        own = self._own()  # also where it is not needed: it learns of jumps by being read
        ahead_s = self._offset.ahead_s()
        if ahead_s is None:
            return own
        return datetime.fromtimestamp(self._monotonic() + ahead_s, UTC)

    def ahead_of_it(self) -> timedelta:
        """Return how far our own clock is ahead of the database's."""
        return self._own() - self()

    def follow(self) -> None:
        """Ask the database for its time, if it was not asked of late; one thread at a time.

        Raises:
            StoreUnavailable: it does not answer; the time goes on as it was.
        """
        if not self._asking.acquire(blocking=False):
            return
        try:
            at = self._monotonic()
            if self._asked_at is not None and at - self._asked_at < ASKED_EVERY_S:
                return
            self._asked_at = at
            told = self._server_time()
            trip_s = self._monotonic() - at
            if told is not None and trip_s <= LONGEST_TRIP_S:
                self._offset.note(at + trip_s / 2, told.timestamp())
        finally:
            self._asking.release()
