"""Metricool's way to say when: a wall time beside the zone on whose walls it is shown."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo


def in_utc(instant: datetime) -> str:
    """Return the wall time in UTC as Metricool reads it: no `Z`, no offset, no fractions."""
    return instant.astimezone(UTC).isoformat()[: len("2026-12-01T18:00:00")]


def reading_of(date: Any) -> datetime | None:
    """Return the instant that a date of Metricool's means; of an hour that comes twice the first.

    None when it is no date.
    """
    return readings_of(date)[0]


def readings_of(date: Any) -> tuple[datetime | None, datetime | None]:
    """Return what a date may mean; a second only in the hour that comes twice."""
    if not isinstance(date, dict):
        return None, None
    at, zone = date.get("dateTime"), date.get("timezone", "")
    are_texts = isinstance(at, str) and isinstance(zone, str)
    return _readings(at, zone) if are_texts else (None, None)


@lru_cache(256)  # a list shows the same few dates again and again
def _readings(at: str, zone: str) -> tuple[datetime | None, datetime | None]:
    try:
        wall = datetime.fromisoformat(at)
        if wall.tzinfo is not None:
            return wall.astimezone(UTC), None
        first = wall.replace(tzinfo=ZoneInfo(zone), fold=0)
        second = first.replace(fold=1)
        # Two offsets have the hour that comes twice and the hour that never comes; in that one
        # the clocks go forward, so the second offset is the larger.
        comes_twice = first.utcoffset() > second.utcoffset()  # type: ignore[operator]  # zoned
        return first.astimezone(UTC), second.astimezone(UTC) if comes_twice else None
    except (KeyError, ValueError, OverflowError, OSError):
        return None, None  # KeyError: no such zone; OSError: one named like a folder
