"""The sandbox's time: whole milliseconds since 1970, real, or standing still until told to move."""

import time
from datetime import UTC, datetime
from functools import lru_cache

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


class Clock:
    """Real time, shifted or frozen. Nothing else in the sandbox asks the operating system."""

    def __init__(self, frozen_at_ms: int | None = None) -> None:
        self._frozen_at_ms = frozen_at_ms
        self._ahead_ms = 0

    @property
    def running(self) -> bool:
        return self._frozen_at_ms is None

    def now_ms(self) -> int:
        if self._frozen_at_ms is not None:
            return self._frozen_at_ms
        return int(time.time() * 1000) + self._ahead_ms

    def freeze(self, at_ms: int) -> None:
        self._frozen_at_ms = at_ms

    def advance(self, by_ms: int) -> None:
        if self._frozen_at_ms is None:
            self._ahead_ms += by_ms
        else:
            self._frozen_at_ms += by_ms

    def run(self) -> None:
        """Go on from the moment shown now, at the speed of real time."""
        self._ahead_ms = self.now_ms() - int(time.time() * 1000)
        self._frozen_at_ms = None

    def not_before(self, at_ms: int) -> None:
        """Jump ahead to `at_ms` when that is still to come: a ledger must not run backwards."""
        self.advance(max(0, at_ms - self.now_ms()))


def rfc3339(at_ms: int) -> str:
    """`2026-12-01T12:00:00.000Z`."""
    seconds, ms = divmod(at_ms, 1000)
    return f"{_to_the_second(seconds)}.{ms:03d}Z"


def from_rfc3339(text: str) -> int:
    """Milliseconds since 1970.

    Raises:
        ValueError: not a date with time and offset.
    """
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text!r} has no offset: write it like 2026-12-01T12:00:00Z")
    return round(moment.timestamp() * 1000)


@lru_cache(maxsize=4)
def http_date(at_s: int) -> str:
    """`Tue, 01 Dec 2026 12:00:00 GMT`."""
    at = datetime.fromtimestamp(at_s, UTC)
    day, month = _DAYS[at.weekday()], _MONTHS[at.month - 1]
    return f"{day}, {at.day:02} {month} {at.year:04} {_to_the_second(at_s)[11:]} GMT"


@lru_cache(maxsize=64)
def _to_the_second(at_s: int) -> str:
    return datetime.fromtimestamp(at_s, UTC).isoformat()[:19]
