"""Metricool's heat map, the question and the answer; no input or output here.

Source: Metricool OpenAPI 2026-07, GET /v2/scheduler/besttimes/{provider}, and captured answers.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from storyclip.domain.errors import UpstreamLookFailed
from storyclip.domain.story import HeatMap
from storyclip.upstream.reading import data_of, object_of

MONDAY = 1  # ISO 8601, as most integrators read it; their own MCP server has it that Sunday is 1
DAYS, HOURS = 7, 24
MAX_SPAN = timedelta(days=7)  # what Metricool's MCP server advises
MAX_VALUE = 10**9  # an index up to 100 today; beyond this it is garbage


def query(timezone: str, start: datetime, end: datetime) -> dict[str, str]:
    """Return the parameters; both dates always, since without them the answer is `[]`.

    Raises:
        ValueError: more than a week, which is our own mistake.
    """
    if not start < end <= start + MAX_SPAN:
        raise ValueError(f"a heat map from {start} to {end}: expected a week at most")
    zone = ZoneInfo(timezone)
    wall_times = [f"{each.astimezone(zone):%Y-%m-%dT%H:%M:%S}" for each in (start, end)]
    return {"start": wall_times[0], "end": wall_times[1], "timezone": timezone}


def heat_map(answer: Any) -> HeatMap:
    """Return the values in the answer; an hour that it does not speak of has no history: 0.

    Raises:
        UpstreamLookFailed: an hour of no week, one that comes twice, or a value that is none.
    """
    values: dict[tuple[int, int], int] = {}
    for day in map(object_of, data_of(answer, list)):
        by_hour = day.get("bestTimesByHour")
        if not isinstance(by_hour, list):
            raise UpstreamLookFailed("one of the days of Metricool's heat map has no hours")
        day_number = _number(day.get("dayOfWeek"), 1, DAYS)
        for hour in map(object_of, by_hour):
            place = (day_number - MONDAY) % DAYS, _number(hour.get("hourOfDay"), 0, HOURS - 1)
            if place in values:
                raise UpstreamLookFailed("Metricool's heat map has an hour twice")
            value = hour.get("value")
            values[place] = 0 if value is None else _number(value, 0, MAX_VALUE)
    return HeatMap(
        tuple(tuple(values.get((day, hour), 0) for hour in range(HOURS)) for day in range(DAYS))
    )


def _number(value: Any, least: int, most: int) -> int:
    usable = isinstance(value, int) and not isinstance(value, bool) and least <= value <= most
    if not usable:
        raise UpstreamLookFailed("Metricool's heat map has a number that makes no sense there")
    return int(value)
