"""Batches with dates: handed over ahead, caught up in order when late, never in a heap."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise

import pytest

from storyclip.domain.clip import State
from storyclip.store.database import run, writing
from tests.flow.conftest import ACCOUNT, Stage, source
from tests.store.making import record

MINUTE = timedelta(minutes=1)
HOUR_S = 3600.0
WAITING, PUBLISHED = State.WAITING_CONFIRMATION, State.PUBLISHED


def dates(stage: Stage, ahead: timedelta, count: int, apart: timedelta = MINUTE) -> list[datetime]:
    return [stage.at + ahead + n * apart for n in range(count)]


def planned(stage: Stage, ahead: timedelta, count: int = 3, name: str = "b1") -> list[datetime]:
    asked = dates(stage, ahead, count)
    stage.accept(count, name=name, dates=asked, gap_s=60.0)
    return asked


def sources(name: str, *indexes: int) -> list[str]:
    return [source(name, index) for index in indexes]


def created(stage: Stage) -> list[tuple[str, datetime]]:
    return [
        (line["source"], datetime.fromisoformat(line["plannedFor"]))
        for line in stage.sandbox.ledger()
        if line["event"] == "created"
    ]


def test_all_are_handed_over_at_once_each_with_its_own_date(stage: Stage):
    asked = planned(stage, timedelta(hours=2))

    stage.play()

    assert stage.states() == [WAITING] * 3
    assert [clip.planned_for for clip in stage.clips()] == asked
    assert stage.live() == []


def test_what_was_handed_over_goes_out_though_we_are_down_and_the_rows_heal(stage: Stage):
    planned(stage, timedelta(hours=2))
    stage.play()

    stage.stand_still(5 * HOUR_S)
    went_live = stage.live()
    stage.pass_time(60)

    assert went_live == sources("b1", 1, 2, 3)
    assert stage.states() == [PUBLISHED] * 3
    assert stage.live() == went_live


def test_a_batch_on_its_own_dates_lets_the_others_by(stage: Stage):
    planned(stage, timedelta(hours=2))
    stage.play()
    stage.accept(2, name="now")

    stage.pass_time(300)

    assert stage.live() == sources("now", 1, 2)


def test_a_date_that_comes_too_near_is_waited_for_and_then_goes_out_in_turn(stage: Stage):
    stage.stand_still(50)
    asked = dates(stage, timedelta(seconds=10), 2)
    stage.accept(2, dates=asked, gap_s=60.0)

    stage.play()
    before = stage.states()
    stage.pass_time(400)

    assert before == [State.PENDING] * 2
    assert stage.live() == sources("b1", 1, 2)
    assert all(
        clip.planned_for and clip.planned_for >= wished
        for clip, wished in zip(stage.clips(), asked, strict=True)
    )


def test_a_clip_sent_late_never_shares_its_minute_with_the_next(stage: Stage):
    planned(stage, timedelta(seconds=60), count=4)
    stage.stand_still(50)  # the first one's date can no longer be met

    stage.pass_time(900)

    assert stage.live() == sources("b1", 1, 2, 3, 4)
    minutes = [clip.planned_for for clip in stage.clips()]
    assert len(set(minutes)) == 4


def test_after_five_hours_what_is_too_old_is_missed_and_the_rest_is_caught_up_in_order(
    stage: Stage,
):
    hours = timedelta(hours=1)
    planned(stage, hours, name="old")
    planned(stage, 4 * hours + 30 * MINUTE, name="late")
    planned(stage, 4 * hours + 31 * MINUTE, name="later")

    stage.stand_still(5 * HOUR_S)
    stage.pass_time(1200)

    assert stage.live() == sources("late", 1, 2, 3) + sources("later", 1, 2, 3)
    assert [clip.error_code for clip in stage.clips("old")] == ["missed"] * 3
    assert stage.batch("old").last_seq == 1 + 3  # one event each
    apart = spacing(stage)
    assert min(apart) >= MINUTE


def spacing(stage: Stage) -> list[timedelta]:
    plans = sorted(when for _, when in created(stage))
    return [later - earlier for earlier, later in pairwise(plans)]


def test_five_hours_of_outage_do_not_send_the_rest_of_a_running_batch_hours_late(stage: Stage):
    stage.accept(4)
    stage.play()

    stage.stand_still(5 * HOUR_S)
    stage.pass_time(600)

    assert stage.live() == sources("b1", 1)
    assert [clip.error_code for clip in stage.clips()] == [None] + ["missed"] * 3


def test_a_batch_that_queued_behind_the_outage_is_as_late_as_it_is(stage: Stage):
    stage.accept(2, name="first")
    stage.accept(2, name="second")
    stage.play()

    stage.stand_still(5 * HOUR_S)
    stage.accept(1, name="fresh")
    stage.pass_time(600)

    assert stage.live() == sources("first", 1) + sources("fresh", 1)
    assert [clip.error_code for clip in stage.clips("second")] == ["missed"] * 2


def test_an_unknown_outcome_far_ahead_is_settled_within_minutes_and_keeps_the_order(
    stage: Stage,
):
    stage.sandbox.fault(fault="drop_before_create", source="/b1/2.mp4", times=1)
    asked = planned(stage, timedelta(hours=6))
    stage.play()
    meanwhile = stage.states()

    stage.pass_time(900)

    assert meanwhile == [WAITING, State.VERIFYING, State.PENDING]
    assert stage.states() == [WAITING] * 3
    assert [clip.planned_for for clip in stage.clips()] == asked


def test_one_that_was_deleted_in_metricool_long_before_its_date_shows_within_the_hour(
    stage: Stage,
):
    planned(stage, timedelta(hours=9))
    stage.play()
    post_id = stage.clips()[1].post_id
    assert post_id is not None
    stage.upstream.delete_post(ACCOUNT, post_id)

    stage.pass_time(HOUR_S + 60)

    assert stage.states() == [WAITING, State.CANCELLED, WAITING]


@pytest.mark.parametrize("point", ["claimed", "intended"])
def test_a_worker_that_dies_while_it_hands_over_costs_no_date(stage: Stage, point: str):
    asked = planned(stage, timedelta(hours=2))
    first = stage.clips()[0]
    changes = {"next_at": stage.at + timedelta(seconds=25), "worker": "dead", "attempts": 1}
    kill_at(first.id, point, stage, asked, changes)

    stage.pass_time(900)

    assert stage.states() == [WAITING] * 3
    assert [clip.planned_for for clip in stage.clips()] == asked


def kill_at(
    clip_id: int, point: str, stage: Stage, asked: Sequence[datetime], changes: dict[str, object]
) -> None:
    from storyclip.domain import moves
    from storyclip.domain.clip import Event
    from storyclip.store.publishing import clips, writer

    claimed = record(clips.find(clip_id), Event.CLAIMED, at=stage.at, **changes)
    if point == "intended":
        media_url = "https://static.metricool.com/never/sent.mp4"
        over_at = stage.at + timedelta(seconds=25)
        intent = moves.intended(claimed, media_url, asked[0], "dead", stage.at, over_at)
        writer.write(intent, stage.at)


def test_a_batch_that_meets_instagram_s_limit_waits_and_burns_nothing(store: str, sandbox):
    stage = Stage(sandbox, STORYCLIP_QUOTA_24H="2")
    stage.accept(3, network="instagram")
    stage.pass_time(600)
    waiting = stage.clips()[2]
    events = stage.batch().last_seq

    stage.pass_time(12 * HOUR_S)
    still = stage.batch().last_seq
    stage.pass_time(12 * HOUR_S)

    assert (waiting.state, waiting.attempts) == (State.PENDING, 0)
    assert "Instagram takes 2 stories" in (waiting.error or "")
    assert waiting.wished_for == (stage.clips()[0].planned_for or stage.at) + timedelta(hours=24)
    assert still == events
    assert stage.states() == [PUBLISHED] * 3
    assert stage.live(network="instagram") == sources("b1", 1, 2, 3)


def test_the_others_of_the_lane_go_on_when_a_late_clip_fails(stage: Stage):
    stage.sandbox.fault(fault="refuse", source="/b1/1.mp4", words="no such codec", times=1)
    planned(stage, timedelta(seconds=30), count=2)
    stage.accept(1, name="now")
    stage.stand_still(60)

    stage.pass_time(400)

    assert stage.live() == sources("b1", 2) + sources("now", 1)


def test_a_clip_aged_while_all_was_down_is_not_sent_by_a_stray_bell(stage: Stage):
    planned(stage, timedelta(hours=2), count=1)
    with writing():
        run("UPDATE publish_batch_clips SET wished_for = '2026-01-01T00:00:00.000000Z'")

    stage.play()

    assert stage.states() == [State.FAILED]
    assert created(stage) == []
