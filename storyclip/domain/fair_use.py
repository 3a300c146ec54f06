"""What Metricool lets an account publish in a month before a person there looks at it.

Above it nothing goes out and nothing says so: posts just stay pending. Source: Metricool's help
pages of 2026; its counter is GET /v2/scheduler/counters.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from storyclip.domain.lane import Lane

MONTHLY = 600
NEARLY = 540  # from here on whoever asks for more is told
COUNTED_FOR = timedelta(hours=1)  # how long a count is relied on; at one a minute 60 go out in it


def is_count_due(lane: Lane, now: datetime) -> bool:
    """Return whether the month has to be counted before the next story goes out."""
    return lane.month_counted_at is None or now - lane.month_counted_at >= COUNTED_FOR


def is_full(lane: Lane) -> bool:
    """Return whether nothing more goes out this month, as far as Metricool has told."""
    return lane.month_count is not None and lane.month_count >= MONTHLY


def full_words(lane: Lane) -> str:
    """Return what a full month means for a story."""
    return (
        f"Metricool has published {lane.month_count} posts of this account this month. Above"
        f" {MONTHLY} it holds them back for a review, without a word. It was not sent; it goes on"
        " by itself when Metricool counts fewer. Ask Metricool if you need more."
    )


def warning(lane: Lane, asked: int) -> str | None:
    """Return what to tell whoever asks for so many more stories, None while there is room."""
    if lane.month_count is None or lane.month_count + asked <= NEARLY:
        return None
    return (
        f"Metricool has published {lane.month_count} posts of this account this month and holds"
        f" back what goes beyond {MONTHLY}: these {asked} may have to wait"
    )
