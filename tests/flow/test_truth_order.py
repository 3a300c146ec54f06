"""Order is a list: whatever the user's hand and Metricool do, clips go out as they were asked."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from storyclip.domain.batch import Status
from storyclip.domain.errors import RefusalCode
from storyclip.flow.step import step
from storyclip.sandbox.process import SandboxProcess
from storyclip.store.publishing import clips, wishes
from tests.flow.acts import (
    CANCELLED,
    DAY_S,
    FAILED,
    HOUR_S,
    PENDING,
    PUBLISHED,
    WAITING,
    assert_told,
    created_by_us,
    dated,
    deleted_by_us,
    hand,
    incidents,
    live_on,
    on_sqlite,
    person,
    sources,
    until,
)
from tests.flow.conftest import Stage
from tests.flow.test_retry import refused, retry
from tests.people import of

pytestmark = on_sqlite

ALL = sources(1, 2, 3)


def resume(stage: Stage) -> None:
    wishes.resume("b1", of("ana"), stage.at, stage.at + timedelta(minutes=1))


@pytest.mark.parametrize("ahead_s", [60.0, 120.0, 2 * HOUR_S])
@pytest.mark.parametrize("steps", [0, 1, 2, 5, 9])
def test_twelve_clips_paused_and_resumed_in_a_moment_keep_their_order(
    stage: Stage, steps: int, ahead_s: float
):
    dated(stage, 12, ahead_s=ahead_s)
    wishes.pause("b1", of("ana"), stage.at)
    for _ in range(steps):
        if not stage.bells:
            stage.stand_still(0.12)
            stage.bells += clips.make_due(stage.at, portion=1000)
        if stage.bells:
            step(stage.bells.pop(0), stage.engine)

    resume(stage)
    live_on(stage, ahead_s + HOUR_S)

    assert stage.live() == sources(*range(1, 13))
    assert stage.states() == [PUBLISHED] * 12
    assert_told(stage)


@pytest.mark.parametrize("ahead_s", [60.0, 180.0, 2 * HOUR_S])
@pytest.mark.parametrize("nth", [1, 2, 3])
def test_a_resume_in_the_middle_of_a_recall_keeps_the_order(stage: Stage, nth: int, ahead_s: float):
    dated(stage, 4, ahead_s=ahead_s)
    wishes.pause("b1", of("ana"), stage.at)
    _before_the_nth_delete(stage, nth, lambda: resume(stage))

    live_on(stage, ahead_s + 1800)

    assert (stage.live(), stage.states()) == (sources(1, 2, 3, 4), [PUBLISHED] * 4)
    assert_told(stage)


def _before_the_nth_delete(stage: Stage, nth: int, act: Callable[[], object]) -> None:
    delete, calls = stage.upstream.delete_post, [0]

    def counted(*of: Any) -> None:
        calls[0] += 1
        if calls[0] == nth:
            act()
        delete(*of)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stage.upstream, "delete_post", counted)
        stage.play()
    assert calls[0] >= nth


@pytest.mark.parametrize("ahead_s", [60.0, 120.0, 2 * HOUR_S])
@pytest.mark.parametrize("index", [1, 2, 4, 8])
def test_one_429_on_one_delete_keeps_the_order_of_eight(stage: Stage, index: int, ahead_s: float):
    dated(stage, 8, ahead_s=ahead_s)
    stage.sandbox.fault(fault="busy_429", call="delete", source=sources(index)[0], times=1)

    hand(stage).pause(stage.batch())
    hand(stage).resume(stage.batch())
    live_on(stage, 3 * HOUR_S)

    assert [fault["used"] for fault in stage.sandbox.faults()] == [1]
    assert (stage.live(), stage.states()) == (sources(*range(1, 9)), [PUBLISHED] * 8)
    assert_told(stage)


@pytest.mark.parametrize("others", ["upstream", "still to come"])
def test_a_dated_clip_asked_for_again_a_week_ahead_keeps_its_date_and_the_order(
    stage: Stage, others: str
):
    stage.sandbox.fault(fault="refuse", words="no such codec", source=sources(2)[0], times=1)
    dates = dated(stage, 3, ahead_s=7 * DAY_S)
    assert stage.states()[1] is FAILED
    if others == "still to come":
        hand(stage).pause(stage.batch())

    done = retry(stage, 2)
    if others == "still to come":
        hand(stage).resume(stage.batch())
    live_on(stage, 600)

    assert not done.is_late
    assert stage.live() == []
    assert [clip.planned_for for clip in stage.clips()] == dates
    live_on(stage, 8 * DAY_S)
    assert (stage.live(), stage.states()) == (ALL, [PUBLISHED] * 3)


def test_a_dated_clip_asked_for_again_after_the_next_one_is_out_says_that_it_comes_late(
    stage: Stage,
):
    stage.sandbox.fault(fault="network_error", words="Error 190: expired", source=sources(1)[0])
    dated(stage, 2, ahead_s=120)
    live_on(stage, 600)
    stage.sandbox.clear_faults()
    assert stage.states() == [FAILED, PUBLISHED]

    assert refused(stage, 1) is RefusalCode.ORDER_WOULD_CHANGE
    done = retry(stage, 1, order_may_change=True)
    live_on(stage, 300)

    assert done.is_late
    assert (stage.live(), stage.states()) == (sources(2, 1), [PUBLISHED] * 2)


def test_a_dated_batch_that_pauses_itself_recalls_what_comes_after_the_failure(stage: Stage):
    stage.sandbox.fault(fault="network_error", words="Error 190: expired", source=sources(1)[0])
    dated(stage, 4, ahead_s=300, on_failure="pause")

    live_on(stage, 1200)

    assert stage.batch().status is Status.PAUSED
    assert stage.states() == [FAILED, PENDING, PENDING, PENDING]
    assert deleted_by_us(stage) == sources(4, 3, 2)
    assert stage.live() == []
    assert_told(stage)


def test_a_story_that_metricool_moves_silently_past_the_next_goes_out_before_it(stage: Stage):
    stage.sandbox.fault(fault="date_moved", seconds=180, source=sources(1)[0], times=1)
    dated(stage, 3)

    live_on(stage, 3 * HOUR_S)

    assert (stage.live(), stage.states()) == (ALL, [PUBLISHED] * 3)
    assert_told(stage)


@pytest.mark.parametrize("more", [None, "create_then_drop"])
def test_what_is_asked_for_again_and_moved_past_later_ones_has_them_taken_back(
    stage: Stage, more: str | None
):
    stage.sandbox.fault(fault="refuse", words="no such codec", source=sources(2)[0], times=1)
    dated(stage, 4)
    assert stage.states()[1] is FAILED
    stage.sandbox.fault(fault="date_moved", seconds=180, source=sources(2)[0], times=1)
    if more is not None:
        stage.sandbox.fault(fault=more, source=sources(2)[0], times=1)

    done = retry(stage, 2)
    live_on(stage, 3 * HOUR_S)

    assert not done.is_late
    assert (stage.live(), stage.states()) == (sources(1, 2, 3, 4), [PUBLISHED] * 4)
    assert_told(stage)


@pytest.mark.parametrize(
    ("failed", "gap_s", "order"),
    [
        (3, 600.0, [1, 4, 2, 5, 3, 6]),
        (3, 120.0, [1, 4, 5, 2, 6, 3]),
        (2, 300.0, [1, 3, 2, 4, 5, 6]),
    ],
)
def test_of_several_asked_for_again_the_last_ones_date_tells_whether_the_order_is_kept(
    stage: Stage, failed: int, gap_s: float, order: list[int]
):
    expired = {"fault": "network_error", "words": "The access token expired (#190)", "times": 1}
    for source in sources(*range(1, failed + 1)):
        stage.sandbox.fault(**expired, source=source)
    first = stage.at + timedelta(minutes=5)
    dates = [first + n * timedelta(seconds=gap_s) for n in range(6)]
    stage.accept(6, dates=dates, gap_s=gap_s)
    stage.play()
    until(stage, FAILED, failed)

    assert refused(stage) is RefusalCode.ORDER_WOULD_CHANGE
    done = retry(stage, order_may_change=True)
    live_on(stage, 3 * HOUR_S)

    assert (done.is_late, stage.live()) == (True, sources(*order))


@pytest.mark.parametrize("is_resumed_first", [False, True])
def test_the_next_waits_for_one_that_is_looked_for_once_more(
    store: str, sandbox: SandboxProcess, is_resumed_first: bool
):
    stage = Stage(sandbox, STORYCLIP_MAX_LATE_S="600")
    stage.sandbox.fault(fault="drop_before_create", source=sources(1)[0], times=1)
    stage.sandbox.fault(fault="list_fails", status=500)
    stage.accept(2, on_failure="pause")
    until(stage, FAILED)
    stage.sandbox.clear_faults()

    wishes_in_turn = [lambda: retry(stage, 1), lambda: hand(stage).resume(stage.batch())]
    for wish in reversed(wishes_in_turn) if is_resumed_first else wishes_in_turn:
        wish()
    live_on(stage, 900)

    assert (stage.live(), stage.states()) == (sources(1, 2), [PUBLISHED] * 2)
    assert_told(stage)


@pytest.mark.parametrize("act", ["move", "edit"])
def test_a_lane_does_not_wait_for_a_story_that_somebody_moved_to_next_week(stage: Stage, act: str):
    stage.accept(3)
    stage.play()
    person(stage, act, date=stage.at + timedelta(days=7))

    live_on(stage, 900)

    assert (stage.live(), stage.states()) == (sources(2, 3), [WAITING, PUBLISHED, PUBLISHED])
    assert incidents(stage) == ["moved_far"]
    live_on(stage, 8 * DAY_S)
    assert (stage.live(), stage.states()) == (sources(2, 3, 1), [PUBLISHED] * 3)
    assert created_by_us(stage) == ALL
    assert_told(stage)


def test_what_was_let_go_can_be_cancelled_until_it_is_out(stage: Stage):
    stage.accept(2)
    stage.play()
    person(stage, "move", date=stage.at + timedelta(days=7))
    live_on(stage, 900)

    hand(stage).cancel(stage.batch())
    live_on(stage, 8 * DAY_S)

    assert (stage.live(), stage.states()) == (sources(2), [CANCELLED, PUBLISHED])
