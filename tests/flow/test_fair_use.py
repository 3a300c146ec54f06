"""The month of an account: above Metricool's fair use nothing goes out, and nothing says so."""

from __future__ import annotations

from storyclip.domain import fair_use
from storyclip.domain.clip import State
from storyclip.store.events import events_since
from tests.flow.conftest import ACCOUNT, Stage, source

HOUR_S = 3600


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
    assert f"published {fair_use.MONTHLY} posts" in (first.error or "")
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


def test_a_count_that_metricool_does_not_give_holds_nobody_up(stage: Stage, monkeypatch):
    monkeypatch.setattr(stage.upstream, "month_count", lambda account_id: None)
    stage.accept(1)

    stage.pass_time(120)

    assert stage.live() == [source("b1", 1)]


def test_whoever_asks_for_more_near_the_end_of_the_month_is_told(stage: Stage):
    month(stage, fair_use.NEARLY - 1)
    stage.accept(1)
    stage.pass_time(120)
    lane = stage.clips()[0].lane

    assert fair_use.warning(lane, 1) is None
    assert "may have to wait" in (fair_use.warning(lane, 2) or "")
