"""Instagram's limit in any 24 hours, and when there is room for more."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from storyclip.domain.dates.quota import DAY, earliest_start, fits, used
from tests.domain.making import T0

minutes = st.integers(0, 3 * 24 * 60).map(lambda m: T0 + timedelta(minutes=m))
dates = st.lists(minutes, max_size=12)
some = st.lists(minutes, min_size=1, max_size=4)
limits = st.integers(1, 6)


def most_in_a_day(all_dates: Sequence[datetime], around: Sequence[datetime]) -> int:
    """The most in any 24 hours that hold one of `around`, counted one by one."""
    windows = [
        [date for date in all_dates if end - DAY < date <= end]
        for end in all_dates
        if any(end - DAY < date <= end for date in around)
    ]
    return max(map(len, windows))


def test_five_left_hold_five_and_not_eight():
    taken = [T0] * 45

    assert fits(taken, [T0] * 5, 50)
    assert not fits(taken, [T0] * 8, 50)
    assert earliest_start(taken, [T0] * 8, 50) == T0 + DAY
    assert used(taken, T0) == 45


def test_what_is_24_hours_old_counts_no_more():
    assert fits([T0] * 50, [T0 + DAY], 50)
    assert not fits([T0] * 50, [T0 + DAY - timedelta(seconds=1)], 50)


def test_what_is_planned_after_it_counts_as_well():
    assert not fits([T0 + timedelta(hours=1)] * 50, [T0], 50)


def test_more_than_ever_fit_never_have_room():
    assert earliest_start([], [T0] * 51, 50) is None


@given(dates, some, limits)
def test_it_fits_exactly_if_no_24_hours_hold_too_many(taken, more, limit):
    assert fits(taken, more, limit) == (most_in_a_day([*taken, *more], more) <= limit)


@given(dates, some, limits)
def test_at_the_time_it_names_all_fit_and_in_the_same_rhythm(taken, more, limit):
    start = earliest_start(taken, more, limit)

    if start is not None:
        shift = start - min(more)
        assert shift >= timedelta()
        assert fits(taken, [date + shift for date in more], limit)
    else:
        assert not fits([], more, limit)
