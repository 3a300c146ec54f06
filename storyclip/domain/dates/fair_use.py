"""What Metricool lets an account publish in a month before a person there looks at it.

Above it nothing goes out and nothing says so: posts just stay pending. Source: Metricool's help
pages of 2026; its counter is GET /v2/scheduler/counters. That tells what was published, not what
is still to come, so what we handed over is added to it, in the month of its date.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from storyclip.domain.clip_words import Told, say
from storyclip.domain.lane import Lane

MONTHLY = 600
NEARLY = 540  # from here on whoever asks for more is told
COUNTED_FOR = timedelta(hours=1)  # how long a count is relied on


class Month(NamedTuple):
    """A month from its first moment to the next one's."""

    start: datetime
    end: datetime


def month_of(date: datetime) -> Month:
    """Return the month of a date, in UTC: whose midnight Metricool means, nobody knows.

    Should it be another one, counting again within the hour tells.
    """
    start = date.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return Month(start, (start + timedelta(days=31)).replace(day=1))


def is_count_due(lane: Lane, there: datetime) -> bool:
    """Return whether the month has to be counted before the next story goes out."""
    counted_at = lane.month_counted_at
    if counted_at is None or there - counted_at >= COUNTED_FOR:
        return True
    return counted_at < month_of(there).start


def counted(lane: Lane, month: Month) -> int | None:
    """Return how many posts Metricool counts for a month, None if it has told nothing so far.

    For one that it was not asked about that is none: it had not begun.
    """
    if lane.month_count is None or lane.month_counted_at is None:
        return None
    return lane.month_count if lane.month_counted_at >= month.start else 0


def full_words(month: Month) -> Told:
    """Return what a full month means for a story; the same for as long as it is full."""
    return say("month_full", limit=MONTHLY, month=f"{month.start:%Y-%m}")


def warning(lane: Lane, month: Month, ours: int, asked: int) -> str | None:
    """Return what to tell whoever asks for so many more stories, None while there is room.

    Args:
        ours: how many stories of ours of that month Metricool's count does not hold yet.
    """
    told = counted(lane, month)
    if told is None or told + ours + asked <= NEARLY:
        return None
    return (
        f"Metricool has {told + ours} posts of this account in {month.start:%Y-%m}, published or"
        f" to come, and holds back what goes beyond {MONTHLY}: these {asked} may have to wait"
    )
