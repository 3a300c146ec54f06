"""A DELETE is as dangerous as a POST: its answer may be lost, and it may be handled late."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from storyclip.domain.errors import RefusalCode, RetrySafety
from storyclip.flow.control import Outcome, outcome_of
from storyclip.store.publishing import wishes
from tests.flow.acts import (
    CANCELLED,
    DAY_S,
    FAILED,
    HOUR_S,
    PENDING,
    PUBLISHED,
    assert_told,
    created_by_us,
    dated,
    deleted_by_us,
    hand,
    incidents,
    lines,
    live_on,
    on_sqlite,
    person,
    post_id,
    slowly,
    sources,
    until,
    until_before,
)
from tests.flow.conftest import ACCOUNT, Stage
from tests.flow.test_retry import refused, retry
from tests.people import of

pytestmark = on_sqlite

ALL = sources(1, 2, 3)
FAILING = [
    {"fault": "status_before_delete", "status": 500},
    {"fault": "drop_before_delete"},
    {"fault": "delete_then_drop"},
    {"fault": "delete_then_status", "status": 500},
    {"fault": "delete_204"},
    {"fault": "busy_429", "call": "delete"},
]
GONE_ANSWERS = [{"status": 400}, {"status": 200}]


@pytest.mark.parametrize("index", [1, 3])
@pytest.mark.parametrize("fault", FAILING, ids=str)
def test_after_a_delete_that_went_wrong_all_go_out_once_and_in_order(
    stage: Stage, fault: dict[str, Any], index: int
):
    dated(stage, 3)
    stage.sandbox.fault(**fault, source=sources(index)[0], times=1)

    hand(stage).pause(stage.batch())
    hand(stage).resume(stage.batch())
    live_on(stage, 3 * HOUR_S)

    assert (stage.live(), stage.states()) == (ALL, [PUBLISHED] * 3)
    assert_told(stage)


def test_a_single_404_after_a_failed_delete_makes_nothing_gone(stage: Stage):
    dated(stage, 1)
    stage.sandbox.fault(fault="status_before_delete", status=500, times=1)
    wishes.cancel("b1", of("ana"), stage.at)
    stage.play()
    stage.sandbox.fault(fault="get_404", times=1)
    stage.sandbox.fault(fault="list_lacks_once")
    told = []

    def look() -> None:
        there = len(lines(stage, "deleted")) == 0
        told.append((there, stage.states()[0]))

    for _ in range(30):
        stage.pass_time(1)
        look()

    assert (True, CANCELLED) not in told
    assert told[-1] == (False, CANCELLED)
    live_on(stage, 3 * HOUR_S)
    assert stage.live() == []


@pytest.mark.parametrize("answer", GONE_ANSWERS, ids=str)
@pytest.mark.parametrize("wish", ["cancel", "pause"])
def test_an_id_that_is_gone_is_gone_however_metricool_says_so(
    stage: Stage, answer: dict[str, int], wish: str
):
    dated(stage, 2)
    stage.sandbox.fault(fault="gone_id_answers", **answer)
    stage.sandbox.fault(fault="delete_then_drop")

    getattr(hand(stage), wish)(stage.batch())
    stage.pass_time(30)

    assert stage.states() == [CANCELLED if wish == "cancel" else PENDING] * 2
    if wish == "pause":
        hand(stage).resume(stage.batch())
    live_on(stage, 3 * HOUR_S)
    assert stage.live() == ([] if wish == "cancel" else sources(1, 2))


@pytest.mark.parametrize("answer", GONE_ANSWERS, ids=str)
def test_what_a_person_deleted_is_told_however_metricool_says_so(
    stage: Stage, answer: dict[str, int]
):
    stage.accept(1)
    stage.play()
    stage.sandbox.fault(fault="gone_id_answers", **answer)
    stage.sandbox.person("delete", postId=post_id(stage))

    live_on(stage, 600)

    clip = stage.clips()[0]
    assert (clip.state, clip.error_code) == (CANCELLED, "deleted_in_metricool")
    assert_told(stage)


def test_a_delete_whose_answer_is_lost_just_before_its_date_keeps_the_order(stage: Stage):
    first, *_ = dated(stage, 3, ahead_s=300)
    stage.sandbox.fault(fault="delete_then_drop", source=sources(1)[0], times=1)
    stage.sandbox.fault(fault="list_fails", status=503, times=4)
    until_before(stage, first, by_s=18)

    wishes.pause("b1", of("ana"), stage.at)
    stage.pass_time(2)
    wishes.resume("b1", of("ana"), stage.at, first + timedelta(minutes=1))
    live_on(stage, 1200)

    assert (stage.live(), stage.states()) == (ALL, [PUBLISHED] * 3)
    assert_told(stage)


def test_what_goes_out_while_we_delete_it_is_called_neither_cancelled_nor_safe(stage: Stage):
    stage.sandbox.fault(fault="publishing_for_long", seconds=40)
    stage.sandbox.fault(fault="delete_too_late")
    [due_at] = dated(stage, 1, ahead_s=180)
    until_before(stage, due_at, by_s=5)
    wishes.cancel("b1", of("ana"), stage.at)

    def two_seconds_past_due() -> None:
        stage.stand_still((due_at - stage.at).total_seconds() + 2)

    with slowly(stage, "delete_post", before=two_seconds_past_due):
        stage.play()
    live_on(stage, 600)

    assert stage.live() == sources(1)
    clip = stage.clips()[0]
    assert (clip.state, clip.retry_safety) == (FAILED, RetrySafety.CHECK_FIRST)
    assert outcome_of(stage.clips()) == Outcome((), (), (), (1,))


def test_a_wish_answers_with_what_is_complete_and_no_more(stage: Stage):
    dated(stage, 3)
    stage.sandbox.fault(fault="status_before_delete", status=500, source=sources(2)[0])

    still_out = hand(stage).pause(stage.batch())

    assert deleted_by_us(stage) == sources(3)
    assert still_out == (1, 2)
    outcome = hand(stage).cancel(stage.batch())
    assert outcome == Outcome((), (1, 3), (), (2,))
    stage.sandbox.clear_faults()
    live_on(stage, 3 * HOUR_S)
    assert (stage.live(), stage.states()) == ([], [CANCELLED] * 3)


@pytest.mark.parametrize("is_seen_first", [True, False])
@pytest.mark.parametrize("is_dated", [True, False])
def test_what_lies_deleted_of_an_earlier_send_says_nothing_of_the_next_one(
    stage: Stage, is_seen_first: bool, is_dated: bool
):
    stage.sandbox.fault(fault="never_publishes")
    if is_dated:
        dated(stage, 1, 600)
    else:
        stage.accept(1)
    until(stage, FAILED)
    stage.sandbox.clear_faults()
    moved = person(stage, "edit", date=stage.at + timedelta(days=3))
    stage.sandbox.person("delete", postId=moved["id"])
    if is_seen_first:
        live_on(stage, 900)
    stage.sandbox.fault(fault="drop_before_create", times=1)

    retry(stage, 1)
    live_on(stage, HOUR_S)

    assert (stage.live(), stage.states()) == (sources(1), [PUBLISHED])


def test_what_lies_deleted_of_an_earlier_send_lets_nobody_ask_again_for_a_lost_one(stage: Stage):
    stage.sandbox.fault(fault="never_publishes")
    stage.accept(1)
    until(stage, FAILED)
    stage.sandbox.clear_faults()
    moved = person(stage, "edit", date=stage.at + timedelta(days=3))
    stage.sandbox.person("delete", postId=moved["id"])
    stage.sandbox.fault(fault="normalize_echo")
    stage.sandbox.fault(fault="media_rehosted")
    stage.sandbox.fault(fault="create_then_drop", times=1)
    retry(stage, 1)
    live_on(stage, HOUR_S)

    answered = refused(stage, 1)
    live_on(stage, HOUR_S)

    assert answered is RefusalCode.STILL_PENDING
    assert len(created_by_us(stage)) == 2
    assert len(stage.live()) == 1


@pytest.mark.parametrize("fault", ["drop_before_create", "create_then_drop"])
def test_a_story_confirmed_absent_and_lost_again_goes_out(stage: Stage, fault: str):
    stage.sandbox.fault(fault="never_publishes")
    stage.accept(1)
    until(stage, FAILED)
    stage.sandbox.clear_faults()
    person(stage, "delete")
    live_on(stage, 60)
    stage.sandbox.fault(fault=fault, times=1)

    retry(stage, 1, absence_confirmed=True)
    live_on(stage, HOUR_S)

    assert (stage.live(), stage.states()) == (sources(1), [PUBLISHED])


@pytest.mark.parametrize("ahead_s", [2 * HOUR_S, 600.0])
def test_what_somebody_restores_after_our_recall_goes_out_once(stage: Stage, ahead_s: float):
    dated(stage, 1, ahead_s)
    old_id = post_id(stage)
    hand(stage).pause(stage.batch())
    stage.sandbox.person("restore", account=ACCOUNT, postId=old_id)

    hand(stage).resume(stage.batch())
    live_on(stage, 3 * HOUR_S)

    assert (stage.live(), stage.states()) == (sources(1), [PUBLISHED])


def test_what_somebody_restores_while_it_is_paused_is_theirs_and_told(stage: Stage):
    dated(stage, 1)
    old_id = post_id(stage)
    hand(stage).pause(stage.batch())
    stage.sandbox.person("restore", account=ACCOUNT, postId=old_id)

    live_on(stage, 300)

    assert deleted_by_us(stage) == sources(1)
    assert incidents(stage) == ["restored"]
    assert stage.states() == [PENDING]


def test_what_somebody_restores_and_moves_holds_up_nothing(stage: Stage):
    dated(stage, 3)
    old_id = post_id(stage, 1)
    hand(stage).pause(stage.batch())
    stage.sandbox.person("restore", account=ACCOUNT, postId=old_id)
    moved_to = stage.at + timedelta(days=2)
    stage.sandbox.person("move", postId=old_id, date=moved_to.isoformat())

    hand(stage).resume(stage.batch())
    live_on(stage, 3 * DAY_S)

    assert stage.live() == sources(2, 3, 1)
    assert stage.states() == [PUBLISHED] * 3
