"""The dates of a sequence: on the grid, in order, and by the day where days are meant."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from storyclip.domain.dates.instants import sequence
from tests.domain.making import T0
from tests.domain.test_instants import INSTANTS

MADRID, NEW_YORK = ZoneInfo("Europe/Madrid"), ZoneInfo("America/New_York")


def test_a_sequence_starts_on_the_step_and_goes_on_at_the_interval():
    dates = sequence(T0 + timedelta(seconds=1), 3, 120, 60)

    assert [f"{date:%H:%M:%S}" for date in dates] == ["12:01:00", "12:03:00", "12:05:00"]


@given(
    INSTANTS,
    st.integers(1, 100),
    st.integers(0, 7200),
    st.integers(1, 3600),
)
@example(T0, 3, 0, 60)
def test_a_sequence_keeps_its_order_on_the_grid_never_early_and_never_closer(
    first, count, interval_s, step_s
):
    dates = sequence(first, count, interval_s, step_s)

    gaps = {(later - date).total_seconds() for date, later in pairwise(dates)}
    assert len(dates) == count
    assert all(date.timestamp() % step_s == 0 for date in dates)
    assert 0 <= (dates[0] - first).total_seconds() < step_s
    assert all(max(interval_s, step_s) <= gap < interval_s + step_s + 1 for gap in gaps)


@pytest.mark.parametrize(
    ("first", "interval_min", "zone", "shown"),
    [
        ("2027-03-27T18:00+01:00", 1440, MADRID, ["27 18:00", "28 18:00", "29 18:00"]),
        ("2027-10-30T18:00+02:00", 1440, MADRID, ["30 18:00", "31 18:00", "01 18:00"]),
        ("2027-03-27T18:00+01:00", 2880, MADRID, ["27 18:00", "29 18:00", "31 18:00"]),
        ("2027-03-13T09:30-05:00", 1440, NEW_YORK, ["13 09:30", "14 09:30", "15 09:30"]),
        ("2027-03-27T02:30+01:00", 1440, MADRID, ["27 02:30", "28 03:30", "29 02:30"]),  # skipped
        ("2027-10-31T02:30+01:00", 1440, MADRID, ["31 02:30", "01 02:30", "02 02:30"]),
        ("2027-03-27T18:00+01:00", 720, MADRID, ["27 18:00", "28 07:00", "28 19:00"]),
    ],
)
def test_whole_days_apart_the_clocks_of_the_zone_show_the_same(first, interval_min, zone, shown):
    dates = sequence(datetime.fromisoformat(first), 3, interval_min * 60, 60, zone)

    assert [f"{date.astimezone(zone):%d %H:%M}" for date in dates] == shown


def test_of_a_time_that_comes_twice_a_daily_sequence_means_the_first():
    dates = sequence(datetime.fromisoformat("2027-10-30T02:30+02:00"), 2, 86400, 60, MADRID)

    assert dates[1].isoformat() == "2027-10-31T00:30:00+00:00"


def test_whole_days_without_a_zone_have_24_hours():
    dates = sequence(datetime.fromisoformat("2027-03-27T18:00+01:00"), 2, 86400, 60)

    assert dates[1] - dates[0] == timedelta(days=1)


@given(st.sampled_from(sorted(available_timezones() - {"localtime", "Factory"})), INSTANTS)
def test_a_daily_sequence_keeps_its_order_on_the_grid_in_every_zone(zone, first):
    first = first.replace(year=2026 + first.year % 70, day=1)

    dates = sequence(first, 40, 86400, 60, ZoneInfo(zone))

    assert all(date.timestamp() % 60 == 0 for date in dates)
    gaps = {(later - date).total_seconds() / 3600 for date, later in pairwise(dates)}
    assert all(22 <= gap <= 26 for gap in gaps)
