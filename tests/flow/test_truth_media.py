"""The URL of a file as the mark of a send: believed only where it can be one."""

from __future__ import annotations

from datetime import timedelta

import pytest

from storyclip.domain.errors import ActionRefused, RefusalCode, RetrySafety
from storyclip.flow.retry import Retry
from storyclip.store.database import run, writing
from tests.flow.acts import (
    DAY_S,
    FAILED,
    HOUR_S,
    PUBLISHED,
    VERIFYING,
    assert_told,
    created_by_us,
    dated,
    deleted_by_us,
    lines,
    live_on,
    make,
    on_sqlite,
    person,
    sources,
    until,
)
from tests.flow.conftest import Stage, source
from tests.flow.test_retry import refused, retry
from tests.people import of

pytestmark = on_sqlite

LOST = {"create_then_drop": 1, "drop_before_create": 0}  # how many posts come of it
TO_CONFIRM = "confirmAbsent=true"


def assert_left_to_a_person(stage: Stage, index: int = 1) -> None:
    clip = stage.clips()[index - 1]
    assert (clip.state, clip.error_code) == (FAILED, "unconfirmed")
    assert clip.retry_safety is RetrySafety.CHECK_FIRST
    assert TO_CONFIRM in (clip.error or "")


def test_an_echoed_url_goes_out_once_while_its_answer_is_read(stage: Stage):
    stage.sandbox.fault(fault="normalize_echo")
    stage.accept(2)

    live_on(stage, 300)

    assert (stage.live(), stage.states()) == (sources(1, 2), [PUBLISHED] * 2)
    assert_told(stage)


def test_an_echoed_url_that_never_arrived_is_sent_again_by_a_persons_word_alone(stage: Stage):
    stage.sandbox.fault(fault="normalize_echo")
    stage.sandbox.fault(fault="drop_before_create", times=1)
    stage.accept(2)

    live_on(stage, HOUR_S)
    by_itself = refused(stage, 1)
    sent_by_itself = created_by_us(stage)
    retry(stage, 1, absence_confirmed=True, order_may_change=True)
    live_on(stage, 300)

    assert by_itself is RefusalCode.STILL_PENDING
    assert sent_by_itself == sources(2)
    assert (stage.live(), stage.states()) == (sources(2, 1), [PUBLISHED] * 2)


@pytest.mark.parametrize("habit", ["normalize_echo", "no_date"])
@pytest.mark.parametrize("ahead_s", [0.0, 5 * HOUR_S], ids=["now", "hours ahead"])
def test_what_a_row_advises_to_confirm_can_be_confirmed(stage: Stage, habit: str, ahead_s: float):
    stage.sandbox.fault(fault=habit)
    stage.sandbox.fault(fault="drop_before_create", times=1)
    stage.accept(1, dates=[stage.at + timedelta(seconds=ahead_s)] if ahead_s else ())
    until(stage, FAILED)
    assert_left_to_a_person(stage)

    retry(stage, 1, absence_confirmed=True)
    live_on(stage, 6 * HOUR_S)

    assert (stage.live(), stage.states()) == (sources(1), [PUBLISHED])
    assert_told(stage)


def test_what_may_still_arrive_is_refused_with_the_time_until_which_it_has_to_wait(stage: Stage):
    stage.sandbox.fault(fault="normalize_echo")
    stage.sandbox.fault(fault="drop_before_create", times=1)
    stage.accept(1)
    clip = until(stage, FAILED)
    assert clip.fence_at is not None
    patient = stage.settings.model_copy(update={"settle_s": 7200.0})

    with pytest.raises(ActionRefused) as refusal:
        Retry(stage.upstream, patient, stage.at, of("ana"), None)(
            stage.batch(), 1, order_may_change=False, absence_confirmed=True
        )

    assert refusal.value.code is RefusalCode.STILL_PENDING
    assert f"until {clip.fence_at + timedelta(hours=2):%Y-%m-%d %H:%M}" in str(refusal.value)
    assert TO_CONFIRM not in str(refusal.value)


@pytest.mark.parametrize("shown", ["as it was sent", "re-hosted"])
def test_an_echoed_url_whose_answer_was_lost_goes_out_once(stage: Stage, shown: str):
    stage.sandbox.fault(fault="normalize_echo")
    stage.sandbox.fault(fault="create_then_drop", times=1)
    if shown == "re-hosted":
        stage.sandbox.fault(fault="media_rehosted")
    stage.accept(1)

    live_on(stage, HOUR_S)

    assert (stage.live(), created_by_us(stage)) == (sources(1), sources(1))
    if shown == "re-hosted":
        assert_left_to_a_person(stage)
    else:
        assert stage.states() == [PUBLISHED]


@pytest.mark.parametrize("fault", LOST)
def test_the_same_copy_for_two_sends_proves_neither(stage: Stage, fault: str):
    stage.sandbox.fault(fault="normalize_same")
    stage.accept(1)
    until(stage, PUBLISHED)
    stage.sandbox.fault(fault=fault, times=1)
    again = sources(1)[0]
    stage.accept(1, name="b2")
    with writing():
        run("UPDATE publish_batch_clips SET clip_url = ? WHERE batch_id = 'b2'", (again,))

    live_on(stage, HOUR_S)

    came = LOST[fault]
    assert stage.live() == [again] * (1 + came)
    assert len(created_by_us(stage)) == 1 + came
    clip = stage.clips("b2")[0]
    if came:
        assert clip.state is PUBLISHED
        assert clip.post_uuid != stage.clips("b1")[0].post_uuid
    else:
        assert (clip.state, clip.retry_safety) == (FAILED, RetrySafety.CHECK_FIRST)


def test_re_hosted_media_is_followed_by_its_uuid(stage: Stage):
    stage.sandbox.fault(fault="media_rehosted")
    [date] = dated(stage, 1)
    person(stage, "edit", date=date + timedelta(minutes=5))

    live_on(stage, 3 * HOUR_S)

    assert (stage.live(), stage.states()) == (sources(1), [PUBLISHED])
    assert deleted_by_us(stage) == []


@pytest.mark.parametrize("fault", LOST)
@pytest.mark.parametrize("habit", ["media_rehosted", "media_other_in_lists"])
@pytest.mark.parametrize("learnt", [True, False], ids=["learnt", "never seen before"])
def test_a_lost_story_that_may_be_shown_under_another_url_is_not_sent_again(
    stage: Stage, habit: str, fault: str, learnt: bool
):
    stage.sandbox.fault(fault=habit)
    if learnt:
        stage.accept(1, name="b0")
        live_on(stage, 300)
        assert stage.clips("b0")[0].lane.changes_media
    stage.sandbox.fault(fault=fault, times=1)
    stage.accept(1)

    live_on(stage, HOUR_S)

    came = LOST[fault]
    ours = [one for one in created_by_us(stage) if one == source("b1", 1)]
    if came and habit == "media_other_in_lists":
        # Under its own id it shows the URL that was sent
        assert (ours, stage.clips()[0].state) == (sources(1), PUBLISHED)
    elif came or learnt:
        assert len(ours) == came
        assert_left_to_a_person(stage)
    else:
        # A lane that shows nothing of anybody's cannot be showing ours under another URL
        assert ours == sources(1)
        assert stage.states() == [PUBLISHED]


def test_a_lost_story_under_another_url_that_one_list_lacks_is_not_sent_again(stage: Stage):
    stage.sandbox.fault(fault="media_rehosted")
    stage.sandbox.fault(fault="create_then_drop", times=1)
    stage.accept(1)
    until(stage, VERIFYING)
    fence_at = stage.clips()[0].fence_at
    assert fence_at is not None
    stage.pass_time((fence_at - stage.at).total_seconds() + stage.settings.settle_s + 1)
    stage.sandbox.fault(fault="list_lacks_once")

    live_on(stage, HOUR_S)

    assert created_by_us(stage) == sources(1)
    assert_left_to_a_person(stage)


@pytest.mark.parametrize("is_live_by_then", [False, True])
def test_a_lost_story_that_was_deleted_under_another_url_is_not_sent_again(
    stage: Stage, is_live_by_then: bool
):
    stage.sandbox.fault(fault="media_rehosted")
    stage.sandbox.fault(fault="create_then_drop", times=1)
    stage.accept(1)
    until(stage, VERIFYING)
    if is_live_by_then:
        date = stage.clips()[0].planned_for
        assert date is not None
        stage.pass_time((date - stage.at).total_seconds() + 10)
    stage.sandbox.person("delete", postId=int(lines(stage, "created")[0]["postId"]))

    live_on(stage, HOUR_S)

    assert created_by_us(stage) == sources(1)
    assert_left_to_a_person(stage)


def test_a_stranger_s_story_of_before_does_not_keep_a_lost_one_from_being_sent_again(
    stage: Stage,
):
    make(stage, stage.at + timedelta(hours=5))
    live_on(stage, 120)
    stage.sandbox.fault(fault="drop_before_create", times=1)
    stage.accept(1)

    live_on(stage, 600)

    assert (stage.live(), stage.states()) == (sources(1), [PUBLISHED])


def test_a_query_behind_the_url_is_another_url(stage: Stage):
    stage.sandbox.fault(fault="media_other_in_lists", words="?v=2")
    stage.sandbox.fault(fault="create_then_drop", times=1)
    stage.accept(1)

    live_on(stage, HOUR_S)

    assert (stage.live(), created_by_us(stage)) == (sources(1), sources(1))


def test_somebodys_copy_of_a_lost_story_is_not_taken_for_it(stage: Stage):
    stage.sandbox.fault(fault="media_rehosted", times=1)
    stage.sandbox.fault(fault="create_then_drop", times=1)
    stage.accept(1)
    until(stage, VERIFYING)
    [made] = [line for line in stage.sandbox.ledger() if line["event"] == "created"]
    [asked_for] = stage.clips()[0].plans
    later = asked_for + timedelta(minutes=10)
    stage.sandbox.person("copy", postId=made["postId"], date=later.isoformat())

    live_on(stage, 2 * HOUR_S)

    assert created_by_us(stage) == sources(1)
    assert stage.clips()[0].post_id is None
    assert_left_to_a_person(stage)


def test_somebodys_copy_of_a_lost_story_that_went_out_is_not_taken_for_it(stage: Stage):
    stage.sandbox.fault(fault="media_rehosted", times=1)
    stage.sandbox.fault(fault="create_then_drop", times=1)
    stage.accept(1)
    stage.pass_time(150)
    [made] = [line for line in stage.sandbox.ledger() if line["event"] == "created"]
    later = stage.at + timedelta(minutes=10)
    stage.sandbox.person("copy", postId=made["postId"], date=later.isoformat())

    live_on(stage, 2 * HOUR_S)

    assert (stage.live(), created_by_us(stage)) == (sources(1, 1), sources(1))
    assert stage.clips()[0].post_id is None
    assert_left_to_a_person(stage)


def test_a_lost_story_that_may_be_the_one_without_its_media_is_not_sent_again(stage: Stage):
    stage.sandbox.fault(fault="media_dropped", times=1)
    stage.sandbox.fault(fault="create_then_drop", times=1)
    stage.accept(1)

    live_on(stage, HOUR_S)

    assert len(created_by_us(stage)) == 1
    assert_left_to_a_person(stage)


def test_what_lists_show_only_later_is_not_sent_again(stage: Stage):
    stage.sandbox.fault(fault="list_lags", seconds=170)
    stage.sandbox.fault(fault="create_then_drop", times=1)
    stage.accept(1)

    live_on(stage, DAY_S / 24)

    assert (stage.live(), created_by_us(stage)) == (sources(1), sources(1))
    assert stage.states() == [PUBLISHED]
