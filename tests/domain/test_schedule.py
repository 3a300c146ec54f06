from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storyclip.domain.dates.schedule import backoff_s, first_step
from storyclip.domain.lane import Lane
from storyclip.domain.network import Network
from tests.domain.making import T0

NAIVE = T0.replace(tzinfo=None)
INSTANTS = st.datetimes(NAIVE.replace(2020), NAIVE.replace(2100), timezones=st.just(UTC))
LEADS_S = st.integers(0, 7200).map(lambda halves: halves / 2)
STEPS_S = st.integers(1, 3600)


@given(INSTANTS, LEADS_S, STEPS_S)
def test_the_first_step_is_on_the_grid(now, lead_s, step_s):
    assert first_step(now, lead_s, step_s).timestamp() % step_s == 0


@given(INSTANTS, LEADS_S, STEPS_S)
def test_the_first_step_is_ahead_by_the_lead_and_by_less_than_one_step_more(now, lead_s, step_s):
    ahead = first_step(now, lead_s, step_s) - now

    assert timedelta(seconds=lead_s) <= ahead < timedelta(seconds=lead_s + step_s)


@given(INSTANTS, st.floats(0, 3600), STEPS_S)
def test_no_lead_however_odd_is_cut_short(now, lead_s, step_s):
    assert first_step(now, lead_s, step_s) - now >= timedelta(seconds=lead_s)


@pytest.mark.parametrize(
    ("now", "planned"),
    [
        ("12:00:00", "12:01:00"),
        ("12:00:40", "12:01:00"),
        ("12:00:40.000001", "12:02:00"),
        ("23:59:50", "00:01:00"),
    ],
)
def test_a_story_is_planned_for_the_next_whole_minute_beyond_the_lead(now, planned):
    step = first_step(datetime.fromisoformat(f"2026-12-01T{now}+00:00"), 20, 60)

    assert f"{step:%H:%M:%S}" == planned


@given(st.integers(0, 10_000), st.floats(0.1, 10), st.floats(10, 1000), st.floats(0, 1))
def test_a_backoff_is_never_negative_and_never_beyond_its_bound(times, base_s, max_s, jitter):
    assert 0 <= backoff_s(times, base_s, max_s, jitter) <= max_s


@given(st.integers(0, 100))
def test_a_backoff_never_shrinks_with_the_failures(times):
    assert backoff_s(times, 2, 300, 1.0) <= backoff_s(times + 1, 2, 300, 1.0)


@pytest.mark.parametrize(("times", "wait_s"), [(0, 2), (1, 4), (2, 8), (7, 256), (8, 300)])
def test_a_backoff_doubles_up_to_its_bound(times, wait_s):
    assert backoff_s(times, 2, 300, 1.0) == wait_s


def test_a_longer_lead_counts_until_it_is_over():
    lane = Lane(1, "2000001", Network.FACEBOOK, lead_s=40.0, lead_until=T0)

    assert lane.lead_or(20.0, T0 - timedelta(seconds=1)) == 40.0
    assert lane.lead_or(20.0, T0) == 20.0


def test_a_remembered_lead_never_shortens_the_usual_one():
    lane = Lane(1, "2000001", Network.FACEBOOK, lead_s=10.0, lead_until=T0)

    assert lane.lead_or(20.0, T0 - timedelta(seconds=1)) == 20.0


def test_a_lane_that_learned_nothing_has_the_usual_lead():
    assert Lane(1, "2000001", Network.FACEBOOK).lead_or(20.0, T0) == 20.0
