"""One budget for all processes, over a real Redis: nobody waits, and a stop stops everybody."""

from __future__ import annotations

import random
import socket
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from time import monotonic
from typing import cast

import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from config.settings import Settings
from storyclip.domain.budget import Bucket, Purpose, Rates
from storyclip.domain.errors import OverBudget, UpstreamBusy
from storyclip.progress.budget import EVERY_S, LOCAL_SHARE, SharedBudget, budget_of
from storyclip.stack.ports import free_port
from tests.progress.test_ear import server

FEW = Rates(10, 5)  # 20 calls, 10 reads


class Clock:
    """The process's own; Redis has another."""

    def __init__(self) -> None:
        self.at = 1000.0

    def __call__(self) -> float:
        return self.at


@pytest.fixture(scope="module")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[redis.Redis]:
    with server(free_port(), tmp_path_factory.mktemp("redis")) as client:
        yield client


@pytest.fixture
def client(redis_server: redis.Redis) -> redis.Redis:
    redis_server.flushall()
    return redis_server


@pytest.fixture
def clock() -> Clock:
    return Clock()


def at(port: int) -> redis.Redis:
    return redis.Redis(port=port, retry=Retry(NoBackoff(), 0))


def calls_until_refused(budget: SharedBudget, purpose: Purpose, at_most: int = 1000) -> int:
    for made in range(at_most):
        try:
            budget.take(purpose)
        except OverBudget:
            return made
    return at_most


def came_in(client: redis.Redis, rates: Rates, since: float) -> int:
    """The calls that a bucket may have got since then, however long this process was held up."""
    return 2 + int(rates.calls_per_s * (redis_time(client) - since))


def test_two_processes_have_one_budget(client, clock):
    began = redis_time(client)
    one, other = (SharedBudget(client, "t", FEW, clock) for _ in range(2))

    made = [calls_until_refused(each, Purpose.LOOK) for each in (one, other)]

    assert 20 <= sum(made) <= 20 + came_in(client, FEW, began)


def test_another_token_has_another_budget(client, clock):
    calls_until_refused(SharedBudget(client, "t", FEW, clock), Purpose.LOOK)

    assert calls_until_refused(SharedBudget(client, "u", FEW, clock), Purpose.LOOK) >= 20


def test_publishing_is_never_refused_and_looks_pay_for_it(client, clock):
    budget = SharedBudget(client, "t", FEW, clock)

    for _ in range(500):
        budget.take(Purpose.PUBLISHING)
    clock.at += EVERY_S
    budget.take(Purpose.PUBLISHING)

    assert calls_until_refused(budget, Purpose.LOOK) == 0


def test_reads_leave_the_rest_to_publishing_and_looks(client, clock):
    began, rates = redis_time(client), Rates(10, 1000)
    budget = SharedBudget(client, "t", rates, clock)

    reads = calls_until_refused(budget, Purpose.READ)

    assert reads <= 10 + came_in(client, rates, began)
    assert calls_until_refused(budget, Purpose.LOOK) >= 9


def test_who_is_refused_hears_when_to_come(client, clock):
    budget = SharedBudget(client, "t", Rates(1000, 0.5), clock)
    calls_until_refused(budget, Purpose.READ)

    with pytest.raises(OverBudget) as refused:
        budget.take(Purpose.READ)

    assert 1 < refused.value.retry_after_s <= 2


@pytest.mark.parametrize("purpose", list(Purpose))
def test_a_429_stops_every_process_until_its_time_is_over(client, clock, purpose):
    told, other = (SharedBudget(client, "t", FEW, clock) for _ in range(2))
    other.take(purpose)

    told.stop(30)

    clock.at += EVERY_S
    for budget in (told, other):
        with pytest.raises(UpstreamBusy) as stopped:
            budget.take(purpose)
        assert not isinstance(stopped.value, OverBudget)
        assert 29 < stopped.value.retry_after_s <= 30


def test_a_process_that_starts_into_a_stop_hears_of_it_first(client, clock):
    SharedBudget(client, "t", FEW, clock).stop(30)

    with pytest.raises(UpstreamBusy):
        SharedBudget(client, "t", FEW, clock).take(Purpose.PUBLISHING)


def test_a_shorter_stop_takes_nothing_from_a_longer_one(client, clock):
    SharedBudget(client, "t", FEW, clock).stop(60)
    SharedBudget(client, "t", FEW, clock).stop(1)

    with pytest.raises(UpstreamBusy) as stopped:
        SharedBudget(client, "t", FEW, clock).take(Purpose.LOOK)

    assert stopped.value.retry_after_s > 50


def test_after_a_stop_looks_come_back_one_by_one(client, clock):
    began = redis_time(client)
    SharedBudget(client, "t", FEW, clock).stop(0.05)
    after = SharedBudget(client, "t", FEW, clock)
    threading.Event().wait(0.06)

    assert calls_until_refused(after, Purpose.LOOK) <= came_in(client, FEW, began)


def test_ten_thousand_calls_cost_a_handful_of_questions(client, clock):
    budget = SharedBudget(client, "t", Rates(100_000, 5), clock)
    client.config_resetstat()

    for _ in range(5000):
        budget.take(Purpose.PUBLISHING)
        budget.take(Purpose.LOOK)

    assert client.info("commandstats")["cmdstat_eval"]["calls"] <= 4


def test_a_redis_that_is_gone_leaves_each_process_a_part(clock):
    budget = SharedBudget(at(free_port()), "t", FEW, clock)

    budget.take(Purpose.PUBLISHING)

    assert calls_until_refused(budget, Purpose.LOOK) == int(20 * LOCAL_SHARE) - 1


def test_a_stop_holds_where_redis_does_not_hear_it(clock):
    budget = SharedBudget(at(free_port()), "t", FEW, clock)

    budget.stop(30)

    with pytest.raises(UpstreamBusy):
        budget.take(Purpose.PUBLISHING)
    clock.at += 31
    budget.take(Purpose.PUBLISHING)


def test_a_redis_that_comes_back_counts_again(tmp_path: Path, clock):
    port = free_port()
    client = at(port)
    budget = SharedBudget(client, "t", FEW, clock)
    budget.take(Purpose.PUBLISHING)

    with server(port, tmp_path) as back:
        clock.at += 6
        budget.take(Purpose.PUBLISHING)

        assert len(back.keys("storyclip:budget:*")) == 1


def test_a_redis_that_hangs_holds_up_one_call_in_some_seconds():
    with socket.create_server(("127.0.0.1", 0)) as mute:
        url = f"redis://127.0.0.1:{mute.getsockname()[1]}/0"
        environ = {"REDIS_URL": url}
        settings = Settings.from_environment(environ, needs_upstream=False)
        budget = budget_of(settings, monotonic)
        began = monotonic()

        for _ in range(1000):
            budget.take(Purpose.PUBLISHING)

        assert monotonic() - began < 2


def test_the_script_reckons_as_the_bucket_does(client, clock):
    chance = random.Random(13)
    watch = Watch(client)
    budget = SharedBudget(cast(redis.Redis, watch), "t", FEW, clock)
    bucket = Bucket(FEW, redis_time(client))
    by_script, by_bucket = Counter[str](), Counter[str]()

    for _ in range(300):
        spent, looks, reads = chance.choice([(0, 3, 0), (0, 0, 1), (1, 0, 0)])
        found = budget._ask(spent, looks, reads)
        granted = bucket.settle(watch.at, spent, looks, reads)

        assert isinstance(found, list)
        by_script.update(looks=found[0], reads=found[1])
        by_bucket.update(looks=granted.looks, reads=granted.reads)
        for what in ("looks", "reads"):  # microseconds lie between the two
            assert abs(by_script[what] - by_bucket[what]) <= 1
    assert by_script["looks"] > 10
    assert by_script["reads"] >= 1


class Watch:
    """A Redis that notes its time with each script, where no stall of ours comes between them."""

    def __init__(self, client: redis.Redis) -> None:
        self._client = client
        self.at = 0.0

    def eval(self, script: str, keys: int, *said: str) -> object:
        with self._client.pipeline() as both:
            both.eval(script, keys, *said)
            both.time()
            found, (seconds, micros) = both.execute()
        self.at = seconds + micros / 1e6
        return found


def redis_time(client: redis.Redis) -> float:
    seconds, micros = client.time()
    return float(seconds + micros / 1e6)
