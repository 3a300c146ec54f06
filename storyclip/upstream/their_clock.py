"""What time it is upstream, learnt from the `Date` of the answers of the last minutes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import MAXYEAR, UTC, datetime

from storyclip.domain.dates.offset import Offset
from storyclip.upstream import words

KEPT_S = 15 * 60.0  # their clock and ours drift, and a host that slept has another monotonic time
HALF_A_SECOND = 0.5  # a `Date` is cut to the second: on average so much has passed since


class TheirClock:
    """Metricool's clock, carried on by the monotonic one; for many threads and over a fork."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._offset = Offset()
        self._heard_at: float | None = None

    def note(self, headers: Mapping[str, str]) -> None:
        """Learn from an answer that has just arrived, if it has a readable `Date`."""
        at = self._heard_at = self._monotonic()
        told = words.upstream_now(headers)
        if told is not None and told.year < MAXYEAR:
            self._offset.note(at, told.timestamp() + HALF_A_SECOND)

    @property
    def is_heard(self) -> bool:
        """Return whether an answer of late told the time, or could have."""
        return self._heard_at is not None and self._monotonic() - self._heard_at <= KEPT_S

    def now(self) -> datetime | None:
        """Return what time it is there, or None when no answer of late has told."""
        at = self._monotonic()
        ahead_s = self._offset.ahead_s(at - KEPT_S)
        return None if ahead_s is None else datetime.fromtimestamp(at + ahead_s, UTC)
