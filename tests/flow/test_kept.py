"""One call answers all who want the same, and what is old is better than nothing."""

from __future__ import annotations

import gc
import threading
import weakref
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from storyclip.domain.errors import OverBudget, UpstreamBusy, UpstreamDenied, UpstreamUnreachable
from storyclip.flow.kept import (
    AGAIN_AFTER,
    AT_ONCE,
    FAILED_FOR,
    MOST_KEPT,
    MOST_WAITING,
    Kept,
)
from tests.eventually import eventually

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


class Asked:
    """Answers with how often it was asked; holds a call while `is_held`, fails with `trouble`."""

    def __init__(self) -> None:
        self.at = datetime(2026, 12, 1, 12, tzinfo=UTC)
        self.times = 0
        self.trouble: Exception | None = None
        self.goes_on = threading.Event()
        self.goes_on.set()
        self.kept: Kept[str, int] = Kept(self, lambda: self.at, MINUTE, HOUR)

    def __call__(self, key: str) -> int:
        self.times += 1
        times = self.times
        assert self.goes_on.wait(10)
        if self.trouble is not None:
            raise self.trouble
        return times


@pytest.fixture
def asked() -> Asked:
    return Asked()


def test_an_answer_is_kept_for_its_time(asked):
    first = asked.kept.of("a")
    asked.at += MINUTE / 2

    assert (asked.kept.of("a"), asked.times) == (first, 1)
    asked.at += MINUTE
    assert (asked.kept.of("a"), asked.times) == (2, 2)


def test_of_those_who_want_the_same_one_asks(asked):
    asked.goes_on.clear()
    with ThreadPoolExecutor(MOST_WAITING + 1) as pool:
        waiting = [pool.submit(asked.kept.of, "a") for _ in range(MOST_WAITING + 1)]
        eventually(lambda: len(asked.kept._calls["a"][1]) == MOST_WAITING)
        with pytest.raises(OverBudget):
            asked.kept.of("a")
        asked.goes_on.set()

        assert [one.result() for one in waiting] == [1] * (MOST_WAITING + 1)
    assert asked.times == 1


def test_who_waited_hears_of_the_same_failure_and_nobody_asks_anew_at_once(asked):
    asked.goes_on.clear()
    asked.trouble = UpstreamUnreachable("no route")
    with ThreadPoolExecutor(2) as pool:
        waiting = [pool.submit(asked.kept.of, "a") for _ in range(2)]
        eventually(lambda: len(asked.kept._calls["a"][1]) == 1)
        asked.goes_on.set()

        assert [one.exception() for one in waiting] == [asked.trouble] * 2
    asked.trouble = None
    with pytest.raises(UpstreamUnreachable):
        asked.kept.of("a")
    asked.at += FAILED_FOR
    assert (asked.kept.of("a"), asked.times) == (2, 2)


def test_a_call_that_hangs_holds_up_nobody_who_has_an_old_answer(asked):
    asked.kept.of("a")
    asked.at += MINUTE
    asked.goes_on.clear()
    with ThreadPoolExecutor(1) as pool:
        pool.submit(asked.kept.of, "a")
        eventually(lambda: asked.times == 2)

        assert asked.kept.of("a") == 1
        asked.goes_on.set()


def test_no_more_than_a_few_calls_are_under_way(asked):
    asked.goes_on.clear()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        under_way = [pool.submit(asked.kept.of, str(n)) for n in range(AT_ONCE)]
        eventually(lambda: asked.times == AT_ONCE)
        with pytest.raises(OverBudget):
            asked.kept.of("one more")
        asked.goes_on.set()

        assert all(one.result() for one in under_way)
    assert asked.kept.of("one more") == AT_ONCE + 1


@pytest.mark.parametrize("trouble", [UpstreamBusy(30), OverBudget(1), UpstreamUnreachable("gone")])
def test_the_old_answer_is_shown_while_there_is_no_newer_and_not_asked_for_each_time(
    asked, trouble
):
    asked.kept.of("a")
    asked.at += MINUTE
    asked.trouble = trouble

    assert [asked.kept.of("a") for _ in range(5)] == [1] * 5
    assert asked.times == 2
    asked.at += AGAIN_AFTER
    assert (asked.kept.of("a"), asked.times) == (1, 3)


def test_what_is_too_old_is_not_shown(asked):
    asked.kept.of("a")
    asked.at += HOUR
    asked.trouble = UpstreamUnreachable("gone")

    with pytest.raises(UpstreamUnreachable):
        asked.kept.of("a")


def test_what_is_refused_to_us_is_not_shown_from_before(asked):
    asked.kept.of("a")
    asked.at += MINUTE
    asked.trouble = UpstreamDenied("reconnect", 401)

    for _ in range(3):
        with pytest.raises(UpstreamDenied):
            asked.kept.of("a")
    assert asked.times == 2


def test_the_oldest_go_when_there_are_too_many(asked):
    for n in range(MOST_KEPT + 1):
        asked.kept.of(str(n))

    assert len(asked.kept._entries) == MOST_KEPT
    asked.kept.of("0")
    assert asked.times == MOST_KEPT + 2


def test_a_failure_that_counts_no_more_is_let_go_with_all_that_led_to_it(asked):
    def fails(key: str) -> weakref.ref[Exception]:
        asked.trouble = failure = UpstreamUnreachable("no answer")
        with pytest.raises(UpstreamUnreachable):
            asked.kept.of(key)
        return weakref.ref(failure)

    first = fails("a")
    asked.at += FAILED_FOR
    fails("b")

    gc.collect()  # what was raised and where it was refer to each other
    assert first() is None
