"""The month of an account: above Metricool's fair use nothing goes out, and nothing says so."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from storyclip.domain import moves
from storyclip.domain.clip import State
from storyclip.domain.dates import fair_use
from storyclip.domain.errors import UpstreamLookFailed
from storyclip.domain.lane import Lane
from storyclip.domain.network import Network
from storyclip.store.database import run, writing
from storyclip.store.history.events import events_since
from storyclip.store.instants import to_text
from storyclip.store.publishing import quota, writer
from tests.flow.conftest import ACCOUNT, Stage, source

HOUR_S = 3600
DAY_S = 24 * HOUR_S


def counts(stage: Stage) -> int:
    return len([c for c in stage.sandbox.requests() if c["path"].endswith("/counters")])


def month(stage: Stage, published: int) -> None:
    stage.sandbox.ask("POST", "counters", {"account": ACCOUNT, "published": published})


def test_a_full_month_is_waited_for_in_words_and_nothing_is_sent(stage: Stage):
    month(stage, fair_use.MONTHLY)
    stage.accept(2)

    stage.pass_time(3 * HOUR_S)

    first, second = stage.clips()
    assert [first.state, second.state] == [State.PENDING] * 2
    assert f"{stage.at:%Y-%m} is full" in (first.error or "")
    assert events_since("b1", 1)[0]["clip"]["error"] == first.error
    assert stage.live() == []


def test_it_goes_on_by_itself_when_metricool_counts_fewer(stage: Stage):
    month(stage, fair_use.MONTHLY)
    stage.accept(2)
    stage.pass_time(3 * HOUR_S)

    month(stage, 0)
    stage.pass_time(HOUR_S + 300)

    assert stage.live() == [source("b1", 1), source("b1", 2)]
    assert stage.states() == [State.PUBLISHED] * 2


def test_the_month_is_counted_once_an_hour_at_most(stage: Stage):
    stage.accept(5)

    stage.pass_time(900)

    assert stage.states() == [State.PUBLISHED] * 5
    assert counts(stage) == 1


def test_a_month_that_has_begun_is_counted_at_once():
    last_second = datetime(2026, 11, 30, 23, 59, 59, tzinfo=UTC)
    lane = Lane(1, ACCOUNT, Network.FACEBOOK, month_count=9, month_counted_at=last_second)

    assert not fair_use.is_count_due(lane, last_second)
    assert fair_use.is_count_due(lane, last_second + timedelta(seconds=1))


def test_a_count_that_metricool_does_not_give_holds_nobody_up(stage: Stage, monkeypatch):
    monkeypatch.setattr(stage.upstream, "month_count", lambda account_id: None)
    stage.accept(1)

    stage.pass_time(120)

    assert stage.live() == [source("b1", 1)]


def test_a_count_that_fails_once_leaves_the_one_before(stage: Stage, monkeypatch):
    month(stage, fair_use.MONTHLY - 2)
    stage.accept(1)
    stage.pass_time(HOUR_S + 300)

    def fails(account_id: str) -> int:
        raise UpstreamLookFailed("HTTP 500")

    monkeypatch.setattr(stage.upstream, "month_count", fails)
    stage.accept(3, name="b2")
    stage.pass_time(900)

    assert stage.states("b2") == [State.PUBLISHED, State.PENDING, State.PENDING]
    assert "is full" in (stage.clips("b2")[1].error or "")


def test_a_dated_clip_waits_for_the_next_month_without_being_called_late(store, sandbox):
    stage = Stage(sandbox, STORYCLIP_MAX_LATE_S="600")
    month(stage, fair_use.MONTHLY)
    stage.accept(1, dates=[stage.at + timedelta(minutes=10)], gap_s=60.0)

    stage.pass_time(2 * HOUR_S)

    assert stage.states() == [State.PENDING]


def test_whoever_asks_for_more_near_the_end_of_the_month_is_told(stage: Stage):
    month(stage, fair_use.NEARLY - 3)
    stage.accept(1)
    stage.pass_time(120)
    lane, this = stage.clips()[0].lane, fair_use.month_of(stage.at)
    assert lane.month_counted_at is not None

    ours = quota.not_counted(ACCOUNT, this, lane.month_counted_at)

    assert ours == 1
    assert fair_use.warning(lane, this, ours, 2) is None
    assert "may have to wait" in (fair_use.warning(lane, this, ours, 3) or "")


def test_nobody_is_warned_of_a_month_that_is_over(stage: Stage):
    month(stage, fair_use.MONTHLY)
    stage.accept(1)
    stage.pass_time(120)
    lane = stage.clips()[0].lane

    assert fair_use.warning(lane, fair_use.month_of(stage.at), 0, 1)
    assert fair_use.warning(lane, fair_use.month_of(stage.at + timedelta(days=31)), 0, 1) is None


def test_both_networks_of_an_account_share_its_month(stage: Stage):
    stage.sandbox.fault(fault="month_full")
    month(stage, fair_use.MONTHLY - 1)
    stage.accept(1)
    stage.accept(1, name="b2", network="instagram")

    stage.pass_time(HOUR_S)

    assert (stage.states(), stage.states("b2")) == ([State.PUBLISHED], [State.PENDING])


@pytest.mark.parametrize(
    ("state", "date_s", "fields", "is_lacking"),
    [
        ("waiting_confirmation", -60, {}, True),
        ("verifying", -60, {}, True),
        ("waiting_confirmation", 40 * DAY_S, {}, False),
        ("published", -60, {"published_at": 60}, True),
        ("published", -60, {"published_at": -30}, False),
        ("failed", 60, {"retry_safety": "check_first"}, True),
        ("failed", -60, {"retry_safety": "check_first"}, False),
        ("failed", 60, {"retry_safety": "safe"}, False),
        ("cancelled", 60, {}, False),
        ("pending", 60, {}, False),
    ],
)
def test_what_the_count_lacks_is_what_was_not_out_when_it_was_made(
    stage: Stage, state: str, date_s: float, fields: dict[str, Any], is_lacking: bool
):
    stage.accept(1)
    counted_at = fair_use.month_of(stage.at).start + timedelta(days=10)
    times = {"scheduled_at": date_s} | {k: v for k, v in fields.items() if k == "published_at"}
    texts = {k: to_text(counted_at + timedelta(seconds=v)) for k, v in times.items()}
    columns = {"status": state, **fields, **texts}
    with writing():
        sets = ", ".join(f"{column} = ?" for column in columns)
        run(f"UPDATE publish_batch_clips SET {sets}", tuple(columns.values()))

    lacking = quota.not_counted(ACCOUNT, fair_use.month_of(counted_at), counted_at)

    assert lacking == is_lacking


def test_what_a_worker_has_in_hand_is_counted_before_it_has_a_date(stage: Stage):
    stage.accept(1)
    [clip] = stage.clips()
    writer.write(moves.claimed(clip, "worker-a", stage.at), stage.at)

    assert quota.not_counted(ACCOUNT, fair_use.month_of(stage.at), stage.at) == 1
