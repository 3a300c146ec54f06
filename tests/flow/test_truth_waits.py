"""What has to wait goes on by itself: never missed, no attempt spent, and every change is told."""

from __future__ import annotations

from datetime import timedelta

import pytest

from storyclip.domain.batch import Status
from storyclip.domain.dates import fair_use
from storyclip.sandbox.process import SandboxProcess
from storyclip.store.publishing import wishes
from tests.flow.acts import (
    DAY_S,
    FAILED,
    HOUR_S,
    PENDING,
    PUBLISHED,
    WAITING,
    all_events,
    assert_told,
    created_by_us,
    dated,
    deleted_by_us,
    hand,
    live_on,
    on_sqlite,
    sources,
    until,
)
from tests.flow.conftest import ACCOUNT, Stage
from tests.flow.test_retry import retry
from tests.people import of

pytestmark = on_sqlite

ALL = sources(1, 2, 3)
REFUSALS = ["token_revoked", "plan_off"]


@pytest.mark.parametrize("hours", [1.0, 3.0])
@pytest.mark.parametrize("mode", ["now", "scheduled"])
@pytest.mark.parametrize("fault", REFUSALS)
def test_what_an_account_refused_for_hours_held_up_goes_on_once_it_is_reconnected(
    stage: Stage, fault: str, mode: str, hours: float
):
    stage.sandbox.fault(fault=fault)
    if mode == "now":
        stage.accept(3)
        stage.accept(2, name="b2")
    else:
        dated(stage, 3, ahead_s=600)
        dated(stage, 2, ahead_s=900, name="b2")
    live_on(stage, hours * HOUR_S)
    held_up = stage.states(), stage.states("b2")
    assert_told(stage, "b1", "b2")

    stage.sandbox.clear_faults()
    live_on(stage, 1200)

    assert held_up == ([PENDING] * 3, [PENDING] * 2)
    assert stage.live() == ALL + sources(1, 2, name="b2")
    assert [clip.attempts for clip in stage.clips()] == [1, 1, 1]
    assert stage.states() == [PUBLISHED] * 3
    assert_told(stage, "b1", "b2")


@pytest.mark.parametrize("mode", ["now", "scheduled"])
def test_429_for_fifty_minutes_is_waited_out_and_nothing_is_missed(stage: Stage, mode: str):
    stage.sandbox.fault(fault="busy_429", call="any")
    if mode == "now":
        stage.accept(3)
    else:
        dated(stage, 3, ahead_s=1800)

    live_on(stage, 50 * 60)
    stage.sandbox.clear_faults()
    live_on(stage, 1200)

    assert (stage.live(), stage.states()) == (ALL, [PUBLISHED] * 3)
    assert [clip.attempts for clip in stage.clips()] == [1, 1, 1]
    assert_told(stage)


def test_an_hour_of_429_while_metricool_has_a_story_ends_in_its_real_outcome(stage: Stage):
    stage.accept(2)
    stage.play()
    stage.sandbox.fault(fault="busy_429", call="any", seconds=30)

    live_on(stage, HOUR_S - 60)
    stage.sandbox.clear_faults()
    live_on(stage, 600)

    assert (stage.live(), stage.states()) == (sources(1, 2), [PUBLISHED] * 2)
    assert created_by_us(stage) == sources(1, 2)
    assert_told(stage)


@pytest.mark.parametrize("mode", ["now", "scheduled"])
def test_a_batch_paused_for_hours_is_never_missed(stage: Stage, mode: str):
    if mode == "now":
        stage.accept(3)
        stage.bells.clear()
    else:
        dated(stage, 3)
    hand(stage).pause(stage.batch())

    live_on(stage, 30 * HOUR_S)
    paused = stage.states()
    hand(stage).resume(stage.batch())
    live_on(stage, 1200)

    assert FAILED not in paused
    assert (stage.live(), stage.states()) == (ALL, [PUBLISHED] * 3)
    assert_told(stage)


def test_a_clip_that_metricool_cannot_be_asked_about_does_not_hold_up_the_rest_for_ever(
    stage: Stage,
):
    expired = {"fault": "network_error", "words": "The access token expired (#190)"}
    stage.sandbox.fault(**expired, source=sources(1)[0], times=1)
    stage.accept(2)
    until(stage, PUBLISHED, 2)
    retry(stage, 1, order_may_change=True)
    stage.sandbox.fault(fault="list_fails", status=500)
    live_on(stage, HOUR_S)
    stage.accept(1, name="b2")

    live_on(stage, DAY_S)

    first = stage.clips()[0]
    assert (first.state, first.error_code) == (FAILED, "upstream_unavailable")
    assert "could not be asked in time" in (first.error or "")
    assert stage.live() == sources(2) + sources(1, name="b2")
    assert_told(stage, "b1", "b2")


def one_429(stage: Stage) -> None:
    stage.sandbox.fault(fault="busy_429", seconds=5, times=1)


@pytest.mark.parametrize("mode", ["now", "scheduled"])
def test_a_pause_between_two_refusals_is_no_outage(stage: Stage, mode: str):
    one_429(stage)
    if mode == "now":
        stage.accept(2)
        stage.play()
    else:
        dated(stage, 2, ahead_s=30 * HOUR_S)
    hand(stage).pause(stage.batch())
    live_on(stage, 2 * HOUR_S)
    one_429(stage)

    hand(stage).resume(stage.batch())
    live_on(stage, 600)

    there = [PUBLISHED] * 2 if mode == "now" else [WAITING] * 2
    assert (stage.states(), created_by_us(stage)) == (there, sources(1, 2))
    assert_told(stage)


def test_a_full_month_between_two_refusals_is_no_outage(stage: Stage):
    month = {"account": ACCOUNT, "published": fair_use.MONTHLY}
    stage.sandbox.fault(fault="busy_429", seconds=3700, times=1)
    stage.accept(1)
    stage.play()
    stage.sandbox.ask("POST", "counters", month)
    live_on(stage, 3 * HOUR_S + 300)
    stage.sandbox.ask("POST", "counters", {**month, "published": 10})
    one_429(stage)

    live_on(stage, 2 * HOUR_S)

    assert (stage.states(), stage.live()) == ([PUBLISHED], sources(1))


def test_the_turn_of_others_between_two_refusals_is_no_outage(store: str, sandbox: SandboxProcess):
    stage = Stage(sandbox, STORYCLIP_MAX_LATE_S="600")
    stage.accept(14)
    hand(stage).pause(stage.batch())
    stage.accept(1, name="b2")
    one_429(stage)
    stage.play()
    hand(stage).pause(stage.batch("b2"))
    hand(stage).resume(stage.batch())
    stage.play()
    wishes.resume("b2", of("ana"), stage.at, stage.at)
    until(stage, WAITING, 14)
    one_429(stage)

    live_on(stage, 600)

    assert stage.live() == sources(*range(1, 15)) + sources(1, name="b2")


def test_what_nobody_asked_for_while_storyclip_was_down_is_no_outage(stage: Stage):
    stage.accept(2)
    one_429(stage)
    stage.play()

    stage.stand_still(2 * HOUR_S)
    live_on(stage, 600)

    assert stage.clips()[0].error_code == "missed"
    assert "Metricool" not in (stage.clips()[0].error or "")


def test_a_refused_account_between_two_looks_that_fail_is_no_outage(stage: Stage):
    expired = {"fault": "network_error", "words": "The access token expired (#190)", "times": 1}
    stage.sandbox.fault(**expired)
    stage.accept(1)
    until(stage, FAILED)
    stage.sandbox.fault(fault="list_fails", status=503, times=1)
    retry(stage)
    stage.play()
    stage.sandbox.clear_faults()
    stage.sandbox.fault(fault="token_revoked")
    live_on(stage, 2 * HOUR_S)
    stage.sandbox.clear_faults()
    stage.sandbox.fault(fault="list_fails", status=503, times=1)

    live_on(stage, 600)

    assert (stage.states(), stage.live()) == ([PUBLISHED], sources(1))


@pytest.mark.parametrize("act", ["pause", "cancel"])
@pytest.mark.parametrize("held_up_by", ["quota", "refusal"])
def test_what_is_stopped_does_not_say_that_it_goes_on_by_itself(
    store: str, sandbox: SandboxProcess, held_up_by: str, act: str
):
    stage = Stage(sandbox, STORYCLIP_QUOTA_24H="1")
    stage.accept(2, network="instagram" if held_up_by == "quota" else "facebook")
    if held_up_by == "refusal":
        stage.sandbox.fault(fault="token_revoked")
    live_on(stage, 300)
    said = [clip.error for clip in stage.clips() if clip.state is PENDING]

    getattr(hand(stage), act)(stage.batch())

    assert any("by itself" in (words or "") for words in said)
    assert [clip.error for clip in stage.clips()] == [None, None]
    assert_told(stage)


def test_a_pause_before_every_clip_is_sent_uses_up_no_attempt(stage: Stage):
    stage.accept(6)
    prepare_media = stage.upstream.prepare_media

    def paused_meanwhile(account_id: str, source_url: str) -> str:
        wishes.pause("b1", of("ana"), stage.at)
        return prepare_media(account_id, source_url)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stage.upstream, "prepare_media", paused_meanwhile)
        for _ in range(600):
            stage.prepared.clear()  # nothing is ready before its turn
            if stage.batch().status is Status.PAUSED:
                wishes.resume("b1", of("ana"), stage.at, stage.at)
            stage.pass_time(2)

    assert stage.live() == sources(*range(1, 7))
    assert [clip.attempts for clip in stage.clips()] == [1] * 6
    assert [event["type"] for event in all_events("b1")].count("paused") == 6
    assert_told(stage)


def test_six_recalls_use_up_no_attempt(stage: Stage):
    dated(stage, 2, ahead_s=5 * HOUR_S)
    for _ in range(6):
        hand(stage).pause(stage.batch())
        live_on(stage, 60)
        hand(stage).resume(stage.batch())
        live_on(stage, 60)

    live_on(stage, 6 * HOUR_S)

    assert deleted_by_us(stage) == sources(2, 1) * 6
    assert (stage.live(), stage.states()) == (sources(1, 2), [PUBLISHED] * 2)
    assert [clip.attempts for clip in stage.clips()] == [1, 1]
    assert_told(stage)


def test_a_recall_that_metricool_refuses_for_an_hour_is_finished_then(stage: Stage):
    dates = dated(stage, 3, ahead_s=3 * HOUR_S)
    stage.sandbox.fault(fault="busy_429", call="delete")
    wishes.pause("b1", of("ana"), stage.at)

    live_on(stage, HOUR_S)
    stage.sandbox.clear_faults()
    live_on(stage, 300)

    assert deleted_by_us(stage) == ALL[::-1]
    assert stage.states() == [PENDING] * 3
    assert [clip.wished_for for clip in stage.clips()] == dates
    assert stage.at + timedelta(hours=1) < dates[0]
