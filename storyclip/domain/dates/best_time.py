"""When a sequence does best, by the heat map of the account's network.

Dates are whole minutes on Metricool's grid, from the lead time on until `within_days` times 24
hours from now. A clip is worth the value of the local hour it falls into. Hours are those that
the clocks of the zone show: one that they skip is not there, one that they show twice is there
twice. The hour that is running counts from the first date that the lead time allows.

* `together`: the clips follow each other at the interval; the start with the highest sum wins.
* `spread`: each hour offers its first date, and if the clips do not fit so, as many more at the
  interval as it takes; of these dates, at least the interval apart, those with the highest sum.
* Of equal sums, the one with the earlier dates.
* A map whose hours are all alike advises nothing: `together` starts at the next full hour from
  09:00 to 21:00, and `spread` takes the next ones of these hours.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from itertools import chain, repeat
from operator import sub
from zoneinfo import ZoneInfo

from storyclip.domain.dates.instants import whole_steps
from storyclip.domain.dates.schedule import first_step
from storyclip.domain.errors import RequestInvalid
from storyclip.domain.story import HeatMap

MINUTE_S, HOUR_S, DAY_S = 60, 3600, 86400
DAYTIME = range(9, 21)  # the hours that begin from 09:00 to 20:00
USUAL_DAYS, MAX_DAYS = 7, 14  # that a sequence has to fit into
NEVER = -math.inf


class Distribution(StrEnum):
    """How the user wants the sequence to lie in its time."""

    TOGETHER = "together"
    SPREAD = "spread"


class Rule(StrEnum):
    """What decided; the answer says it."""

    BEST_WINDOW = "bestWindow"  # together; also a spread that fits in no other way
    BEST_HOURS = "bestHours"  # spread
    DAYTIME = "daytime"  # no advice from the map: the next full hours of the day
    SOONEST = "soonest"  # no advice, and no room in the days' hours that are left


@dataclass(frozen=True, slots=True)
class Wish:
    """What is asked for: a sequence of `count` clips, `interval_s` seconds apart or more."""

    distribution: Distribution
    count: int
    interval_s: float = MINUTE_S
    within_days: int = USUAL_DAYS


@dataclass(frozen=True, slots=True)
class Slot:
    """The date of one clip in UTC, and the value of its hour."""

    instant: datetime
    score: int


@dataclass(frozen=True, slots=True)
class Plan:
    """One slot for each clip, in their order, and the rule that chose them."""

    slots: tuple[Slot, ...]
    rule: Rule


@dataclass(frozen=True, slots=True)
class _Hour:
    """What an hour of the zone has of the window: its dates on the grid, in seconds since 1970."""

    dates: range
    value: int
    is_daytime: bool
    is_full: bool


def best_plan(
    heat: HeatMap, zone: ZoneInfo, now: datetime, wish: Wish, lead_s: float, step_s: float
) -> Plan:
    """Return when each clip goes out.

    Args:
        step_s: Metricool's date step: whole seconds, or a fraction that divides a minute.

    Raises:
        RequestInvalid: the sequence is longer than the days it has to fit into.
    """
    grid_s = int(whole_steps(MINUTE_S, step_s))
    gap_s = int(whole_steps(wish.interval_s, grid_s))
    first = int(first_step(now, lead_s, grid_s).timestamp())
    dates = range(first, math.floor(now.timestamp()) + wish.within_days * DAY_S + 1, grid_s)
    span_s = (wish.count - 1) * gap_s
    if not dates or dates[-1] - first < span_s:
        raise RequestInvalid(("/schedule/withinDays", _too_long(span_s, wish.within_days)))
    hours = _hours(dates, zone, heat)
    if heat.is_flat:
        return _without_advice(hours, wish, span_s, gap_s)
    if wish.distribution is Distribution.SPREAD:
        spread = _spread(hours, wish.count, gap_s)
        if spread is not None:
            return _plan(spread, hours, Rule.BEST_HOURS)
    start = _best_start(hours, wish.count, gap_s)
    return _plan(range(start, start + span_s + 1, gap_s), hours, Rule.BEST_WINDOW)


def _hours(dates: range, zone: ZoneInfo, heat: HeatMap) -> list[_Hour]:
    """Cut the window into hours as the clocks show them, leaving out those without a date."""
    hours = []
    start, local = dates.start, datetime.fromtimestamp(dates.start, zone)
    while start < dates.stop:
        end, following = _end_of_hour(start, local, zone)
        inside = dates[_place(dates, start) : _place(dates, end)]
        if inside:
            is_full = local.minute == local.second == 0
            hours.append(_Hour(inside, heat.value_at(local), local.hour in DAYTIME, is_full))
        start, local = end, following
    return hours


def _place(dates: range, second: int) -> int:
    """Return the place of the first date from that second on, which is no earlier than them all."""
    return -((dates.start - second) // dates.step)


def _end_of_hour(start: int, local: datetime, zone: ZoneInfo) -> tuple[int, datetime]:
    """Return when the hour ends: on the clock's next full hour, or when somebody turns it.

    And what the clock shows then: to ask it is most of what a plan costs.
    """
    end = start + HOUR_S - local.minute * MINUTE_S - local.second
    offset = local.utcoffset()

    def is_turned(second: int) -> bool:
        return datetime.fromtimestamp(second, zone).utcoffset() != offset

    following = datetime.fromtimestamp(end, zone)
    if following.utcoffset() == offset or not is_turned(end - 1):
        return end, following
    seconds = range(start, end)
    turned = seconds[bisect_left(seconds, True, key=is_turned)]
    return turned, datetime.fromtimestamp(turned, zone)


def _best_start(hours: Sequence[_Hour], count: int, gap_s: int) -> int:
    """Return the start of the window with the highest sum, the earliest of equal ones.

    `sums` at a place is the value there and at every gap before it, so that the difference of two
    is the sum of the window between them.
    """
    dates = [date for hour in hours for date in hour.dates]
    gap = gap_s // hours[0].dates.step
    values = chain.from_iterable(repeat(hour.value, len(hour.dates)) for hour in hours)
    sums = [*repeat(0, gap), *values]
    for place in range(gap, len(sums)):
        sums[place] += sums[place - gap]
    windows = list(map(sub, sums[count * gap :], sums))
    return dates[windows.index(max(windows))]


def _spread(hours: Sequence[_Hour], count: int, gap_s: int) -> list[int] | None:
    """Return the best dates with as few to an hour as it takes, None where no number will do."""
    most = max((1 + (hour.dates[-1] - hour.dates[0]) // gap_s for hour in hours), default=0)
    for per_hour in range(1, most + 1):
        offered = [
            (date, hour.value)
            for hour in hours
            for date in hour.dates[:: gap_s // hour.dates.step][:per_hour]
        ]
        if _fitting(offered, gap_s) >= count:
            return _best_dates(offered, count, gap_s)
    return None


def _fitting(offered: Sequence[tuple[int, int]], gap_s: int) -> int:
    """Return how many of the dates can be had at the gap."""
    fitting, free_from = 0, NEVER
    for date, _ in offered:
        if date >= free_from:
            fitting, free_from = fitting + 1, date + gap_s
    return fitting


def _best_dates(offered: Sequence[tuple[int, int]], count: int, gap_s: int) -> list[int]:
    """Return the dates with the highest sum at the gap, the earlier ones of equal sums.

    Worked out from the last date back: `best[place][n]` is the most that n dates can make from
    that place on. A date is taken when leaving it out makes no more.
    """
    dates = [date for date, _ in offered]
    after = [bisect_left(dates, date + gap_s) for date in dates]
    best: list[list[float]] = [[]] * len(dates) + [[0, *repeat(NEVER, count)]]
    for place in reversed(range(len(dates))):
        value = offered[place][1]
        taken = [value + rest for rest in best[after[place]][:-1]]
        best[place] = [0, *map(max, best[place + 1][1:], taken)]
    chosen: list[int] = []
    place = 0
    while len(chosen) < count:
        left = count - len(chosen)
        if best[place][left] == offered[place][1] + best[after[place]][left - 1]:
            chosen.append(dates[place])
            place = after[place]
        else:
            place += 1
    return chosen


def _without_advice(hours: Sequence[_Hour], wish: Wish, span_s: int, gap_s: int) -> Plan:
    daytime = [hour for hour in hours if hour.is_daytime and hour.is_full]
    if wish.distribution is Distribution.SPREAD:
        spread = _spread(daytime, wish.count, gap_s)
        if spread is not None:
            return _plan(spread, hours, Rule.DAYTIME)
    latest = hours[-1].dates[-1] - span_s
    starts = [hour.dates[0] for hour in daytime if hour.dates[0] <= latest]
    start, rule = (starts[0], Rule.DAYTIME) if starts else (hours[0].dates[0], Rule.SOONEST)
    return _plan(range(start, start + span_s + 1, gap_s), hours, rule)


def _plan(dates: Sequence[int], hours: Sequence[_Hour], rule: Rule) -> Plan:
    starts = [hour.dates[0] for hour in hours]
    values = (hours[bisect_left(starts, date + 1) - 1].value for date in dates)
    slots = zip(dates, values, strict=True)
    return Plan(
        tuple(Slot(datetime.fromtimestamp(date, UTC), value) for date, value in slots), rule
    )


def _too_long(span_s: int, days: int) -> str:
    span = f"{span_s // HOUR_S}:{span_s % HOUR_S // MINUTE_S:02d} h"
    return f"the sequence takes {span}, which does not fit into {24 * days} h"
