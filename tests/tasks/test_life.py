"""A worker process whose clock stands still ends; what it could not write it puts back."""

import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import cast

import dramatiq
import pytest
from dramatiq.brokers.stub import StubBroker

from storyclip.domain.clip import Clip, Event
from storyclip.domain.errors import LostRace, StoreUnavailable
from storyclip.flow.clock import Clock
from storyclip.flow.engine import Engine
from storyclip.store.publishing import clips
from storyclip.store.service import workers
from storyclip.tasks import actors, life
from storyclip.tasks.broker import PUBLISH
from storyclip.tasks.chain import Chain
from storyclip.tasks.in_hand import InHand
from storyclip.tasks.life import WorkerLife
from tests.eventually import PATIENCE_S, eventually
from tests.store.making import T0, made, record, sql

FAR = T0 + timedelta(minutes=4)
Begin = Callable[[], None]
NO_ENGINE = cast(Engine, None)


class Stuck(Clock):
    """A clock whose tick ends when it is let go."""

    def __init__(self) -> None:
        super().__init__("stuck", lambda _: None, lambda _: None, lambda: 0.0, lambda _: None)
        self.may_go_on = threading.Event()
        self.ticks = 0

    def tick(self, now) -> int:
        self.ticks += 1
        self.may_go_on.wait(30)
        return 0


@pytest.fixture
def worker(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Stuck, Begin, threading.Event]]:
    """A worker's life with such a clock, how it begins, and whether it ended its process."""
    monkeypatch.setattr(life, "TICK_AT_MOST_S", 1.0)
    clock, ended = Stuck(), threading.Event()
    broker, nothing = cast(dramatiq.Broker, None), cast(dramatiq.Worker, None)
    lives = WorkerLife(
        clock, lambda: T0, lambda: None, lambda: None, lambda: None, InHand(), ended.set
    )
    yield clock, lambda: lives.before_worker_boot(broker, nothing), ended
    clock.may_go_on.set()
    lives._stopping.set()
    lives._thread.join()
    lives._watchdog.join()


@pytest.fixture
def in_hand(store: str) -> Clip:
    """A clip that the worker `us` was about to send, and is called late in four minutes."""
    return record(made()[0], Event.CLAIMED, at=T0, worker="us", next_at=FAR, rung_at=T0)


def test_a_tick_that_lasts_ends_the_process(worker):
    clock, begin, ended = worker
    begin()
    eventually(lambda: clock.ticks == 1)

    assert ended.wait(PATIENCE_S)


def test_ticks_that_end_do_not(worker):
    clock, begin, ended = worker
    clock.may_go_on.set()
    begin()

    eventually(lambda: clock.ticks > 8)

    assert not ended.is_set()


def test_a_step_that_the_database_left_alone_is_put_back_and_rung(
    in_hand: Clip, monkeypatch: pytest.MonkeyPatch
):
    def away(clip_id: int, engine: Engine) -> None:
        raise StoreUnavailable("away")

    monkeypatch.setattr(actors, "step", away)
    broker, hand = StubBroker(), InHand()
    actors.declare(broker, NO_ENGINE, hand, Chain(lambda _: None))

    broker.get_actor(PUBLISH)(in_hand.id)
    hand.put_back(lambda clip_id: workers.put_back(clip_id, "us", T0))

    assert clips.find(in_hand.id).next_at == T0
    assert clips.make_due(T0, portion=1) == [in_hand.id]


@pytest.mark.parametrize("worker_now", ["another", None])
def test_what_is_in_another_hand_by_now_is_not_put_back(in_hand: Clip, worker_now: str | None):
    sql("UPDATE publish_batch_clips SET worker = ? WHERE id = ?", worker_now, in_hand.id)

    assert workers.put_back(in_hand.id, "us", T0)

    assert clips.find(in_hand.id).next_at == FAR


def test_what_this_process_is_at_again_is_put_back_only_once_it_fails_anew():
    hand, asked = InHand(), list[int]()

    def put_back(row_id: int) -> bool:
        asked.append(row_id)
        return True

    hand.keep(7)
    with hand.taking(7):
        hand.put_back(put_back)
        meanwhile = list(asked)
    hand.put_back(put_back)
    hand.put_back(put_back)

    assert (meanwhile, asked) == ([], [7])


def test_what_cannot_be_put_back_yet_is_tried_again():
    hand, answers = InHand(), list[bool | StoreUnavailable]((StoreUnavailable("away"), False, True))

    def put_back(row_id: int) -> bool:
        answer = answers.pop(0)
        if isinstance(answer, StoreUnavailable):
            raise answer
        return answer

    hand.keep(7)
    with pytest.raises(StoreUnavailable):
        hand.put_back(put_back)
    for _ in range(4):
        hand.put_back(put_back)

    assert answers == []


def test_a_race_that_a_step_lost_is_nothing_to_wonder_about():
    def loses(clip_id: int, engine: Engine) -> None:
        raise LostRace("somebody else")

    assert actors._run(loses, 7, NO_ENGINE, InHand())
