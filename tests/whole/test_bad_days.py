"""Bad days of the whole service: what is down comes back, and the ledger shows each story once."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from typing import Any

import psutil
import pytest
import redis

from storyclip.stack.stack import Stack
from tests.eventually import eventually
from tests.whole.conftest import SANDBOX, SHORT, WORKERS, Client, Posted

FROZEN_S = 3.0

pytestmark = pytest.mark.xdist_group("bad_days")

Holds = Callable[[dict[str, Any]], object]


@pytest.fixture(autouse=True)
def _without_faults(client: Client) -> Iterator[None]:
    yield
    client.sandbox.clear_faults()


def until_first(batch: Posted, holds: Holds) -> None:
    """Wait for something to be so of its first clip."""
    batch.until(lambda shown: bool(holds(shown["clips"][0])))


LOST = {"fault": "create_then_drop"}


def test_flushall_while_clips_wait_are_sent_tried_again_or_looked_for_loses_nothing(client: Client):
    server = redis.Redis.from_url(client.stack.redis_url)
    moments: list[tuple[dict[str, Any], Holds]] = [
        ({"fault": "delay_answer", "seconds": 3}, lambda clip: clip["status"] == "uploading"),
        ({"fault": "busy_429", "seconds": 2}, lambda clip: clip["error"] is not None),
        (LOST, lambda clip: clip["status"] == "verifying"),
        ({"fault": "publishing_for_long", "seconds": 2}, lambda clip: clip["uploadedAt"]),
    ]
    batches = []
    for fault, is_so in moments:
        account = client.new_account()
        client.sandbox.fault(**fault, account=account, times=1)
        if fault == LOST:  # found at once, it would not be seen to be looked for
            client.sandbox.fault(fault="list_fails", status=500, account=account, times=6)
        batch = client.publish(3, account=account)
        until_first(batch, is_so)
        server.flushall()
        batches.append(batch)

    eventually(lambda: server.flushall() and all(batch.has_ended() for batch in batches))

    assert {state for batch in batches for state in batch.states()} == {"published"}
    assert [batch.verdict() for batch in batches if not batch.verdict().is_clean] == []


def test_without_redis_a_batch_is_accepted_and_goes_out_when_redis_is_back(client: Client):
    client.stack.stop_program("redis", 0)
    try:
        ready = client.get("/readyz")
        livez = client.get("/livez")
        batch = client.publish(3)
        accepted = batch.answer.status_code
    finally:
        client.stack.start_program("redis")

    assert (ready.status_code, livez.status_code, accepted) == (503, 200, 202)
    assert "redis" in ready.text
    batch.until_ended()
    assert batch.verdict().is_clean


def test_without_redis_a_batch_goes_out_by_what_the_clock_finds_due(client: Client):
    client.stack.stop_program("redis", 0)
    try:
        batch = client.publish(3)

        batch.until_ended()
    finally:
        client.stack.start_program("redis")

    assert batch.states() == ["published"] * 3
    assert batch.verdict().is_clean


def test_a_redis_that_was_stopped_in_mid_batch_holds_nothing_up_and_comes_back(client: Client):
    restarts = client.stack.restarts("redis")
    batch = client.publish(4)
    batch.until(lambda shown: shown["posts"]["published"] == 1)

    _signal_trees(client.stack.pids("redis"), signal.SIGSTOP)

    batch.until_ended()
    assert batch.states() == ["published"] * 4
    assert batch.verdict().is_clean
    eventually(lambda: client.stack.restarts("redis") > restarts)
    eventually(lambda: client.get("/readyz").ok)


def test_a_metricool_that_goes_away_for_a_while_burns_no_clip(client: Client):
    batch = client.publish(3)
    batch.until(lambda shown: shown["posts"]["published"] == 1)
    client.stack.stop_program("sandbox", 0)

    time.sleep(3)  # an outage takes real time
    client.stack.start_program("sandbox")

    batch.until_ended()
    assert batch.states() == ["published"] * 3
    assert batch.verdict().is_clean


def test_a_worker_killed_again_and_again_sends_each_story_once(client: Client):
    batch = client.publish(5)

    for number in range(6):
        time.sleep(0.7)  # anywhere in a step, which is the point
        client.stack.kill(WORKERS[number % 2], signal.SIGKILL)

    batch.until_ended()
    assert batch.states() == ["published"] * 5
    assert batch.verdict().is_clean


def test_sigterm_finishes_the_story_in_hand_within_25_s(client: Client):
    client.sandbox.fault(fault="delay_answer", seconds=4, times=1)
    batch = client.publish(1)
    batch.until(lambda shown: shown["phase"] == "sending")

    began = time.monotonic()
    for worker in WORKERS:
        client.stack.stop_program(worker, 25)
    took_s = time.monotonic() - began

    assert took_s < 25
    assert batch.states() in (["waiting_confirmation"], ["published"])  # the other worker looks on
    assert batch.status()["clips"][0]["attempts"] == 1
    for worker in WORKERS:
        client.stack.start_program(worker)
    batch.until_ended()
    assert batch.verdict().is_clean


def test_a_frozen_worker_sends_nothing_twice_when_it_wakes(client: Client):
    client.sandbox.fault(fault="normalize_slow", seconds=FROZEN_S, times=1)  # to be seen at it
    batch = client.publish(2)
    batch.until(lambda shown: shown["phase"] == "preparing")
    frozen = [pid for name in WORKERS for pid in client.stack.pids(name)]

    _signal_trees(frozen, signal.SIGSTOP)
    time.sleep(FROZEN_S)  # as long as a lid that is shut: whatever they had in hand is overdue
    _signal_trees(frozen, signal.SIGCONT)

    batch.until_ended()
    assert batch.states() == ["published"] * 2
    assert batch.verdict().is_clean


def test_repeating_a_request_whose_answer_was_lost_makes_no_second_batch(client: Client):
    key = {"Idempotency-Key": "lost-answer"}
    first = client.publish(2, headers=key)
    again = client.ask(
        "POST",
        "publish/stories",
        data=first.answer.request.body,
        headers={"Content-Type": "application/json", **key},
    )

    assert again.content == first.answer.content
    first.until_ended()
    assert first.verdict().is_clean


def test_a_webhook_receiver_on_this_machine_needs_leave(client: Client):
    refused = client.publish(1, webhook_url="http://127.0.0.1:9/hook").answer

    assert refused.status_code == 422
    assert refused.json()["errors"][0]["pointer"] == "/settings/webhookUrl"


def test_twenty_accounts_at_once_each_keep_their_own_order(client: Client):
    batches = [client.publish(3) for _ in range(20)]

    for batch in batches:
        batch.until_ended()

    assert all(batch.verdict().is_clean for batch in batches)


def test_a_whole_batch_on_postgresql(new_postgres_database: str, tmp_path):
    with Stack(
        tmp_path,
        workers=2,
        database_url=new_postgres_database,
        sandbox_flags=SANDBOX,
        environment=SHORT,
    ) as stack:
        batch = Client(stack).publish(5)
        batch.until(lambda shown: shown["posts"]["published"] >= 1)
        stack.kill("worker", signal.SIGKILL)
        batch.until_ended()

        assert batch.states() == ["published"] * 5
        assert batch.verdict().is_clean
        assert batch.status()["lastSeq"] >= 1 + 3 * 5


def _signal_trees(pids: list[int], signum: signal.Signals) -> None:
    for pid in pids:
        for process in [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]:
            os.kill(process.pid, signum)
