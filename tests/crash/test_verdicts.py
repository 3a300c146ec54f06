"""The judge of the kills is judged: each thing that may go wrong, it sees."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from storyclip.domain.clip import State
from storyclip.domain.views import rfc3339
from tests.crash.rows import Clip
from tests.crash.scenario import FAR, NOW, SCHEDULED, Act, Scenario
from tests.crash.verdicts import Story, verdict_on
from tests.crash.web_client import DONE, NOT_NOW, Said
from tests.domain.making import T0
from tests.judge import orphans

ACCOUNT = "2000001"
ONE, TWO, THREE = SOURCES = tuple(f"https://cdn.example.com/{n}.mp4" for n in (1, 2, 3))


def line(event: str, source: str, at_s: float, **more: Any) -> dict[str, Any]:
    """A line of the ledger, so many seconds after the start."""
    time, date = rfc3339(T0 + timedelta(seconds=at_s)), rfc3339(T0 + timedelta(hours=2))
    usual = {"account": ACCOUNT, "network": "facebook", "uuid": source, "plannedFor": date}
    return {"time": time, "event": event, "source": source, "media": source, **usual, **more}


def said(verb: str, at_s: float, status: int = DONE, **body: Any) -> Said:
    """What was asked for at that second, and answered a second later."""
    at = T0 + timedelta(seconds=at_s)
    return Said(verb, at, at + timedelta(seconds=1), status, body)


def cancelled(at_s: float, **outcome: Any) -> Said:
    """A cancel with its answer."""
    usual: dict[str, Any] = {"published": [], "cancelled": [], "failed": [], "unknown": []}
    return said("cancel", at_s, outcome={**usual, **outcome})


def clip(index: int, state: State, safety: str | None = None, code: str | None = None) -> Clip:
    return Clip(index, SOURCES[index - 1], state, code, safety)


def story(*lines: Mapping[str, Any], **facts: Any) -> Story:
    scenario = facts.pop("scenario", Scenario("accepted", 1))
    usual: dict[str, Any] = {"clips": (), "said": ()}
    return Story(scenario, ACCOUNT, SOURCES, ledger=lines, **{**usual, **facts})


def live(*sources: str) -> list[dict[str, Any]]:
    return [line("published", source, place) for place, source in enumerate(sources)]


def test_what_went_out_once_and_in_order_is_clean():
    assert story(*live(ONE, TWO, THREE)).verdict().is_clean


def test_what_is_not_out_is_lost_unless_its_row_says_why():
    there = live(ONE, THREE)
    excused = clip(2, State.FAILED, code="refused")
    refused = Scenario("refused", 2, ends_as="refused")

    assert story(*there).verdict().lost == (TWO,)
    assert story(*there, clips=[excused]).verdict().lost == (TWO,)
    assert story(*there, clips=[excused], scenario=refused).verdict().is_clean


def test_what_is_called_cancelled_is_lost_unless_somebody_cancelled_it():
    there, row = live(ONE, THREE), clip(2, State.CANCELLED)
    by_its_user = Scenario("withdrawn", 2, acts=(Act("cancel"),))

    assert story(*there, clips=[row]).verdict().lost == (TWO,)
    assert story(*there, clips=[row], scenario=by_its_user).verdict().is_clean


def test_a_clip_may_come_late_only_if_its_user_was_told():
    there = live(TWO, THREE, ONE)
    kept = said("retry-failed", 1, order="kept", retried=[1])
    appended = said("retry-failed", 1, order="appended", retried=[1])

    assert story(*there, said=[kept]).verdict().out_of_order == (ONE,)
    assert story(*there, said=[appended]).verdict().is_clean


def test_who_lets_a_batch_go_on_out_of_order_was_told_so_first():
    there = live(TWO, ONE, THREE)
    warned = said("resume", 0.5, status=NOT_NOW, code="order_would_change")

    assert story(*there, said=[said("resume", 0.5)]).verdict().out_of_order == (ONE,)
    assert story(*there, said=[warned, said("resume", 0.6)]).verdict().is_clean


def test_two_batches_of_a_lane_are_judged_as_one_sequence():
    one_lane = Scenario("seen_live", 3, mode=NOW, beside=NOW)
    others = [f"{source}?beside" for source in SOURCES]
    mixed = live(ONE, others[0], TWO, THREE, *others[1:])
    first = story(*mixed, scenario=one_lane)
    second = Story(one_lane, ACCOUNT, others, (), mixed, is_beside=True)

    assert first.verdict().is_clean
    assert second.verdict().is_clean
    assert verdict_on(one_lane, [first, second]).out_of_order == (TWO,)


def test_what_is_far_ahead_stands_upstream_once_and_by_its_dates_when_it_is_stopped():
    far = Scenario("accepted", 2, mode=SCHEDULED, dates=FAR, acts=(Act("cancel"),))
    dates = [rfc3339(T0 + timedelta(hours=hours)) for hours in (2, 4, 3)]
    rows = [clip(index, State.CANCELLED) for index in (1, 2, 3)]
    made = [
        line("created", source, 1, plannedFor=date)
        for source, date in zip(SOURCES, dates, strict=True)
    ]
    twice = line("created", ONE, 2, uuid="another", plannedFor=dates[0])
    gone = [line("deleted", source, 6) for source in SOURCES]

    judged = story(*made, *gone, scenario=far, clips=rows, said=[cancelled(5)]).verdict()
    doubled = story(*made[:2], twice, *gone, scenario=far, clips=rows, said=[cancelled(5)])

    assert judged.out_of_order == (TWO,)
    assert doubled.verdict().duplicate == (ONE,)
    assert doubled.verdict().lost == (THREE,)


@pytest.mark.parametrize(
    ("row", "lines"),
    [
        (clip(1, State.PUBLISHED), []),
        (clip(1, State.CANCELLED), live(ONE)),
        (clip(1, State.CANCELLED), [line("created", ONE, 0)]),
        (clip(1, State.FAILED, safety="safe"), live(ONE)),
    ],
    ids=["published", "cancelled", "cancelled, and planned", "safe"],
)
def test_a_row_that_the_ledger_proves_wrong_is_untrue(row: Clip, lines: Any):
    assert len(story(*lines, clips=[row]).untrue()) == 1


def test_nothing_is_sent_after_a_pause_is_answered_and_before_it_goes_on():
    pause, resume = said("pause", 1, mayGoOut=[1]), said("resume", 9)

    def sent(at_s: float) -> int:
        return len(story(line("created", ONE, at_s), said=[pause, resume]).untrue())

    assert [sent(at_s) for at_s in (1.5, 3, 10)] == [0, 1, 0]


def test_a_resume_that_was_refused_lets_nothing_go_on():
    pause, refused = said("pause", 1, mayGoOut=[]), said("resume", 4, status=NOT_NOW)

    assert len(story(line("created", ONE, 9), said=[pause, refused]).untrue()) == 1


def test_what_goes_out_after_a_pause_was_named_in_its_answer():
    pause = said("pause", 1, mayGoOut=[1])

    assert story(line("published", ONE, 5), said=[pause]).untrue() == ()
    assert len(story(line("published", TWO, 5), said=[pause]).untrue()) == 1


def test_a_pause_that_was_refused_promises_nothing():
    refused = said("pause", 1, status=NOT_NOW, code="batch_ended")

    assert story(line("created", ONE, 5), said=[refused]).untrue() == ()


def test_each_word_of_a_cancel_is_held_against_the_ledger():
    there = [line("published", ONE, 0), line("published", TWO, 0)]

    assert story(*there, said=[cancelled(1, published=[1, 2], cancelled=[3])]).untrue() == ()
    assert len(story(*there, said=[cancelled(1, published=[3])]).untrue()) == 1
    assert len(story(*there, said=[cancelled(1, cancelled=[2])]).untrue()) == 1


def test_a_post_that_no_row_knows_is_an_orphan_until_it_is_deleted():
    made = [line("created", ONE, 0), line("created", TWO, 0)]

    assert orphans(made, ACCOUNT, {ONE}) == [TWO]
    assert orphans([*made, line("deleted", TWO, 1)], ACCOUNT, {ONE}) == []
    assert orphans(made, "another", ()) == []
