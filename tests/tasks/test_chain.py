"""A thread goes on with the clip whose turn came by its own step."""

from __future__ import annotations

from typing import cast

import dramatiq
import pytest

from storyclip.tasks import chain as chains
from storyclip.tasks.chain import Chain


class Lane:
    """Clips of which each makes the next one due, as a step tells it."""

    def __init__(self, clips: int) -> None:
        self.clips = clips
        self.rung, self.taken = list[int](), list[int]()
        self.chain = Chain(self.rung.append)

    def step(self, clip_id: int) -> None:
        self.taken.append(clip_id)
        if clip_id < self.clips:
            self.chain.came(clip_id + 1)


def test_who_ended_a_clip_goes_on_with_the_next_and_nobody_rings():
    lane = Lane(3)

    lane.chain.follow(1, lane.step)

    assert (lane.taken, lane.rung) == ([1, 2, 3], [])


def test_after_some_in_a_row_others_come_first(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(chains, "MOST_IN_A_ROW", 2)
    lane = Lane(5)

    lane.chain.follow(1, lane.step)

    assert (lane.taken, lane.rung) == ([1, 2], [3])


def test_what_came_is_rung_for_by_who_takes_no_step_and_while_the_worker_stops():
    lane = Lane(3)
    lane.chain.came(2)

    lane.chain.before_worker_shutdown(cast(dramatiq.Broker, None), cast(dramatiq.Worker, None))
    lane.chain.follow(2, lane.step)

    assert (lane.taken, lane.rung) == ([2], [2, 3])


def test_what_had_come_before_the_worker_stops_is_rung_for_and_not_begun():
    lane = Lane(3)

    def stops(clip_id: int) -> None:
        lane.step(clip_id)
        lane.chain.before_worker_shutdown(cast(dramatiq.Broker, None), cast(dramatiq.Worker, None))

    lane.chain.follow(1, stops)

    assert (lane.taken, lane.rung) == ([1], [2])


def test_a_second_clip_that_came_with_a_step_is_rung_for_at_once():
    lane = Lane(0)

    def two(clip_id: int) -> None:
        if clip_id == 1:
            lane.chain.came(2)
            lane.chain.came(9)
            assert lane.rung == [9]
        lane.taken.append(clip_id)

    lane.chain.follow(1, two)

    assert (lane.taken, lane.rung) == ([1, 2], [9])


def test_of_a_step_that_broke_what_had_come_is_rung_for():
    lane = Lane(3)

    def breaks(clip_id: int) -> None:
        lane.chain.came(clip_id + 1)
        raise RuntimeError("broken")

    with pytest.raises(RuntimeError):
        lane.chain.follow(1, breaks)

    assert lane.rung == [2]
