"""The moments of the world, in microseconds since it began, and the wall time they have."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

SECOND_US = 1_000_000


def instant(us: int) -> datetime:
    """Return the wall time of a moment of the world."""
    return _BEGIN + timedelta(microseconds=us)


def epoch_ms() -> int:
    """Return the wall time at which the world begins, in milliseconds since 1970."""
    return int(_BEGIN.timestamp() * 1000)


def moment_us(at: datetime) -> int:
    """Return the moment of the world of a wall time."""
    since = at - _BEGIN
    return (since.days * 86_400 + since.seconds) * SECOND_US + since.microseconds


_BEGIN = datetime(2026, 11, 26, 8, 0, 13, 400_000, tzinfo=UTC)


def shown(us: int) -> str:
    """Return a moment as stories show it."""
    return f"{instant(us):%a %H:%M:%S}"


def moment_of(text: str) -> int:
    """Return the moment of the world that a text of the API's means."""
    return moment_us(datetime.fromisoformat(text))
