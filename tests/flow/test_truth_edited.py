"""Somebody edits our stories in Metricool's planner: each goes out once, and none is lost to us."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from storyclip.domain.errors import ActionRefused, RefusalCode, RetrySafety
from storyclip.flow.control import outcome_of
from storyclip.store.publishing import wishes
from tests.flow.acts import (
    CANCELLED,
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
    incidents,
    live_on,
    make,
    on_sqlite,
    person,
    post_id,
    sources,
    until,
    until_before,
)
from tests.flow.conftest import Stage, source
from tests.flow.test_retry import refused, retry
from tests.people import of

pytestmark = on_sqlite

LATER = timedelta(minutes=7)
DAYS = timedelta(days=3)


def planned(stage: Stage, mode: str) -> None:
    if mode == "scheduled":
        dated(stage, 1)
    else:
        stage.accept(1)
        stage.play()
    assert stage.states() == [WAITING]


@pytest.mark.parametrize("mode", ["scheduled", "now"])
@pytest.mark.parametrize("when", ["at once", "right before it is due"])
@pytest.mark.parametrize("shift", [timedelta(0), LATER, DAYS], ids=["same date", "later", "days"])
def test_a_story_that_somebody_edits_is_never_deleted_by_us_and_goes_out_once(
    stage: Stage, mode: str, when: str, shift: timedelta
):
    planned(stage, mode)
    date = stage.clips()[0].planned_for
    assert date is not None
    if when != "at once":
        until_before(stage, date, by_s=3)

    person(stage, "edit", date=date + shift)
    live_on(stage, (date + shift - stage.at).total_seconds() + 300)

    assert deleted_by_us(stage) == []
    assert stage.live() == sources(1)
    assert created_by_us(stage) == sources(1)
    assert stage.states() == [PUBLISHED]
    assert_told(stage)


def test_a_story_edited_many_times_is_followed_by_what_it_is_and_not_by_its_number(stage: Stage):
    [date] = dated(stage, 1)
    for n in range(4):
        stage.sandbox.person("edit", postId=_newest(stage), date=(date + n * LATER).isoformat())
        live_on(stage, 90)

    live_on(stage, 3 * HOUR_S)

    assert (stage.live(), stage.states()) == (sources(1), [PUBLISHED])
    assert deleted_by_us(stage) == []


def _newest(stage: Stage) -> int:
    return max(int(line["postId"]) for line in stage.sandbox.ledger() if line["postId"])


@pytest.mark.parametrize("mode", ["scheduled", "now"])
def test_a_cancel_whose_delete_failed_is_unknown_until_the_edited_story_is_gone(
    stage: Stage, mode: str
):
    planned(stage, mode)
    stage.sandbox.fault(fault="status_before_delete", status=500, times=1)
    wishes.cancel("b1", of("ana"), stage.at)
    stage.play()

    person(stage, "edit")
    told = outcome_of(stage.clips())
    live_on(stage, 3 * HOUR_S)

    assert told.unknown == (1,)
    assert (stage.live(), stage.states()) == ([], [CANCELLED])
    assert deleted_by_us(stage) == sources(1)
    assert_told(stage)


@pytest.mark.parametrize("resumed", ["at once", "later"])
def test_a_story_edited_after_a_pause_whose_delete_failed_goes_out_once(stage: Stage, resumed: str):
    dated(stage, 1)
    stage.sandbox.fault(fault="status_before_delete", status=500, times=1)
    wishes.pause("b1", of("ana"), stage.at)
    stage.play()

    person(stage, "edit")
    if resumed == "later":
        live_on(stage, 120)
    hand(stage).resume(stage.batch())
    live_on(stage, 3 * HOUR_S)

    assert (stage.live(), stage.states()) == (sources(1), [PUBLISHED])
    assert_told(stage)


def test_one_that_somebody_moved_days_ahead_is_not_sent_again_by_a_retry(stage: Stage):
    stage.sandbox.fault(fault="never_publishes")
    stage.accept(1)
    until(stage, FAILED)
    stage.sandbox.clear_faults()
    person(stage, "edit", date=stage.at + DAYS)

    by_itself = refused(stage, 1)
    with pytest.raises(ActionRefused):
        retry(stage, 1, absence_confirmed=True)
    live_on(stage, 4 * DAY_S)

    assert by_itself is RefusalCode.STILL_PENDING
    assert stage.live() == sources(1)
    assert created_by_us(stage) == sources(1)


def test_another_story_under_the_old_id_is_neither_believed_nor_deleted(stage: Stage):
    [date] = dated(stage, 1)
    old_id = post_id(stage)
    person(stage, "edit", date=date + LATER)
    theirs = make(stage, stage.at + timedelta(minutes=2), postId=old_id)
    assert theirs["id"] == old_id

    live_on(stage, 1.5 * HOUR_S)
    state_while_only_theirs_is_out = stage.states()
    live_on(stage, 2 * HOUR_S)

    assert state_while_only_theirs_is_out == [WAITING]
    assert stage.live() == [theirs["media"][0], *sources(1)]
    assert deleted_by_us(stage) == []
    assert stage.states() == [PUBLISHED]


@pytest.mark.parametrize("wish", [wishes.cancel, wishes.pause])
def test_a_wish_deletes_our_story_and_not_the_one_that_has_its_old_id(stage: Stage, wish: Any):
    [date] = dated(stage, 1)
    old_id = post_id(stage)
    person(stage, "edit", date=date)
    theirs = make(stage, date, postId=old_id)

    wish("b1", of("ana"), stage.at)
    live_on(stage, 3 * HOUR_S)

    assert deleted_by_us(stage) == sources(1)
    assert stage.live() == theirs["media"]
    assert stage.states() == [CANCELLED if wish is wishes.cancel else PENDING]


def test_a_story_that_an_edit_lost_is_called_neither_gone_nor_live(stage: Stage):
    dated(stage, 1)
    stage.sandbox.person("vanish", postId=post_id(stage))

    live_on(stage, 4 * HOUR_S)

    clip = stage.clips()[0]
    assert (clip.state, clip.error_code) == (FAILED, "unconfirmed")
    assert clip.retry_safety is RetrySafety.CHECK_FIRST
    assert refused(stage, 1) is RefusalCode.STILL_PENDING
    retry(stage, 1, absence_confirmed=True)
    live_on(stage, 300)
    assert (stage.live(), stage.states()) == (sources(1), [PUBLISHED])


def test_what_was_live_when_somebody_deleted_it_is_adopted_by_a_retry(stage: Stage):
    stage.sandbox.fault(fault="publishing_for_long", seconds=300, times=1)
    stage.accept(1)
    clip = until(stage, FAILED)
    stage.sandbox.fault(fault="get_fails", status=503)
    while not stage.live():
        stage.pass_time(5)
    stage.sandbox.person("delete", postId=post_id(stage))
    stage.sandbox.clear_faults()

    done = retry(stage, 1)
    live_on(stage, 600)

    assert clip.error_code == "unconfirmed"
    assert done.found_live == (1,)
    assert (stage.live(), created_by_us(stage)) == (sources(1), sources(1))
    assert stage.states() == [PUBLISHED]


def test_a_copy_that_somebody_makes_of_our_story_is_left_alone(stage: Stage):
    [date] = dated(stage, 1)
    copy = person(stage, "copy", date=date + LATER)

    live_on(stage, 3 * HOUR_S)

    assert deleted_by_us(stage) == []
    assert stage.live() == sources(1, 1)  # theirs shows the same
    assert stage.states() == [PUBLISHED]
    assert post_id(stage) != copy["id"]


def test_a_failed_story_that_somebody_gives_another_date_is_called_published(stage: Stage):
    stage.sandbox.fault(fault="network_error", words="Error validating access token", times=1)
    stage.accept(1)
    until(stage, FAILED)
    person(stage, "edit", date=stage.at + LATER)

    live_on(stage, 3 * HOUR_S)

    assert (stage.live(), created_by_us(stage)) == (sources(1), sources(1))
    assert stage.states() == [PUBLISHED]
    told = [event["clip"]["error"] or "" for event in all_events("b1") if event["clip"]]
    assert any("planned for" in words for words in told)
    assert incidents(stage) == []  # its row had said that it goes out


def test_a_negative_uuid_is_one_like_any_other(stage: Stage):
    stage.sandbox.fault(fault="negative_uuid")
    [date] = dated(stage, 1)
    person(stage, "edit", date=date)

    live_on(stage, 3 * HOUR_S)

    assert (stage.clips()[0].post_uuid or "").startswith("-")
    assert (stage.live(), stage.states()) == (sources(1), [PUBLISHED])
    assert deleted_by_us(stage) == []


def test_a_failed_story_that_somebody_gives_another_date_is_no_twin_of_one_that_failed(
    stage: Stage,
):
    stage.sandbox.fault(fault="network_error", words="Error validating access token", times=2)
    stage.accept(1)
    until(stage, FAILED)
    first = post_id(stage)
    retry(stage, 1)
    until(stage, FAILED)
    date = (stage.at + timedelta(days=3)).replace(second=0)
    stage.sandbox.person("edit", postId=first, date=date.isoformat())

    live_on(stage, 300)
    [followed] = stage.clips()
    live_on(stage, 4 * DAY_S)

    assert deleted_by_us(stage) == []
    assert (followed.retry_safety, followed.planned_for) == (RetrySafety.CHECK_FIRST, date)
    assert (stage.live(), stage.states()) == (sources(1), [PUBLISHED])


def test_an_earlier_story_of_one_given_up_that_somebody_gives_another_date_is_followed(
    stage: Stage,
):
    expired = {"fault": "network_error", "words": "Error validating access token"}
    stage.sandbox.fault(**expired, source=sources(2)[0], times=1)
    dated(stage, 3, ahead_s=600)
    until(stage, FAILED, 2)
    first = post_id(stage, 2)
    stage.sandbox.fault(fault="drop_before_create", source=sources(2)[0], times=1)
    retry(stage, 2, order_may_change=True)
    wishes.pause("b1", of("ana"), stage.at)
    until(stage, PENDING, 2)
    stage.sandbox.fault(fault="refuse", words="no such codec", source=sources(2)[0])
    hand(stage).resume(stage.batch(), order_may_change=True)
    given_up = until(stage, FAILED, 2)
    date = (stage.at + timedelta(days=3)).replace(second=0, microsecond=0)
    stage.sandbox.person("edit", postId=first, date=date.isoformat())

    live_on(stage, HOUR_S)
    followed = stage.clips()[1]
    live_on(stage, 4 * DAY_S)

    assert given_up.post_id is None
    assert (followed.retry_safety, followed.planned_for) == (RetrySafety.CHECK_FIRST, date)
    assert (stage.live(), stage.states()) == (sources(1, 3, 2), [PUBLISHED] * 3)
    assert deleted_by_us(stage) == []
    assert_told(stage)


def test_a_failed_story_that_somebody_gives_another_date_beside_its_next_send_is_told(
    stage: Stage,
):
    stage.sandbox.fault(fault="network_error", words="Error validating access token", times=1)
    stage.accept(1)
    until(stage, FAILED)
    first = post_id(stage)
    retry(stage, 1)
    until(stage, PUBLISHED)
    date = stage.at + timedelta(hours=5)
    stage.sandbox.person("edit", postId=first, date=date.isoformat())

    live_on(stage, HOUR_S)

    assert deleted_by_us(stage) == []
    assert incidents(stage) == ["replanned"]


def test_a_retried_story_that_somebody_gave_a_date_days_ahead_holds_up_nobody(stage: Stage):
    stage.sandbox.fault(fault="network_error", words="Error validating access token", times=1)
    stage.accept(1)
    until(stage, FAILED)
    person(stage, "edit", date=stage.at + timedelta(days=3))

    retry(stage, 1)
    stage.play()
    stage.accept(1, name="b2")
    live_on(stage, HOUR_S)

    assert stage.states("b2") == [PUBLISHED]
    assert (stage.states(), incidents(stage)) == ([WAITING], ["moved_far"])
    assert created_by_us(stage) == [*sources(1), source("b2", 1)]


def test_a_failed_story_that_somebody_gives_another_date_later_is_followed(stage: Stage):
    stage.sandbox.fault(fault="network_error", words="Error validating access token", times=1)
    stage.accept(1)
    until(stage, FAILED)
    live_on(stage, 100 * 60)
    person(stage, "edit", date=stage.at + timedelta(hours=1))

    live_on(stage, 120)
    [followed] = stage.clips()
    live_on(stage, 2 * HOUR_S)

    assert followed.retry_safety is RetrySafety.CHECK_FIRST
    assert "planned for" in (followed.error or "")
    assert (stage.live(), stage.states()) == (sources(1), [PUBLISHED])
