"""Neighbours that stand still in a transaction: who waits for them, and how the judge sees it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.world import history
from tests.world.judge import judge
from tests.world.record import Hold, Record
from tests.world.scenario import scenario_of
from tests.world.times import SECOND_US


def seconds(*whole: int) -> list[int]:
    return [one * SECOND_US for one in whole]


def a_hold(lane_id: int, freed_s: int, moved_s: int, **what: Any) -> Record:
    began, freed, moved, ended = seconds(100, freed_s, moved_s, 9000)
    hold = Hold(lane_id, began, freed, moved, wanted={"b1.2"}, **what)
    return Record(holds=[hold], upset_us=[began], ended_us=ended)


@pytest.mark.parametrize("is_server", [True, False])
def test_who_stands_still_in_a_transaction_makes_others_wait_and_nothing_go_wrong(is_server: bool):
    scenarios = (scenario_of(seed, "neighbours") for seed in range(1, 1000))
    histories = (history.run(one) for one in scenarios if bool(one.hosts_ahead_s) is is_server)

    waited = next(
        one
        for one in histories
        if any(hold.wanted and (hold.lane_id > 0) is is_server for hold in one.record.holds)
    )

    assert waited.findings == []


def test_the_judge_lets_a_lane_wait_for_its_neighbour_as_long_as_is_promised():
    assert judge(a_hold(1, freed_s=105, moved_s=114)) == []
    assert judge(a_hold(0, freed_s=1300, moved_s=1309)) == []


@pytest.mark.parametrize(
    ("record", "what"),
    [
        (a_hold(1, freed_s=105, moved_s=116), "a lane stands for its neighbour"),
        (a_hold(1, freed_s=300, moved_s=301), "a lane stands for its neighbour"),
        (a_hold(0, freed_s=1300, moved_s=1311), "a lane stands for its neighbour"),
        (a_hold(1, 105, 106, standing=[2]), "other lanes stand for a neighbour"),
        (a_hold(1, 105, 106, has_clock_waited=True), "the clock waits for a neighbour"),
    ],
)
def test_the_judge_sees_who_stands_still_for_a_neighbour(record: Record, what: str):
    assert [(one.kind, one.what) for one in judge(record)] == [("stuck", what)]


def test_the_judge_excuses_a_lane_to_which_something_else_happened_meanwhile():
    record = a_hold(1, freed_s=105, moved_s=116)
    record.upset_us += seconds(107)

    assert judge(record) == []
