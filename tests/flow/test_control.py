"""Pause, resume and cancel, judged by what the sandbox's ledger shows after the answer."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from storyclip.domain.batch import Status
from storyclip.domain.clip import Clip, Event, State
from storyclip.domain.errors import ActionRefused, LostRace, NotItsTurn, RefusalCode
from storyclip.flow.control import Hand, Outcome, Patience, outcome_of
from storyclip.flow.visit import SLACK_S
from storyclip.store.history.events import events_since
from storyclip.store.publishing import clips, wishes
from tests.flow.acts import created_by_us, deleted_by_us, die, slowly, until
from tests.flow.conftest import Stage, source
from tests.people import of
from tests.store.making import at_once, record


def hand(stage: Stage) -> Hand:
    """The user's hand, in whose waiting the workers get their steps."""
    spent = [0.0]

    def work(seconds: float) -> None:
        spent[0] += seconds
        stage.play()

    return Hand(stage.settings, lambda: stage.at, Patience(lambda: spent[0], work), of("ana"), None)


def types(stage: Stage) -> list[str]:
    return [event["type"] for event in events_since("b1", 0)]


def test_a_pause_lets_the_clip_in_hand_finish_and_starts_no_other(stage: Stage):
    batch = stage.accept(3)
    until(stage, State.WAITING_CONFIRMATION, 2)

    hand(stage).pause(batch)
    stage.pass_time(600)

    assert stage.states() == [State.PUBLISHED, State.PUBLISHED, State.PENDING]
    assert stage.batch().status is Status.PAUSED
    assert created_by_us(stage) == [source("b1", 1), source("b1", 2)]
    assert types(stage).count("paused") == 1


def test_a_pause_waits_until_a_worker_that_was_called_dead_can_send_no_more(stage: Stage):
    batch, spent = stage.accept(1), [0.0]
    intended = record(
        stage.clips()[0], Event.CLAIMED, at=stage.at, worker="slow", intended_at=stage.at
    )
    record(intended, Event.UNANSWERED, at=stage.at)

    def wait(seconds: float) -> None:
        spent[0] += seconds
        stage.at += timedelta(seconds=seconds)

    patience = Patience(lambda: spent[0], wait)
    Hand(stage.settings, lambda: stage.at, patience, of("ana"), None).pause(batch)

    assert spent[0] == pytest.approx(SLACK_S, abs=0.1)


def test_a_resumed_batch_goes_on_at_the_next_clip(stage: Stage):
    batch = stage.accept(3)
    until(stage, State.WAITING_CONFIRMATION, 2)
    hand(stage).pause(batch)
    stage.pass_time(600)

    hand(stage).resume(stage.batch())
    stage.pass_time(300)

    assert stage.states() == [State.PUBLISHED] * 3
    assert stage.live() == [source("b1", n) for n in (1, 2, 3)]
    assert types(stage).count("resumed") == 1
    assert stage.seqs() == list(range(1, len(stage.seqs()) + 1))


def test_after_a_pause_of_days_the_rest_is_not_called_missed(stage: Stage):
    batch = stage.accept(3)
    until(stage, State.WAITING_CONFIRMATION, 1)
    hand(stage).pause(batch)
    stage.pass_time(3 * 24 * 3600)

    hand(stage).resume(stage.batch())
    stage.pass_time(600)

    assert stage.states() == [State.PUBLISHED] * 3


def test_a_resumed_batch_does_not_come_between_the_clips_of_one_that_it_let_by(stage: Stage):
    first = stage.accept(3, name="b1")
    until(stage, State.PUBLISHED, 1)
    hand(stage).pause(first)
    stage.accept(3, name="b2")
    while stage.states("b2")[0] is not State.PUBLISHED:
        stage.pass_time(1)

    hand(stage).resume(stage.batch())
    stage.pass_time(900)

    live = stage.live()
    after_b2_began = live[live.index(source("b2", 1)) :]
    assert after_b2_began == [
        *[source("b2", n) for n in (1, 2, 3)],
        *[source("b1", n) for n in (1, 2, 3) if source("b1", n) in after_b2_began],
    ]
    assert sorted(live) == sorted(source(b, n) for b in ("b1", "b2") for n in (1, 2, 3))


def test_a_batch_that_paused_itself_goes_on_after_the_clip_that_failed(stage: Stage):
    stage.sandbox.fault(fault="refuse", words="no such codec", source=source("b1", 2))
    stage.accept(3, on_failure="pause")
    stage.pass_time(300)
    assert stage.batch().status is Status.PAUSED

    hand(stage).resume(stage.batch())
    stage.pass_time(300)

    assert stage.states() == [State.PUBLISHED, State.FAILED, State.PUBLISHED]
    assert stage.batch().status is Status.COMPLETED


def test_a_cancel_deletes_the_clip_whose_minute_has_not_come(stage: Stage):
    batch = stage.accept(4)
    until(stage, State.PUBLISHED, 1)
    until(stage, State.WAITING_CONFIRMATION, 2)

    outcome = hand(stage).cancel(batch)
    made = created_by_us(stage)
    stage.pass_time(900)

    assert outcome == Outcome((1,), (2, 3, 4), (), ())
    assert stage.batch().status is Status.CANCELLED
    assert created_by_us(stage) == made
    assert deleted_by_us(stage) == [source("b1", 2)]
    assert stage.live() == [source("b1", 1)]
    assert types(stage)[-1] == "cancelled"
    assert types(stage).count("cancelled") == 1
    assert stage.seqs() == list(range(1, len(stage.seqs()) + 1))


def test_a_cancel_of_what_is_going_out_this_moment_says_that_it_is_unknown(stage: Stage):
    stage.sandbox.fault(fault="publishing_for_long", seconds=40)
    batch = stage.accept(2)
    until(stage, State.WAITING_CONFIRMATION, 1)
    planned_for = stage.clips()[0].planned_for
    assert planned_for is not None
    stage.pass_time((planned_for - stage.at).total_seconds() + 2)

    outcome = hand(stage).cancel(batch)

    assert outcome == Outcome((), (2,), (), (1,))
    stage.pass_time(300)
    assert outcome_of(stage.clips()) == Outcome((1,), (2,), (), ())
    assert stage.live() == [source("b1", 1)]
    assert deleted_by_us(stage) == []


def test_a_cancelled_batch_whose_answer_was_lost_is_looked_for_and_deleted(stage: Stage):
    stage.sandbox.fault(fault="create_then_drop", times=1)
    stage.sandbox.fault(fault="list_fails", status=503)
    batch = stage.accept(2)
    stage.play()
    assert stage.states()[0] is State.VERIFYING

    outcome = hand(stage).cancel(batch)
    assert outcome == Outcome((), (2,), (), (1,))
    stage.sandbox.clear_faults()
    stage.pass_time(10)

    assert stage.states() == [State.CANCELLED] * 2
    assert stage.live() == []
    assert deleted_by_us(stage) == [source("b1", 1)]


def test_a_cancelled_clip_that_never_arrived_is_not_sent_again(stage: Stage):
    stage.sandbox.fault(fault="drop_before_create", times=1)
    batch = stage.accept(2)
    stage.play()
    wishes.cancel(batch.batch_id, of(batch.user_id), stage.at)

    stage.pass_time(900)

    assert stage.states() == [State.CANCELLED] * 2
    assert created_by_us(stage) == []
    assert stage.batch().status is Status.CANCELLED


def test_what_was_being_prepared_when_the_batch_was_cancelled_is_not_sent(stage: Stage):
    stage.accept(2)

    with slowly(stage, "prepare_media", before=lambda: wishes.cancel("b1", of("ana"), stage.at)):
        stage.play()
    stage.pass_time(600)

    assert stage.states() == [State.CANCELLED] * 2
    assert created_by_us(stage) == []


@pytest.mark.parametrize("died", ["before", "after"])
def test_a_worker_that_dies_while_it_deletes_leaves_a_clip_that_is_cancelled(
    stage: Stage, died: str
):
    batch = stage.accept(2)
    until(stage, State.WAITING_CONFIRMATION, 1)
    wishes.cancel(batch.batch_id, of(batch.user_id), stage.at)
    with slowly(stage, "delete_post", **{died: die}), pytest.raises(KeyboardInterrupt):
        stage.play()

    stage.pass_time(5)

    clip = stage.clips()[0]
    assert (clip.state, clip.error_code) == (State.CANCELLED, None)
    assert deleted_by_us(stage) == [source("b1", 1)]
    assert stage.live() == []


def test_what_was_live_before_it_was_deleted_is_called_published(stage: Stage):
    batch = stage.accept(1)
    until(stage, State.WAITING_CONFIRMATION, 1)
    wishes.cancel(batch.batch_id, of(batch.user_id), stage.at)

    with slowly(stage, "delete_post", before=lambda: stage.stand_still(150)):
        stage.play()

    assert stage.live() == [source("b1", 1)]
    assert stage.states() == [State.PUBLISHED]
    assert outcome_of(stage.clips()).published == (1,)


def test_a_cancel_without_an_answer_from_metricool_says_what_is_unknown_and_goes_on(stage: Stage):
    batch = stage.accept(2)
    until(stage, State.WAITING_CONFIRMATION, 1)
    stage.sandbox.fault(fault="get_fails", status=503)

    outcome = hand(stage).cancel(batch)

    assert outcome.unknown == (1,)
    stage.sandbox.clear_faults()
    stage.pass_time(5)
    assert outcome_of(stage.clips()) == Outcome((), (1, 2), (), ())


def test_a_paused_batch_of_a_refused_account_says_both(stage: Stage):
    batch = stage.accept(2)
    stage.sandbox.fault(fault="token_revoked")
    stage.play()

    hand(stage).pause(batch)
    stage.pass_time(300)

    assert stage.batch().status is Status.PAUSED
    assert created_by_us(stage) == []
    stage.sandbox.clear_faults()
    stage.pass_time(300)
    assert created_by_us(stage) == []


@pytest.mark.parametrize("action", ["pause", "resume", "cancel"])
def test_nothing_can_be_done_with_a_batch_that_has_ended(stage: Stage, action: str):
    stage.accept(1)
    stage.pass_time(200)
    before = stage.seqs()

    with pytest.raises(ActionRefused) as refusal:
        getattr(hand(stage), action)(stage.batch())

    assert refusal.value.code is RefusalCode.BATCH_ENDED
    assert stage.seqs() == before


def test_a_wish_repeated_is_answered_and_changes_nothing(stage: Stage):
    batch = stage.accept(2)
    hand(stage).pause(batch)
    hand(stage).cancel(batch)
    before = stage.seqs()

    with pytest.raises(ActionRefused, match="cancelled"):
        hand(stage).pause(batch)
    outcome = hand(stage).cancel(batch)

    assert outcome == Outcome((), (1, 2), (), ())
    assert stage.seqs() == before


def test_a_batch_that_goes_on_by_itself_cannot_be_resumed(stage: Stage):
    batch = stage.accept(2)

    with pytest.raises(ActionRefused) as refusal:
        hand(stage).resume(batch)

    assert refusal.value.code is RefusalCode.NOT_PAUSED


@pytest.mark.parametrize("wish", [wishes.cancel, wishes.pause])
def test_of_a_wish_and_a_claim_at_once_the_first_counts(stage: Stage, wish: Any):
    for number in range(10):
        name = f"race{number}"
        batch = stage.accept(2, name=name, account=str(2000100 + number))
        clip = stage.clips(name)[0]

        claim, _ = at_once(
            partial(record, clip, Event.CLAIMED, at=stage.at, worker="w"),
            partial(wish, batch.batch_id, of(batch.user_id), stage.at),
        )

        assert isinstance(claim, Clip | LostRace | NotItsTurn), claim
        if isinstance(claim, Clip):
            with pytest.raises(NotItsTurn):
                record(claim, Event.INTENDED, at=stage.at)
        seqs = stage.seqs(name)
        assert seqs == list(range(1, len(seqs) + 1))


@pytest.mark.parametrize("wish", [wishes.cancel, wishes.pause])
def test_of_a_wish_and_an_intent_at_once_nothing_is_intended_after_the_answer(
    stage: Stage, wish: Any
):
    for number in range(10):
        name = f"race{number}"
        batch = stage.accept(2, name=name, account=str(2000100 + number))
        clip = record(stage.clips(name)[0], Event.CLAIMED, at=stage.at, worker="w")

        intent, _ = at_once(
            partial(record, clip, Event.INTENDED, at=stage.at, intended_at=stage.at),
            partial(wish, batch.batch_id, of(batch.user_id), stage.at),
        )

        assert isinstance(intent, Clip | NotItsTurn), intent
        assert (clips.find(clip.id).intended_at is None) == isinstance(intent, NotItsTurn)


def test_two_cancels_at_once_are_one(stage: Stage):
    batch = stage.accept(5)
    twice = [partial(wishes.cancel, batch.batch_id, of(batch.user_id), stage.at)] * 2

    first, second = at_once(*twice)

    assert first.status is second.status is Status.CANCELLED
    assert stage.seqs() == list(range(1, 1 + 1 + 1 + 5))
