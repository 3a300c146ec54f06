"""Clocks that differ, jump and run twice through an hour: no attempt burnt, no clip missed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from storyclip.domain.dates.steady_clock import SteadyClock
from storyclip.flow.step import step
from storyclip.upstream import SANDBOX_TOKEN, SANDBOX_USER_ID
from storyclip.upstream.metricool import Metricool
from tests.flow.acts import (
    HOUR_S,
    PENDING,
    PUBLISHED,
    WAITING,
    assert_told,
    created_by_us,
    dated,
    impatient,
    lines,
    live_on,
    on_sqlite,
    sources,
    statuses_told,
    until_before,
)
from tests.flow.conftest import Stage
from tests.flow.here import Carrier, SandboxHere
from tests.flow.test_truth_media import assert_left_to_a_person

pytestmark = on_sqlite

TEN_MINUTES_S = 600.0
AN_HOUR = timedelta(minutes=61)
# In Madrid the clocks go back at 01:00 UTC: 02:30 is 00:30 UTC, and 01:30 UTC again
TWICE = [datetime(2027, 10, 31, hour, 30, tzinfo=UTC) for hour in (0, 1)]


@pytest.fixture
def skewed(stage: Stage) -> Iterator[Stage]:
    """A stage whose access to Metricool learns that one's clock from its answers alone."""
    began_at = stage.at

    def passed_s() -> float:
        return (stage.at - began_at).total_seconds()

    assert isinstance(stage.sandbox, SandboxHere)
    stage.upstream = Metricool(
        stage.sandbox.url,
        SANDBOX_TOKEN,
        SANDBOX_USER_ID,
        stage.settings.http_deadline_s,
        Carrier(stage.sandbox, passed_s),
        passed_s,
    )
    stage.engine = stage.engine_of("worker-a")
    yield stage
    stage.sandbox.set_skew(0)


SKEWS = pytest.mark.parametrize("skew_s", [-TEN_MINUTES_S, -90.0, 90.0, TEN_MINUTES_S])


@SKEWS
def test_a_clock_of_metricool_s_that_is_wrong_burns_no_attempt(skewed: Stage, skew_s: float):
    skewed.sandbox.set_skew(skew_s)
    skewed.accept(3)

    live_on(skewed, 600)

    assert (skewed.live(), skewed.states()) == (sources(1, 2, 3), [PUBLISHED] * 3)
    assert [clip.attempts for clip in skewed.clips()] == [1, 1, 1]
    assert lines(skewed, "refused") == []
    assert_told(skewed)


@SKEWS
def test_a_lost_answer_is_settled_by_metricool_s_own_clock(skewed: Stage, skew_s: float):
    skewed.sandbox.set_skew(skew_s)
    skewed.sandbox.fault(fault="delay_before_create", seconds=15, source=sources(1)[0], times=1)
    skewed.sandbox.fault(fault="drop_before_create", source=sources(2)[0], times=1)
    skewed.accept(2)
    with impatient(skewed, "submit_story"):
        skewed.play()

    live_on(skewed, 1200)

    assert (skewed.live(), skewed.states()) == (sources(1, 2), [PUBLISHED] * 2)
    assert created_by_us(skewed) == sources(1, 2)
    assert [clip.attempts for clip in skewed.clips()] == [1, 2]


@SKEWS
def test_dated_stories_go_out_once_and_in_order_by_a_clock_that_is_wrong(
    skewed: Stage, skew_s: float
):
    skewed.sandbox.set_skew(skew_s)
    dated(skewed, 3, ahead_s=900)

    live_on(skewed, 3600)

    assert (skewed.live(), skewed.states()) == (sources(1, 2, 3), [PUBLISHED] * 3)
    assert "failed" not in statuses_told("b1")
    assert_told(skewed)


def test_a_clock_ahead_that_no_answer_tells_of_burns_no_attempt(skewed: Stage):
    skewed.sandbox.set_skew(TEN_MINUTES_S)
    skewed.sandbox.fault(fault="no_date")
    skewed.accept(2)

    live_on(skewed, 3600)

    assert (skewed.live(), skewed.states()) == (sources(1, 2), [PUBLISHED] * 2)
    assert [clip.attempts for clip in skewed.clips()] == [1, 1]


@pytest.mark.parametrize("ahead_s", [None, 4 * HOUR_S], ids=["now", "dated"])
def test_a_lost_story_under_another_url_is_not_sent_again_by_a_slow_clock(
    skewed: Stage, ahead_s: float | None
):
    skewed.sandbox.set_skew(-TEN_MINUTES_S)
    for fault, more in (("media_rehosted", {}), ("date_moved", {"seconds": 180})):
        skewed.sandbox.fault(fault=fault, times=1, **more)
    skewed.sandbox.fault(fault="create_then_drop", times=1)
    if ahead_s is None:
        skewed.accept(1)
    else:
        dated(skewed, 1, ahead_s=ahead_s)

    live_on(skewed, 6 * HOUR_S)

    assert created_by_us(skewed) == sources(1)
    assert_left_to_a_person(skewed)


@pytest.mark.parametrize("jump", [AN_HOUR, -AN_HOUR], ids=["ahead", "back"])
@pytest.mark.parametrize("mode", ["now", "scheduled"])
def test_a_wall_clock_that_jumps_for_six_seconds_ends_nothing(
    stage: Stage, mode: str, jump: timedelta
):
    began_at = stage.at
    jumped = [timedelta(0)]
    steady = SteadyClock(
        lambda: stage.at + jumped[0], lambda: (stage.at - began_at).total_seconds()
    )
    stage.engine = stage.engine_of("worker-a", now=steady)
    stage.sandbox.fault(fault="busy_429", seconds=2)
    if mode == "now":
        stage.accept(3)
    else:
        dated(stage, 3, ahead_s=120)
    stage.play()
    assert stage.states() == [PENDING] * 3

    jumped[0] = jump
    stage.pass_time(6)
    in_the_jump = stage.states()
    jumped[0] = timedelta(0)
    stage.sandbox.clear_faults()
    live_on(stage, 600)

    assert in_the_jump == [PENDING] * 3
    assert (stage.live(), stage.states()) == (sources(1, 2, 3), [PUBLISHED] * 3)
    assert_told(stage)


@pytest.fixture
def madrid(store: str) -> Stage:
    """A stage on the evening before the clocks go back, for an account in Madrid."""
    stage = Stage(SandboxHere("2027-10-30T20:00:00Z"))
    stage.sandbox.fault(fault="show_in_brand_zone")
    return stage


@pytest.mark.parametrize("dates", [TWICE[:1], TWICE[1:], TWICE], ids=["first", "second", "both"])
def test_of_the_hour_that_comes_twice_the_one_that_was_asked_for_is_meant(
    madrid: Stage, dates: list[datetime]
):
    count = len(dates)
    madrid.accept(count, dates=dates, gap_s=60.0)
    madrid.play()
    assert madrid.states() == [WAITING] * count

    for index, date in enumerate(dates):
        until_before(madrid, date, by_s=30)
        assert [clip.planned_for for clip in madrid.clips()] == dates
        assert madrid.states() == [PUBLISHED] * index + [WAITING] * (count - index)
    live_on(madrid, 600)

    out_at = [datetime.fromisoformat(line["time"]) for line in lines(madrid, "published")]
    assert all(
        date <= at < date + timedelta(minutes=1) for date, at in zip(dates, out_at, strict=True)
    )
    assert madrid.live() == sources(*range(1, count + 1))
    assert madrid.states() == [PUBLISHED] * count
    assert created_by_us(madrid) == madrid.live()
    assert_told(madrid)


def test_a_story_of_the_second_hour_whose_answer_was_lost_is_found(madrid: Stage):
    madrid.sandbox.fault(fault="create_then_drop", times=1)
    madrid.accept(1, dates=TWICE[1:])
    madrid.play()
    found = madrid.clips()[0].planned_for

    live_on(madrid, 8 * HOUR_S)

    assert found == TWICE[1]
    assert "failed" not in statuses_told("b1")
    assert (madrid.live(), madrid.states()) == (sources(1), [PUBLISHED])
    assert created_by_us(madrid) == sources(1)


@pytest.mark.parametrize("wrong", [2 * AN_HOUR, -2 * AN_HOUR], ids=["ahead", "behind"])
def test_a_process_that_starts_with_a_wrong_clock_calls_nothing_missed(
    skewed: Stage, wrong: timedelta
):
    skewed.accept(1)
    just_started = skewed.engine_of("worker-b", now=lambda: skewed.at + wrong)

    step(skewed.bells.pop(), just_started)
    step(skewed.clips()[0].id, skewed.engine)
    live_on(skewed, 3 * HOUR_S)

    assert (skewed.live(), skewed.states()) == (sources(1), [PUBLISHED])


def test_a_process_that_starts_with_a_wrong_clock_keeps_a_date_that_is_ahead(skewed: Stage):
    date = skewed.at + timedelta(minutes=30)
    skewed.accept(1, dates=[date])
    just_started = skewed.engine_of("worker-b", now=lambda: skewed.at + AN_HOUR)

    step(skewed.bells.pop(), just_started)
    live_on(skewed, 3 * HOUR_S)

    [live] = lines(skewed, "published")
    assert datetime.fromisoformat(live["plannedFor"]) == date
    assert skewed.states() == [PUBLISHED]
