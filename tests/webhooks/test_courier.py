"""Couriers with their threads: the slow hold up nobody, and of two workers one may be killed."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime

import pytest

from storyclip.domain.network import Network
from storyclip.store import database
from storyclip.store.history.deliveries import Delivery
from storyclip.webhooks.courier import A_RECEIVER, A_USER, KEPT_FREE, THREADS, Courier, Load
from tests.eventually import eventually
from tests.store.making import rows, sql
from tests.webhooks.conftest import LIVE, Post
from tests.webhooks.receiver import Receiver, receiving, secret_of

ALL = "SELECT 1 FROM publish_batches"
DEAD = 40

# A worker's courier alone, in a process of its own; claims run out after two seconds.
COURIER = """
import random, sys, threading
from datetime import UTC, datetime
from config.settings import Settings
from storyclip.webhooks import delivering
from storyclip.webhooks.courier import Courier
from storyclip.store import database
delivering.CLAIM_S = 2.0
settings = Settings.from_environment(
    {"STORYCLIP_WEBHOOK_ALLOW_PRIVATE": "1", "STORYCLIP_RETRY_BASE_S": "0.1",
     "STORYCLIP_RETRY_MAX_S": "0.5"}, needs_upstream=False)
database.connect(sys.argv[1])
Courier(delivering.Teller(settings, lambda: datetime.now(UTC), random.random, 1.0)).start()
print("ready", file=sys.stderr, flush=True)
threading.Event().wait()
"""


@pytest.fixture
def courier(post: Post) -> Iterator[Courier]:
    post.at = datetime.now(UTC)
    one = Courier(post.teller_with(deadline_s=20.0))
    one.start()
    yield one
    post.receiver.go_on.set()
    one.stop()


def test_a_stuck_receiver_with_many_batches_holds_up_no_other(post: Post, courier: Courier):
    stuck = post.receiver
    stuck.manners = [stuck.is_stuck] * 100
    for number in range(2 * THREADS):
        (clip,) = post.batch(f"stuck{number}", 1, account=f"30{number:05}")
        post.walk(clip, *LIVE)
    courier.look()
    eventually(lambda: len(stuck.heard) == A_RECEIVER)

    with receiving() as brisk:
        post.receiver = brisk
        (clip,) = post.batch("brisk", 1)
        post.walk(clip, *LIVE)
        courier.look()
        eventually(lambda: len(brisk.heard) == 2)

        assert [one.place[0] for one in brisk.heard] == ["clip.published", "batch.completed"]
    assert len(stuck.heard) == A_RECEIVER
    post.receiver = stuck


def begin_storm(post: Post, receivers: list[Receiver], user: str = "ana", each: int = 2) -> None:
    """Have a user report to many receivers, none of which ever answers."""
    for number, receiver in enumerate(receivers):
        receiver.manners = [receiver.is_stuck] * 100
        post.receiver = receiver
        for one in range(each):
            name = f"{user}-{number}-{one}"
            (clip,) = post.batch(name, 1, user, account=f"3{len(rows(ALL)):06}")
            post.walk(clip, *LIVE)


def test_forty_receivers_that_never_answer_leave_room_for_another_user(
    post: Post, courier: Courier
):
    first = post.receiver
    with ExitStack() as lines:
        stuck = [lines.enter_context(receiving()) for _ in range(DEAD)]
        begin_storm(post, stuck)
        courier.look()
        eventually(lambda: sum(len(one.heard) for one in stuck) == A_USER)

        began = time.monotonic()
        post.receiver = first
        (clip,) = post.batch("theirs", 1, "bea", account="4000001")
        post.walk(clip, *LIVE)
        courier.look()
        eventually(lambda: len(first.heard) == 2)

        assert time.monotonic() - began < 2
        assert sum(len(one.heard) for one in stuck) == A_USER


def test_the_last_threads_are_for_users_who_have_none(post: Post, courier: Courier):
    first = post.receiver
    with ExitStack() as lines:
        stuck = [lines.enter_context(receiving()) for _ in range(16)]
        for user in ("ana", "bea", "cleo", "dora"):
            begin_storm(post, stuck[:4], user, each=1)
            stuck = stuck[4:] + stuck[:4]
        courier.look()
        eventually(lambda: sum(len(one.heard) for one in stuck) >= THREADS - KEPT_FREE)

        post.receiver = first
        (clip,) = post.batch("theirs", 1, "eva", account="4000001")
        post.walk(clip, *LIVE)
        courier.look()
        eventually(lambda: len(first.heard) == 2)

        assert sum(len(one.heard) for one in stuck) <= THREADS - KEPT_FREE + 1


@pytest.mark.parametrize(
    ("in_hand", "one_more", "is_taken"),
    [
        ([], ("ana", "a", 0), True),
        ([("ana", "a", 0)] * A_RECEIVER, ("ana", "a", 0), False),
        ([("ana", "a", 0)] * A_RECEIVER, ("ana", "b", 0), True),
        ([("ana", str(n), 0) for n in range(A_USER)], ("ana", "x", 0), False),
        ([("ana", str(n), 0) for n in range(A_USER)], ("bea", "x", 0), True),
        ([("ana", str(n), 1) for n in range(A_USER // 2)], ("ana", "x", 1), False),
        ([("ana", str(n), 1) for n in range(A_USER // 2)], ("ana", "x", 0), True),
        ([("ana", str(n), 1) for n in range(A_USER // 2)], ("bea", "x", 1), True),
        ([(f"u{n}", str(n), 1) for n in range(THREADS // 2)], ("new", "x", 1), False),
        ([(f"u{n}", str(n), 0) for n in range(THREADS - KEPT_FREE)], ("u1", "x", 0), False),
        ([(f"u{n}", str(n), 0) for n in range(THREADS - KEPT_FREE)], ("new", "x", 0), True),
        ([(f"u{n}", str(n), 0) for n in range(THREADS)], ("new", "x", 0), False),
    ],
)
def test_who_gets_a_thread(in_hand, one_more, is_taken):
    load = Load(delivery(number, *facts) for number, facts in enumerate(in_hand))

    assert load.takes(delivery(99, *one_more)) is is_taken


def delivery(number: int, user: str, receiver: str, attempts: int) -> Delivery:
    told = ("b", "https://x.io/", receiver, 1, 0, 0, attempts, None, user, None, "7")
    return Delivery(number, *told, Network.FACEBOOK)


def test_a_database_that_is_away_for_a_moment_does_not_end_the_courier(
    post: Post, courier: Courier, store: str
):
    sql("ALTER TABLE webhook_deliveries RENAME TO elsewhere")
    if store.startswith("sqlite"):  # there a missing table is "the database", elsewhere our mistake
        time.sleep(1.2)  # two looks that find no table
    sql("ALTER TABLE elsewhere RENAME TO webhook_deliveries")

    (clip,) = post.batch(count=1)
    post.walk(clip, *LIVE)
    courier.look()

    eventually(lambda: len(post.receiver.heard) == 2)


def test_of_two_workers_one_is_killed_with_a_message_in_hand_and_order_holds(
    post: Post, store: str
):
    post.at = datetime.now(UTC)
    receiver = post.receiver
    receiver.manners = [receiver.is_stuck]
    for clip in post.batch(count=3):
        post.walk(clip, *LIVE)
    database.database.close()
    workers = [_worker(store)]
    eventually(lambda: receiver.heard)  # it has the first message in hand

    workers.append(_worker(store))
    workers[0].send_signal(signal.SIGKILL)
    workers[0].wait(10)
    for number in range(4):
        (clip,) = post.batch(f"other{number}", 1, account=f"40{number:05}")
        post.walk(clip, *LIVE)
    eventually(lambda: rows("SELECT 1 FROM webhook_deliveries WHERE next_at IS NOT NULL") == [])
    workers[1].kill()
    workers[1].wait(10)

    told = [one for one in receiver.heard if one.body["data"]["batchId"] == "b1"]
    assert [one.place for one in told] == [
        ("clip.published", 4),
        ("clip.published", 4),
        ("clip.published", 7),
        ("clip.published", 10),
        ("batch.completed", 10),
    ]
    assert len(receiver.firsts()) == 4 + 4 * 2
    assert all(one.is_signed_with(secret_of("ana")) for one in receiver.heard)


def _worker(store: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", COURIER, store]
    worker = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    assert worker.stderr is not None
    with worker.stderr as said:
        assert said.readline() == "ready\n"
    return worker
