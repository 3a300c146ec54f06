"""A full day or month: dates that lie ahead are kept, and what waits together goes on together."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from storyclip.domain.dates import fair_use
from storyclip.sandbox.process import SandboxProcess
from tests.flow.acts import (
    DAY_S,
    HOUR_S,
    PENDING,
    PUBLISHED,
    WAITING,
    all_events,
    assert_told,
    created_by_us,
    dated,
    lines,
    live_on,
    on_sqlite,
    sources,
)
from tests.flow.conftest import ACCOUNT, Stage

pytestmark = on_sqlite

ALL = sources(1, 2, 3)


def month(stage: Stage, published: int) -> None:
    stage.sandbox.ask("POST", "counters", {"account": ACCOUNT, "published": published})


def late_in_month(stage: Stage) -> None:
    """Go on to the last noon but one of a month."""
    last_noon_but_one = fair_use.month_of(stage.at + timedelta(days=3)).end - timedelta(hours=36)
    stage.stand_still((last_noon_but_one - stage.at).total_seconds())


def begin_of_next_month(stage: Stage) -> datetime:
    return fair_use.month_of(stage.at).end


def live_until(stage: Stage, date: datetime) -> None:
    live_on(stage, (date - stage.at).total_seconds())


def out_at(stage: Stage) -> list[datetime]:
    """The minutes in which stories went out."""
    times = [datetime.fromisoformat(line["time"]) for line in lines(stage, "published")]
    return [time.replace(second=0, microsecond=0) for time in times]


def test_a_month_that_is_full_for_a_while_moves_no_date_that_still_lies_ahead(stage: Stage):
    month(stage, fair_use.MONTHLY)
    dates = dated(stage, 3, ahead_s=6 * HOUR_S)
    live_on(stage, 2.5 * HOUR_S)
    held_up = stage.states()

    month(stage, 0)
    live_on(stage, 5 * HOUR_S)

    assert held_up == [PENDING] * 3
    assert (stage.live(), out_at(stage)) == (ALL, dates)
    assert_told(stage)


@pytest.mark.parametrize("mode", ["now", "scheduled"])
def test_a_batch_that_a_full_month_held_up_for_hours_goes_out_whole(stage: Stage, mode: str):
    month(stage, fair_use.MONTHLY)
    if mode == "now":
        stage.accept(3)
    else:
        dated(stage, 3, ahead_s=HOUR_S)
    live_on(stage, 9 * HOUR_S)

    month(stage, 0)
    live_on(stage, 2 * HOUR_S)

    assert (stage.live(), stage.states()) == (ALL, [PUBLISHED] * 3)
    assert_told(stage)


def test_a_dated_batch_that_the_day_s_quota_held_up_goes_out_whole(
    store: str, sandbox: SandboxProcess
):
    stage = Stage(sandbox, STORYCLIP_QUOTA_24H="4")
    stage.accept(4, network="instagram", name="b0")
    live_on(stage, 900)
    dated(stage, 3, ahead_s=HOUR_S, network="instagram")
    live_on(stage, 2 * HOUR_S)
    assert_told(stage)

    live_on(stage, 2 * DAY_S)

    assert stage.live(network="instagram") == [*sources(1, 2, 3, 4, name="b0"), *ALL]
    assert stage.states() == [PUBLISHED] * 3
    assert timedelta(minutes=1) <= out_at(stage)[-1] - out_at(stage)[-2]
    assert_told(stage)


@pytest.mark.parametrize("mode", ["now", "scheduled"])
def test_a_batch_that_fills_the_month_midway_says_so_once_and_goes_on_in_the_next(
    stage: Stage, mode: str
):
    late_in_month(stage)
    stage.sandbox.fault(fault="month_full")
    month(stage, fair_use.MONTHLY - 2)
    if mode == "now":
        stage.accept(5)
    else:
        dated(stage, 5)
    live_on(stage, 4 * HOUR_S)
    waiting = stage.clips()[2]
    assert stage.states() == [PUBLISHED] * 2 + [PENDING] * 3
    assert f"{stage.at:%Y-%m} is full" in (waiting.error or "")
    assert_told(stage)

    live_until(stage, begin_of_next_month(stage) - timedelta(minutes=5))
    still_waiting = stage.clips()[2:]
    live_on(stage, HOUR_S)

    told = [event for event in all_events("b1") if waiting_in(event, waiting.error)]
    assert [clip.error for clip in still_waiting] == [waiting.error, None, None]
    assert len(told) == 1
    assert stage.states() == [PUBLISHED] * 5
    assert (stage.live(), created_by_us(stage)) == (sources(1, 2, 3, 4, 5),) * 2
    assert [clip.attempts for clip in stage.clips()] == [1] * 5
    assert_told(stage)


def waiting_in(event: Any, error: str | None) -> bool:
    clip = event["clip"]
    return clip is not None and (clip["status"], clip["error"]) == (PENDING, error)


def test_a_story_for_the_next_month_does_not_wait_for_this_one(stage: Stage):
    late_in_month(stage)
    stage.sandbox.fault(fault="month_full")
    month(stage, fair_use.MONTHLY)
    next_month = begin_of_next_month(stage)

    dated(stage, 3, ahead_s=(next_month - stage.at).total_seconds() + 2 * HOUR_S)
    handed_over = stage.states()
    live_until(stage, next_month + timedelta(hours=3))

    assert handed_over == [WAITING] * 3
    assert (stage.live(), stage.states()) == (ALL, [PUBLISHED] * 3)


def test_a_month_ahead_that_ours_fill_takes_no_more_of_them(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(fair_use, "MONTHLY", 2)
    late_in_month(stage)
    stage.sandbox.fault(fault="month_full", most=2)
    next_month = begin_of_next_month(stage)

    dated(stage, 3, ahead_s=(next_month - stage.at).total_seconds() + 2 * HOUR_S)
    live_on(stage, 2 * HOUR_S)
    handed_over = stage.states()
    live_until(stage, next_month + timedelta(hours=6))

    assert handed_over == [WAITING, WAITING, PENDING]
    assert (stage.live(), stage.states()) == (ALL[:2], [PUBLISHED, PUBLISHED, PENDING])
    assert f"{next_month:%Y-%m} is full" in (stage.clips()[2].error or "")
    assert_told(stage)


def test_a_month_that_was_full_when_it_was_last_counted_is_not_the_next_one(stage: Stage):
    late_in_month(stage)
    next_month = begin_of_next_month(stage)
    stage.stand_still((next_month - stage.at).total_seconds() - 600)
    stage.sandbox.fault(fault="month_full")
    month(stage, fair_use.MONTHLY)
    stage.accept(2)
    stage.accept(1, name="b2")

    live_until(stage, next_month + timedelta(minutes=10))

    assert stage.live() == [*sources(1, 2), *sources(1, name="b2")]
    assert out_at(stage)[0] <= next_month + timedelta(minutes=1)
    assert_told(stage, "b1", "b2")


def test_what_is_asked_for_while_the_month_is_full_is_not_missed_when_it_is_over(stage: Stage):
    late_in_month(stage)
    stage.sandbox.fault(fault="month_full")
    month(stage, fair_use.MONTHLY)
    stage.accept(2)
    live_on(stage, 3 * HOUR_S)
    dated(stage, 3, ahead_s=HOUR_S, name="b2")
    stage.accept(1, name="b3")

    live_until(stage, begin_of_next_month(stage) + timedelta(hours=1))

    assert stage.live() == [*sources(1, 2), *sources(1, 2, 3, name="b2"), *sources(1, name="b3")]
    assert_told(stage, "b1", "b2", "b3")
