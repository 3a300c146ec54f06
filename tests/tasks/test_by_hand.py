"""Bells that nobody hears are answered in the worker itself, each once, and not after its end."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from functools import partial
from typing import cast

import dramatiq
import pytest
import redis
from dramatiq.brokers.stub import StubBroker
from structlog.testing import capture_logs

from storyclip.progress.news import Quietly
from storyclip.tasks import by_hand
from storyclip.tasks.broker import AUDIT, PUBLISH, Bells
from storyclip.tasks.by_hand import ByHand
from tests.eventually import eventually

NO_BROKER, NO_WORKER = cast(dramatiq.Broker, None), cast(dramatiq.Worker, None)


class Steps:
    """Steps that were taken, and that last until they are let go."""

    def __init__(self) -> None:
        self.taken: list[tuple[str, int]] = []
        self.may_end = threading.Event()

    def step(self, name: str, row_id: int) -> None:
        self.taken.append((name, row_id))
        self.may_end.wait(30)


@pytest.fixture
def steps() -> Iterator[Steps]:
    steps = Steps()
    yield steps
    steps.may_end.set()


@pytest.fixture
def hand(steps: Steps) -> ByHand:
    return ByHand({name: partial(steps.step, name) for name in (PUBLISH, AUDIT)})


class Deaf(StubBroker):
    """A broker whose Redis is away."""

    def enqueue(self, message, *, delay=None):
        raise redis.ConnectionError("gone")


def test_what_nobody_hears_is_done_here(hand, steps):
    bells = Bells(Deaf(), Quietly(lambda: 0.0), hand.take)

    bells.publish(7)
    bells.audit(3)

    eventually(lambda: steps.taken == [(PUBLISH, 7), (AUDIT, 3)])


def test_what_is_heard_is_not_done_here(hand, steps):
    broker = StubBroker()
    broker.declare_queue("storyclip")
    bells = Bells(broker, Quietly(lambda: 0.0), hand.take)

    bells.publish(7)

    hand.take(AUDIT, 1)
    eventually(lambda: steps.taken)
    assert steps.taken == [(AUDIT, 1)]


def test_the_same_bell_rung_again_meanwhile_is_done_once(hand, steps):
    hand.take(PUBLISH, 7)
    hand.take(PUBLISH, 7)
    hand.take(PUBLISH, 8)

    eventually(lambda: len(steps.taken) == 2)
    assert sorted(steps.taken) == [(PUBLISH, 7), (PUBLISH, 8)]


def test_no_more_wait_than_there_is_room_for(hand, steps, monkeypatch):
    monkeypatch.setattr(by_hand, "MOST_WAITING", 3)

    for row_id in range(10):
        hand.take(PUBLISH, row_id)

    steps.may_end.set()
    hand.after_worker_shutdown(NO_BROKER, NO_WORKER)
    assert len(steps.taken) == 3


def test_at_the_end_what_is_under_way_is_finished_and_nothing_begun(hand, steps):
    hand.take(PUBLISH, 1)
    eventually(lambda: steps.taken)

    hand.before_worker_shutdown(NO_BROKER, NO_WORKER)
    hand.take(PUBLISH, 2)
    steps.may_end.set()
    hand.after_worker_shutdown(NO_BROKER, NO_WORKER)

    assert steps.taken == [(PUBLISH, 1)]
    assert hand._waiting == set()


def test_a_step_that_breaks_is_told_and_may_be_rung_for_again():
    def breaks(row_id: int) -> None:
        raise ValueError("broken")

    hand = ByHand({PUBLISH: breaks})

    with capture_logs() as told:
        hand.take(PUBLISH, 1)
        hand.after_worker_shutdown(NO_BROKER, NO_WORKER)

    assert hand._waiting == set()
    assert [entry["event"] for entry in told] == ["step_broke"]
