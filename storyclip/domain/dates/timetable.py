"""When each clip of a batch is to go out, and what is said about it to whoever asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import pairwise
from zoneinfo import ZoneInfo

from storyclip.domain.dates.best_time import MINUTE_S, Plan, Wish
from storyclip.domain.dates.instants import Instant, sequence, whole_steps, zone_named
from storyclip.domain.dates.mode import Mode
from storyclip.domain.dates.shown import AtBestTimes, Dated, DatedClip, OnADate
from storyclip.domain.views import rfc3339


class PublishSpeed(StrEnum):
    """What older clients say of the least pause between two clips."""

    SAFE = "safe"
    FAST = "fast"
    ULTRA = "ultra"


GAP_S = {PublishSpeed.SAFE: 5.0, PublishSpeed.FAST: 3.0, PublishSpeed.ULTRA: 2.0}


@dataclass(frozen=True, slots=True)
class Timetable:
    """The dates of the clips, in their order, none for `now`; `gap_s` is the least between two.

    `schedule` is the answer's and the status's word on it: stored, so that it stays the same.
    """

    mode: Mode
    dates: tuple[datetime, ...]
    gap_s: float
    schedule: Dated | None


def at_once(gap_s: float) -> Timetable:
    """Return the timetable of clips that follow each other from now on."""
    return Timetable(Mode.NOW, (), gap_s, None)


def scheduled(first: Instant, count: int, interval_minutes: int, step_s: float) -> Timetable:
    """Return the dates from the one asked for on, moved up to Metricool's grid."""
    interval_s = interval_minutes * MINUTE_S
    zone = None if first.timezone is None else zone_named(first.timezone)
    dates = sequence(first.utc, count, interval_s, step_s, zone)
    gaps = [(later - date).total_seconds() for date, later in pairwise(dates)]
    schedule: OnADate = {
        "mode": Mode.SCHEDULED,
        "scheduledAt": rfc3339(dates[0]),
        "localTime": dates[0].astimezone(first.local.tzinfo).isoformat(),
        "timezone": first.timezone,
        "intervalMinutes": interval_minutes,
    }
    gap_s = min(gaps, default=whole_steps(interval_s, step_s))  # a day may have 23 hours
    return Timetable(Mode.SCHEDULED, dates, gap_s, schedule)


def at_best_times(plan: Plan, wish: Wish, zone: ZoneInfo, step_s: float) -> Timetable:
    """Return the dates that were chosen, and say by which rule and how good each is."""
    dates = tuple(slot.instant for slot in plan.slots)
    gap_s = whole_steps(wish.interval_s, step_s)
    schedule: AtBestTimes = {
        "mode": Mode.BEST_TIME,
        "scheduledAt": rfc3339(dates[0]),
        "localTime": _local(dates[0], zone),
        "timezone": zone.key,
        "intervalMinutes": round(wish.interval_s / MINUTE_S),
        "distribution": wish.distribution,
        "withinDays": wish.within_days,
        "rule": plan.rule,
        "clips": _slots(plan, zone),
    }
    return Timetable(Mode.BEST_TIME, dates, gap_s, schedule)


def _slots(plan: Plan, zone: ZoneInfo) -> Sequence[DatedClip]:
    return [
        {
            "index": index,
            "scheduledAt": rfc3339(slot.instant),
            "localTime": _local(slot.instant, zone),
            "score": slot.score,
        }
        for index, slot in enumerate(plan.slots, start=1)
    ]


def _local(instant: datetime, zone: ZoneInfo) -> str:
    return instant.astimezone(zone).isoformat()
