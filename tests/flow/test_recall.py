"""Pause, resume and cancel of what Metricool has already, with dates still ahead."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise

import pytest

from storyclip.domain import crashpoint
from storyclip.domain.batch import Status
from storyclip.domain.clip import Event, State
from storyclip.flow.control import Outcome
from storyclip.flow.step import step
from storyclip.store.publishing import wishes
from tests.flow.acts import created_by_us, deleted_by_us, die, slowly
from tests.flow.conftest import Stage, source
from tests.flow.test_control import hand
from tests.people import of
from tests.store.making import record

ALL = [source("b1", n) for n in (1, 2, 3)]


def handed_over(stage: Stage, ahead: timedelta = timedelta(hours=2)) -> list[datetime]:
    dates = [stage.at + ahead + timedelta(minutes=n) for n in range(3)]
    stage.accept(3, dates=dates, gap_s=60.0)
    stage.play()
    assert stage.states() == [State.WAITING_CONFIRMATION] * 3
    return dates


def test_a_pause_deletes_what_was_handed_over_and_keeps_the_dates(stage: Stage):
    dates = handed_over(stage)

    hand(stage).pause(stage.batch())

    assert deleted_by_us(stage) == ALL[::-1]
    assert stage.states() == [State.PENDING] * 3
    assert [clip.wished_for for clip in stage.clips()] == dates
    assert {clip.post_id for clip in stage.clips()} == {None}
    stage.pass_time(3 * 3600)
    assert created_by_us(stage) == ALL
    assert stage.live() == []


def test_a_resume_hands_over_anew_on_the_dates_that_lie_ahead(stage: Stage):
    dates = handed_over(stage)
    hand(stage).pause(stage.batch())
    stage.pass_time(600)

    hand(stage).resume(stage.batch())
    stage.pass_time(10)

    assert stage.states() == [State.WAITING_CONFIRMATION] * 3
    assert [clip.planned_for for clip in stage.clips()] == dates
    stage.pass_time(3 * 3600)
    assert stage.live() == ALL
    assert stage.seqs() == list(range(1, len(stage.seqs()) + 1))


def test_a_resume_after_the_dates_plans_the_rest_anew_at_the_interval(stage: Stage):
    handed_over(stage)
    hand(stage).pause(stage.batch())
    stage.pass_time(5 * 3600)

    hand(stage).resume(stage.batch())
    resumed_at = stage.at
    stage.pass_time(10)

    planned = [clip.planned_for for clip in stage.clips() if clip.planned_for is not None]
    assert len(planned) == 3
    assert planned[0] - resumed_at < timedelta(minutes=2)
    assert [after - before for before, after in pairwise(planned)] == [timedelta(minutes=1)] * 2
    stage.pass_time(600)
    assert stage.live() == ALL


def test_a_pause_when_the_first_is_out_recalls_the_others_alone(stage: Stage):
    handed_over(stage, timedelta(minutes=2))
    stage.pass_time(150)
    assert stage.live() == ALL[:1]

    hand(stage).pause(stage.batch())
    hand(stage).resume(stage.batch())
    stage.pass_time(900)

    assert deleted_by_us(stage) == ALL[:0:-1]
    assert stage.live() == ALL
    assert stage.batch().status is Status.COMPLETED


def test_a_cancel_deletes_all_that_was_handed_over(stage: Stage):
    handed_over(stage)

    outcome = hand(stage).cancel(stage.batch())
    stage.pass_time(3 * 3600)

    assert outcome == Outcome((), (1, 2, 3), (), ())
    assert sorted(deleted_by_us(stage)) == ALL
    assert (created_by_us(stage), stage.live()) == (ALL, [])
    assert stage.batch().status is Status.CANCELLED


@pytest.mark.parametrize("died", ["before", "after"])
def test_what_a_dead_worker_deleted_is_sent_anew_though_resumed_before_anybody_looked(
    stage: Stage, died: str
):
    handed_over(stage)
    wishes.pause("b1", of("ana"), stage.at)
    with slowly(stage, "delete_post", **{died: die}), pytest.raises(KeyboardInterrupt):
        stage.play()
    stage.bells.clear()

    wishes.resume("b1", of("ana"), stage.at, stage.at)
    stage.pass_time(10)
    stage.pass_time(3 * 3600)

    assert stage.states() == [State.PUBLISHED] * 3
    assert stage.live() == ALL
    assert [clip.taken_back_at for clip in stage.clips()] == [None] * 3


def test_what_a_person_deletes_of_a_batch_that_goes_on_is_still_told(stage: Stage):
    handed_over(stage)
    post_id = stage.clips()[1].post_id
    assert post_id is not None
    stage.upstream.delete_post("2000001", post_id)

    stage.pass_time(3 * 3600)

    clip = stage.clips()[1]
    assert (clip.state, clip.error_code) == (State.CANCELLED, "deleted_in_metricool")


def test_who_looked_just_before_a_cancel_cannot_put_the_clip_off(stage: Stage):
    stage.accept(1, dates=[stage.at + timedelta(hours=2)], gap_s=60.0)

    with slowly(stage, "post", after=lambda: wishes.cancel("b1", of("ana"), stage.at)):
        stage.play()
    stage.pass_time(5)

    assert stage.states() == [State.CANCELLED]
    assert deleted_by_us(stage) == [source("b1", 1)]


def test_a_clip_whose_file_is_not_copied_is_not_called_deleted_for_what_was_recalled(
    stage: Stage,
):
    stage.sandbox.fault(fault="normalize_echo")
    batch = stage.accept(1, dates=[stage.at + timedelta(minutes=20)], gap_s=60.0)
    stage.play()
    wishes.pause(batch.batch_id, of(batch.user_id), stage.at)
    stage.pass_time(5)
    assert deleted_by_us(stage) == [source("b1", 1)]
    stage.sandbox.fault(fault="drop_before_create", times=1)
    wishes.resume(batch.batch_id, of(batch.user_id), stage.at, stage.at)

    stage.pass_time(3600)

    clip = stage.clips()[0]
    assert (clip.state, clip.error_code) == (State.FAILED, "unconfirmed")


def test_an_id_brought_home_after_its_post_was_taken_back_is_not_held_again(stage: Stage):
    stage.accept(1, dates=[stage.at + timedelta(hours=2)], gap_s=60.0)

    def called_dead_and_taken_back() -> None:
        clip = stage.clips()[0]
        record(clip, Event.UNANSWERED, at=stage.at, next_at=stage.at)
        wishes.pause("b1", of("ana"), stage.at)
        step(clip.id, stage.engine_of("worker-b"))
        assert deleted_by_us(stage) == [source("b1", 1)]

    with slowly(stage, "submit_story", after=called_dead_and_taken_back):
        stage.play()
    assert stage.states() == [State.PENDING]
    wishes.resume("b1", of("ana"), stage.at, stage.at)
    stage.pass_time(3 * 3600)

    assert stage.states() == [State.PUBLISHED]
    assert stage.live() == [source("b1", 1)]


def test_a_clip_put_back_for_a_pause_that_is_over_by_then_goes_on_by_itself(stage: Stage):
    batch = stage.accept(1, dates=[stage.at + timedelta(hours=2)], gap_s=60.0)
    passed = list[str]()

    def meanwhile(point: str) -> bool:
        passed.append(point)
        if point == "media_prepared":
            wishes.pause(batch.batch_id, of(batch.user_id), stage.at)
        elif point == "decided" and passed.count(point) == 4:
            # The count of the month and the claim were written, the intent was refused: now it
            # is about to be put back
            wishes.resume(batch.batch_id, of(batch.user_id), stage.at, stage.at)
        return False

    crashpoint.arm(meanwhile)
    stage.play()
    crashpoint.arm(None)
    stage.pass_time(2)

    assert stage.states() == [State.WAITING_CONFIRMATION]
