"""A recall that Metricool does not let us finish: what can be stopped is, and order is kept."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from storyclip.domain.batch import Status
from storyclip.domain.errors import ActionRefused, RetrySafety
from storyclip.flow.retry import Retry
from storyclip.store.publishing import wishes
from tests.flow.acts import (
    CANCELLED,
    DAY_S,
    FAILED,
    HOUR_S,
    PENDING,
    PUBLISHED,
    assert_told,
    dated,
    deleted_by_us,
    hand,
    impatient,
    live_on,
    on_sqlite,
    person,
    post_id,
    sources,
    until,
)
from tests.flow.conftest import Stage
from tests.people import of

pytestmark = on_sqlite


def test_a_pause_on_top_of_one_that_came_by_itself_is_true_when_it_is_answered(stage: Stage):
    stage.sandbox.fault(fault="refuse", words="no such codec", source=sources(4)[0], times=1)
    stage.sandbox.fault(fault="status_before_delete", status=500)
    dated(stage, 4, on_failure="pause")
    assert stage.batch().status is Status.PAUSED

    while_it_cannot = hand(stage).pause(stage.batch())
    stage.sandbox.clear_faults()
    once_it_can = hand(stage).pause(stage.batch())
    live_on(stage, 3 * HOUR_S)

    assert while_it_cannot == (1, 2, 3)
    assert once_it_can == ()
    assert stage.live() == []
    assert stage.states() == [PENDING, PENDING, PENDING, FAILED]


def test_a_pause_while_the_last_clip_is_being_sent_takes_nothing_back_before_it(stage: Stage):
    submit, sent, meanwhile = stage.upstream.submit_story, list[str](), list[list[str]]()

    def paused_after_the_third(*asked: Any) -> Any:
        post = submit(*asked)
        sent.append(post.id)
        if len(sent) == 3:
            wishes.pause("b1", of("ana"), stage.at)
            stage.play(stage.engine_of("worker-b"))
            meanwhile.append(deleted_by_us(stage))
        return post

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stage.upstream, "submit_story", paused_after_the_third)
        dated(stage, 3)
    live_on(stage, HOUR_S)

    assert meanwhile == [[]]
    assert deleted_by_us(stage) == sources(3, 2, 1)
    assert (stage.live(), stage.states()) == ([], [PENDING] * 3)


CAME_LATE = "order_lost"


@pytest.mark.parametrize(
    ("after_s", "live", "codes"),
    [
        (0, [1, 2, 3], [None, None, None]),
        (60, [1, 2, 3], [None, None, None]),
        (100, [1, 3], [None, CAME_LATE, None]),
        (150, [3], [CAME_LATE, CAME_LATE, None]),
    ],
)
def test_nothing_comes_after_a_later_clip_that_could_not_be_taken_back(
    stage: Stage, after_s: int, live: list[int], codes: list[str | None]
):
    dated(stage, 3, ahead_s=120)
    stage.sandbox.fault(fault="status_before_delete", status=500, source=sources(3)[0])
    still_out = hand(stage).pause(stage.batch())
    stage.pass_time(after_s)

    hand(stage).resume(stage.batch())
    live_on(stage, 1200)

    assert still_out == (3,)
    assert stage.live() == sources(*live)
    assert [clip.error_code for clip in stage.clips()] == codes
    assert_told(stage)


def test_a_later_clip_that_somebody_moved_is_waited_for_while_it_is_taken_back(stage: Stage):
    *_, last = dated(stage, 3, ahead_s=120)
    person(stage, "move", 3, date=last + timedelta(minutes=1))
    stage.sandbox.fault(fault="status_before_delete", status=500, source=sources(3)[0])
    hand(stage).pause(stage.batch())
    stage.pass_time(180)

    hand(stage).resume(stage.batch())
    live_on(stage, 1200)

    assert stage.live() == sources(1, 3)
    assert [clip.error_code for clip in stage.clips()] == [None, CAME_LATE, None]


def test_a_paused_batch_stops_what_goes_out_next_though_the_last_one_cannot_be_stopped(
    stage: Stage,
):
    dated(stage, 4, ahead_s=900)
    stage.sandbox.fault(fault="status_before_delete", status=500, source=sources(4)[0])

    still_out = hand(stage).pause(stage.batch())
    live_on(stage, HOUR_S)

    assert still_out == (1, 2, 3, 4)
    assert deleted_by_us(stage) == sources(1, 2, 3)
    assert stage.live() == sources(4)
    assert stage.states() == [PENDING, PENDING, PENDING, PUBLISHED]
    assert_told(stage)


def test_a_later_clip_that_ends_otherwise_keeps_none_before_it_in_metricool(stage: Stage):
    dated(stage, 3)
    stage.sandbox.fault(fault="no_date")  # so that nobody knows whether it was gone in time
    stage.sandbox.fault(fault="deleted_undated")

    hand(stage).pause(stage.batch())
    live_on(stage, 120)  # long before anything is due soon

    assert deleted_by_us(stage) == sources(3, 2, 1)
    assert stage.states() == [FAILED] * 3
    assert_told(stage)


def test_what_we_took_back_is_said_to_be_so_once_it_is_known(stage: Stage):
    dated(stage, 2)
    stage.sandbox.fault(fault="no_date")
    stage.sandbox.fault(fault="deleted_undated")
    hand(stage).pause(stage.batch())
    live_on(stage, 120)
    before = [clip.retry_safety for clip in stage.clips()]
    stage.sandbox.clear_faults()

    again = Retry(stage.upstream, stage.settings, stage.at, of("ana"), None)
    again(stage.batch(), 1, order_may_change=True, absence_confirmed=True)
    hand(stage).pause(stage.batch())
    live_on(stage, 120)

    [_, last] = stage.clips()
    assert before == [RetrySafety.CHECK_FIRST] * 2
    assert last.retry_safety is RetrySafety.SAFE
    assert last.error == "StoryClip took it back from Metricool before it went out."
    assert_told(stage)


def _replanned(stage: Stage, failed_by: str) -> datetime:
    """Somebody gives a clip another date that had failed, safely or for all that is known."""
    fault = {"silence": "never_publishes", "a safe error": "network_error"}[failed_by]
    words = {} if failed_by == "silence" else {"words": "Error 190: token has expired"}
    stage.sandbox.fault(fault=fault, source=sources(1)[0], **words)
    stage.accept(2)
    until(stage, FAILED)
    stage.sandbox.clear_faults()
    date = (stage.at + timedelta(days=3)).replace(second=0, microsecond=0)
    person(stage, "edit", date=date)
    return date


@pytest.mark.parametrize(
    ("failed_by", "after_s", "status"),
    [
        ("silence", 0, Status.PROCESSING),
        ("silence", 900, Status.COMPLETED),
        ("a safe error", 0, Status.PROCESSING),
    ],
)
def test_a_cancel_takes_back_what_was_called_failed_and_is_pending_again(
    stage: Stage, failed_by: str, after_s: float, status: Status
):
    _replanned(stage, failed_by)
    stage.pass_time(after_s)
    assert stage.batch().status is status

    outcome = hand(stage).cancel(stage.batch())
    live_on(stage, 4 * DAY_S)

    assert 1 in outcome.cancelled
    assert deleted_by_us(stage)[-1:] == sources(1)
    assert stage.states()[0] is CANCELLED
    assert stage.clips()[0].error is None
    assert sources(1)[0] not in stage.live()
    assert stage.batch().status is Status.CANCELLED
    assert_told(stage)


def test_what_was_called_failed_is_unknown_until_its_delete_has_worked(stage: Stage):
    _replanned(stage, "a safe error")
    stage.sandbox.fault(fault="status_before_delete", status=500, source=sources(1)[0])

    while_it_cannot = hand(stage).cancel(stage.batch())
    stage.sandbox.clear_faults()
    live_on(stage, 120)

    assert 1 in while_it_cannot.unknown
    assert (stage.states()[0], stage.live()) == (CANCELLED, [])
    assert_told(stage)


@pytest.mark.parametrize("fault", ["awaiting_confirmation", "never_publishes"])
def test_a_cancel_after_the_end_deletes_nothing_whose_date_is_over(stage: Stage, fault: str):
    stage.sandbox.fault(fault=fault)
    stage.accept(1)
    until(stage, FAILED)

    outcome = hand(stage).cancel(stage.batch())
    stage.sandbox.force(post_id(stage), status="PUBLISHED")
    live_on(stage, 600)

    assert outcome.unknown == (1,)
    assert deleted_by_us(stage) == []
    assert stage.states() == [PUBLISHED]
    assert_told(stage)


def test_a_batch_that_has_ended_and_of_which_nothing_goes_out_is_not_cancelled(stage: Stage):
    stage.sandbox.fault(fault="refuse", words="no such codec", source=sources(1)[0])
    stage.accept(2)
    live_on(stage, 300)
    assert stage.states() == [FAILED, PUBLISHED]

    with pytest.raises(ActionRefused, match="nothing is left"):
        hand(stage).cancel(stage.batch())


def test_what_is_handled_late_after_a_cancel_is_taken_back_though_it_was_given_up(stage: Stage):
    stage.sandbox.fault(fault="normalize_echo")
    stage.sandbox.fault(fault="delay_before_create", seconds=900, times=1)
    first = stage.at + timedelta(hours=5)
    with impatient(stage, "submit_story"):
        stage.accept(2, dates=[first, first + timedelta(minutes=1)], gap_s=60.0)
        stage.play()
    live_on(stage, 850)
    assert stage.states()[0] is FAILED

    outcome = hand(stage).cancel(stage.batch())
    live_on(stage, 6 * HOUR_S)

    assert 1 in outcome.unknown
    assert (stage.live(), stage.states()) == ([], [CANCELLED] * 2)
    assert_told(stage)


def test_a_pause_names_what_was_called_unconfirmed(stage: Stage):
    stage.sandbox.fault(fault="publishing_for_long", seconds=300, source=sources(1)[0])
    stage.accept(3)
    until(stage, FAILED)

    may_go_out = hand(stage).pause(stage.batch())
    live_on(stage, 600)

    assert 1 in may_go_out
    assert stage.live() == sources(*sorted(may_go_out, key=lambda index: index == 1))


def test_a_pause_names_what_had_failed_safely_and_is_pending_again(stage: Stage):
    date = _replanned(stage, "a safe error")

    may_go_out = hand(stage).pause(stage.batch())

    clip = stage.clips()[0]
    assert 1 in may_go_out
    assert (clip.planned_for, clip.retry_safety) == (date, RetrySafety.CHECK_FIRST)
    assert stage.batch().unconfirmed == 1
    live_on(stage, 4 * DAY_S)
    assert stage.states()[0] is PUBLISHED
    assert_told(stage)
