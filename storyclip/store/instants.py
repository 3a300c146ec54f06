"""Instants as the rows hold them: `2026-12-01T18:00:00.000000Z`, text that sorts as time passes."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache

_FORM = "%04d-%02d-%02dT%02d:%02d:%02d.%06dZ"  # takes a third less time than isoformat
KEPT = 256  # the instants of a few steps: each is written, compared and read several times


def to_text(instant: datetime | None) -> str | None:
    """Return an aware instant as the text that the rows hold; None stays None.

    Raises:
        ValueError: the instant is naive, so nobody knows when it is.
    """
    if instant is None:
        return None
    if instant.tzinfo is None:
        raise ValueError(f"naive time {instant.isoformat()}: expected one with a zone")
    if instant.tzinfo is not UTC:
        instant = instant.astimezone(UTC)
    return _text(instant)


def to_instant(text: str | None) -> datetime | None:
    """Return the aware UTC instant of a text that `to_text` made; None stays None."""
    return None if text is None else _instant(text)


@lru_cache(KEPT)  # of UTC alone: elsewhere two instants of the hour that comes twice are equal
def _text(at: datetime) -> str:
    return _FORM % (at.year, at.month, at.day, at.hour, at.minute, at.second, at.microsecond)


_instant = lru_cache(KEPT)(datetime.fromisoformat)
