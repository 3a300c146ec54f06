"""Users are served in turn: who sends many files keeps nobody waiting for more than one of them."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from functools import partial

import pytest

from storyclip.domain.errors import StoreUnavailable
from storyclip.tasks import media
from storyclip.tasks.media import Bench
from tests.eventually import eventually


class Work:
    """What is due, and in which order it is done; each waits until it is let go."""

    def __init__(self, due: Sequence[str]) -> None:
        self.due, self.begun = list(due), list[str]()
        self.goes_on = threading.Semaphore(0)
        self.bench = Bench("work", lambda most: self.due[:most], self.do, 1, lambda one: one[0])

    def do(self, one: str) -> None:
        self.begun.append(one)
        assert self.goes_on.acquire(timeout=10)
        self.due.remove(one)

    def done(self, many: int) -> list[str]:
        """Return what was done when so many more of it are."""
        for _ in range(many):
            before = len(self.begun)
            self.bench.look()
            eventually(partial(self._has_begun_more_than, before))
            self.goes_on.release()
            eventually(lambda: not self.bench.is_busy())
        return self.begun[-many:]

    def _has_begun_more_than(self, before: int) -> bool:
        return len(self.begun) > before


def test_users_are_served_in_turn_and_each_ones_in_their_order():
    work = Work(["a1", "b1", "a2", "a3", "a4"])

    assert work.done(3) == ["a1", "b1", "a2"]
    work.due += ["c1", "b2"]
    assert work.done(4) == ["c1", "b2", "a3", "a4"]


def test_who_is_alone_waits_for_nobody():
    assert Work(["a1", "a2", "a3"]).done(3) == ["a1", "a2", "a3"]


def test_a_disk_or_bucket_that_is_away_does_not_end_the_process(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(media, "LOOK_S", 0.001)
    looks, stopping = list[int](), threading.Event()

    def chore() -> None:
        looks.append(1)
        if len(looks) == 2:
            stopping.set()
        raise OSError("the bucket of users' files: it does not answer")

    media.run([], [chore], lambda: None, stopping)

    assert len(looks) == 2


def test_a_process_that_cannot_look_what_is_due_gives_no_sign_of_life(
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setattr(media, "LOOK_S", 0.001)
    looks, signs, stopping = list[int](), list[int](), threading.Event()

    def due(most: int) -> Sequence[str]:
        looks.append(most)
        if len(looks) == 3:
            stopping.set()
        if len(looks) < 3:
            raise StoreUnavailable("gone")
        return []

    bench = Bench("work", due, lambda _: None, 1, str)
    media.run([bench], [], lambda: signs.append(len(looks)), stopping)

    assert signs == [3]
