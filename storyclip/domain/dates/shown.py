"""What is said of a batch's dates, field by field: in the first answer, and in every status.

What stands beside a type in `Annotated` is what a JSON schema says of it further.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal, TypedDict

from storyclip.domain.dates.best_time import Distribution, Rule
from storyclip.domain.dates.mode import Mode

Instant = Annotated[str, ("format", "date-time")]
Count = Annotated[int, ("minimum", 0)]
Number = Annotated[int, ("minimum", 1)]


class AtOnce(TypedDict):
    """Each clip follows the one before it."""

    mode: Literal[Mode.NOW]


class OnADate(TypedDict):
    """The first clip on a date, the others at the interval; null for the zone of an offset."""

    mode: Literal[Mode.SCHEDULED]
    scheduledAt: Instant
    localTime: Instant
    timezone: str | None
    intervalMinutes: Count


class DatedClip(TypedDict):
    """The date that was chosen for a clip, and how good its hour is."""

    index: Number
    scheduledAt: Instant
    localTime: Instant
    score: int


class AtBestTimes(TypedDict):
    """Each clip on the date that was chosen for it, and by which rule."""

    mode: Literal[Mode.BEST_TIME]
    scheduledAt: Instant
    localTime: Instant
    timezone: str
    intervalMinutes: Count
    distribution: Distribution
    withinDays: Count
    rule: Rule
    clips: Sequence[DatedClip]


Dated = AtOnce | OnADate | AtBestTimes
