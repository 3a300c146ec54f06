"""Wrong passwords count in all web processes, over a real Redis; without one, in each."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from time import monotonic

import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from storyclip.progress.failures import DEAF_FOR_S, SharedFailures, failures_at
from storyclip.stack.ports import free_port
from storyclip.web.door.password_tries import BOTH_WITHIN, MOST_OF_BOTH, PasswordTries
from tests.progress.test_ear import server

NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)
HERE, THERE = "192.0.2.1", "192.0.2.2"
MINUTE = timedelta(minutes=1)


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[redis.Redis]:
    with server(free_port(), tmp_path_factory.mktemp("redis")) as started:
        yield started


def process(client: redis.Redis) -> PasswordTries:
    return PasswordTries(SharedFailures(client, monotonic))


def test_a_guesser_has_no_more_tries_for_more_processes(client):
    processes = [process(client) for _ in range(3)]

    for n in range(MOST_OF_BOTH):
        assert processes[n % 3].wait_s("lola", HERE, None, NOON) == 0
        processes[n % 3].failed("lola", HERE, None, NOON)

    limit_s = BOTH_WITHIN.total_seconds()
    waits = [one.wait_s("lola", HERE, None, NOON) for one in (*processes, process(client))]
    assert all(limit_s - 60 < wait_s <= limit_s for wait_s in waits)
    assert processes[0].wait_s("lola", THERE, None, NOON) == 0
    assert processes[0].wait_s("bea", HERE, None, NOON) == 0
    assert processes[0].wait_s("lola", HERE, "a browser that is known", NOON) == 0


def test_the_wait_is_over_when_the_first_of_them_is_old_enough(client):
    failures = SharedFailures(client, monotonic)
    soon = timedelta(milliseconds=1)

    failures.failed("x", 2, MINUTE)
    assert failures.wait_s("x", 2, MINUTE) == 0
    failures.failed("x", 2, MINUTE)

    assert 59 <= failures.wait_s("x", 2, MINUTE) <= 60
    assert failures.wait_s("x", 2, soon) in (0, 1)
    assert not [key for key in client.scan_iter("*") if client.pttl(key) < 0]


def test_without_redis_each_counts_by_itself_and_does_not_wait_for_it():
    away = redis.Redis(port=free_port(), retry=Retry(NoBackoff(), 0))
    at = [0.0]
    asked = SharedFailures(away, lambda: at[0])
    alone, other = PasswordTries(asked), PasswordTries(asked)

    for _ in range(MOST_OF_BOTH):
        alone.failed("lola", HERE, None, NOON)

    assert alone.wait_s("lola", HERE, None, NOON) == BOTH_WITHIN.total_seconds()
    assert other.wait_s("lola", HERE, None, NOON) == 0
    assert asked._deaf_until == DEAF_FOR_S


def test_it_is_the_redis_of_the_settings(client):
    port = client.connection_pool.connection_kwargs["port"]
    failures = failures_at(f"redis://127.0.0.1:{port}/0", monotonic)

    failures.failed("y", 1, MINUTE)

    assert SharedFailures(client, monotonic).wait_s("y", 1, MINUTE) > 0
