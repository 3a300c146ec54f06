"""What Metricool says of a story that is not out: words that leave it open are never safe."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from storyclip.domain.errors import ActionRefused, RefusalCode, RetrySafety
from tests.flow.acts import (
    CANCELLED,
    DAY_S,
    FAILED,
    HOUR_S,
    PUBLISHED,
    assert_told,
    created_by_us,
    live_on,
    on_sqlite,
    person,
    sources,
    until,
)
from tests.flow.conftest import Stage
from tests.flow.test_retry import refused, retry

pytestmark = on_sqlite

OPEN_WORDS = [
    "Code: 500 Please reduce the amount of data you're asking for, then retry your request",
    "Code: 500 Internal Server Error",
    "Request timed out",
    "Code: 503 Service Unavailable",
    "(#2) Service temporarily unavailable",
    "Error -1/2207001: Instagram server error",
    "Error 1366051: already posted",
    "something nobody has seen before",
    "",
]


@pytest.mark.parametrize("words", OPEN_WORDS)
def test_an_error_that_leaves_it_open_is_never_called_safe(stage: Stage, words: str):
    stage.sandbox.fault(fault="network_error_but_live", words=words or " ")
    stage.accept(1)

    clip = until(stage, FAILED)

    assert clip.retry_safety is RetrySafety.CHECK_FIRST
    assert stage.batch().unconfirmed == 1
    assert refused(stage, 1) is RefusalCode.STILL_PENDING
    live_on(stage, HOUR_S)
    assert stage.live() == sources(1)
    assert_told(stage)


def test_an_error_that_says_what_was_refused_is_sent_again_when_it_is_asked_for(stage: Stage):
    stage.sandbox.fault(fault="network_error", words="Error 190: token has expired", times=1)
    stage.accept(1)
    clip = until(stage, FAILED)
    assert clip.retry_safety is RetrySafety.SAFE

    retry(stage, 1)
    live_on(stage, 300)

    assert (stage.live(), stage.states()) == (sources(1), [PUBLISHED])


def test_what_awaits_a_person_in_metricool_frees_the_lane_and_heals_when_it_is_confirmed(
    stage: Stage,
):
    stage.sandbox.fault(fault="awaiting_confirmation", times=1)
    stage.accept(2)
    clip = until(stage, FAILED)
    assert clip.error_code == "awaiting_confirmation"
    assert refused(stage, 1) is RefusalCode.STILL_PENDING
    live_on(stage, 300)
    assert stage.states() == [FAILED, PUBLISHED]

    stage.sandbox.force(int(str(clip.post_id)), status="PUBLISHED")
    live_on(stage, 600)

    assert stage.states() == [PUBLISHED, PUBLISHED]
    assert created_by_us(stage) == sources(1, 2)
    assert_told(stage)


@pytest.mark.parametrize("answer", [{"status": 400}, {"status": 200}], ids=str)
def test_a_retry_of_what_is_gone_reads_the_answer_for_what_it_is(
    stage: Stage, answer: dict[str, Any]
):
    stage.sandbox.fault(fault="never_publishes", times=1)
    stage.accept(1)
    clip = until(stage, FAILED)
    stage.sandbox.person("delete", postId=int(str(clip.post_id)))
    stage.sandbox.fault(fault="gone_id_answers", **answer)

    assert refused(stage, 1) is RefusalCode.STILL_PENDING
    retry(stage, 1, absence_confirmed=True)
    live_on(stage, 300)

    assert (stage.live(), stage.states()) == (sources(1), [PUBLISHED])
    assert CANCELLED not in stage.states()


@pytest.mark.parametrize("confirmed", [True, False])
def test_what_is_seen_to_be_there_is_told_as_what_it_is_and_nothing_is_advised_in_vain(
    stage: Stage, confirmed: bool
):
    stage.sandbox.fault(fault="never_publishes", times=1)
    stage.accept(1)
    until(stage, FAILED)

    with pytest.raises(ActionRefused) as refusal:
        retry(stage, 1, absence_confirmed=confirmed)

    assert refusal.value.code is RefusalCode.STILL_PENDING
    assert "PENDING" in str(refusal.value)
    assert "confirmAbsent" not in str(refusal.value)


def test_a_draft_is_told_as_what_it_is(stage: Stage):
    stage.accept(1)
    stage.play()
    person(stage, "edit", fields={"draft": True})
    until(stage, FAILED)

    with pytest.raises(ActionRefused) as refusal:
        retry(stage, 1, absence_confirmed=True)

    assert "draft" in str(refusal.value)
    assert "confirmAbsent" not in str(refusal.value)


def test_the_words_say_until_when_it_is_looked_for_and_until_then_it_is(stage: Stage):
    stage.sandbox.fault(fault="never_publishes")
    stage.accept(1)
    clip = until(stage, FAILED)
    assert clip.planned_for is not None
    looked_until = clip.planned_for + timedelta(seconds=stage.settings.late_watch_s)
    assert f"until {looked_until:%Y-%m-%d %H:%M UTC}" in (clip.error or "")

    stage.pass_time((looked_until - stage.at).total_seconds() - 310)
    before = len(stage.sandbox.requests())
    stage.pass_time(311)
    looked = len(stage.sandbox.requests()) - before
    stage.pass_time(DAY_S)
    in_the_end = len(stage.sandbox.requests())
    stage.pass_time(DAY_S)

    assert looked > 0
    assert len(stage.sandbox.requests()) == in_the_end


@pytest.mark.parametrize(
    "failed_by",
    [{"fault": "never_publishes"}, {"fault": "network_error", "words": "Error 190: expired"}],
    ids=lambda fault: fault["fault"],
)
def test_a_failed_story_that_gets_another_date_is_watched_until_then(
    stage: Stage, failed_by: dict[str, Any]
):
    stage.sandbox.fault(**failed_by)
    stage.accept(1)
    until(stage, FAILED)
    stage.sandbox.clear_faults()
    date = (stage.at + timedelta(days=3)).replace(second=0, microsecond=0)

    person(stage, "edit", date=date)
    live_on(stage, 2 * HOUR_S)
    meanwhile = stage.clips()[0]
    live_on(stage, 4 * DAY_S)

    assert (meanwhile.state, meanwhile.retry_safety) == (FAILED, RetrySafety.CHECK_FIRST)
    assert meanwhile.planned_for == date
    assert f"planned for {date:%Y-%m-%d %H:%M}" in (meanwhile.error or "")
    assert (stage.live(), stage.states()) == (sources(1), [PUBLISHED])
    assert_told(stage)


@pytest.mark.parametrize("looked_s", [0.0, 400.0], ids=["before a look", "after a look"])
@pytest.mark.parametrize("failed", ["network_error_but_live", "network_error"])
def test_what_may_be_out_is_not_safe_for_being_deleted_before_another_date(
    stage: Stage, failed: str, looked_s: float
):
    words = "Request timed out" if failed == "network_error_but_live" else "Error 190: expired"
    stage.sandbox.fault(fault=failed, words=words, times=1)
    stage.accept(1)
    until(stage, FAILED)
    person(stage, "edit", date=stage.at + timedelta(hours=2))
    live_on(stage, looked_s)
    [_, edited] = created_by_anybody(stage)
    stage.sandbox.person("delete", postId=edited)

    live_on(stage, HOUR_S)

    was_out = failed == "network_error_but_live"
    safety = RetrySafety.CHECK_FIRST if was_out else RetrySafety.SAFE
    assert len(stage.live()) == was_out
    assert (stage.states(), stage.clips()[0].retry_safety) == ([FAILED], safety)
    assert "planned for" not in (stage.clips()[0].error or "")


def created_by_anybody(stage: Stage) -> list[int]:
    return [int(line["postId"]) for line in stage.sandbox.ledger() if line["event"] == "created"]
