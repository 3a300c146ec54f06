"""A full day or month: dates that lie ahead are kept, and what waits together goes on together."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from storyclip.domain import fair_use
from storyclip.sandbox.process import SandboxProcess
from tests.flow.acts import (
    DAY_S,
    HOUR_S,
    PENDING,
    PUBLISHED,
    assert_told,
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
    store: str, shared_sandbox: SandboxProcess
):
    stage = Stage(shared_sandbox, STORYCLIP_QUOTA_24H="4")
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
