"""Webhooks on the real stack: a receiver that does nothing costs the publishing nothing."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator

import pytest

from storyclip.store import database
from storyclip.store.history import events
from tests.eventually import eventually
from tests.judge import created_by_source
from tests.webhooks.receiver import Receiver, receiving, secret_of
from tests.whole.conftest import WORKERS, Client, Posted, client_of

pytestmark = pytest.mark.xdist_group("webhooks")

CLIPS = 5
BATCHES = 4


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    folder = tmp_path_factory.mktemp("webhooks")
    with client_of(folder, STORYCLIP_WEBHOOK_ALLOW_PRIVATE="true") as client:
        yield client


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as one:
        yield one


def secret(client: Client) -> str:
    events.forget_listeners()
    database.connect(client.stack.database_url)
    try:
        return secret_of("local")
    finally:
        database.disconnect()


def all_of(count: int) -> list[str]:
    return ["clip.published"] * count + ["batch.completed"]


def told(receiver: Receiver, batch: Posted) -> list[tuple[str, int]]:
    batch_id = batch.answer.json()["batchId"]
    return [one.place for one in receiver.firsts() if one.body["data"]["batchId"] == batch_id]


def until_told(receiver: Receiver, batches: list[Posted], count: int) -> None:
    eventually(
        lambda: all(len(told(receiver, batch)) > count for batch in batches),
        90,
        otherwise=lambda: [told(receiver, batch) for batch in batches],
        every_s=0.1,
    )


def round_of_batches(client: Client, webhook_url: str | None) -> tuple[list[Posted], float]:
    began = time.monotonic()
    batches = [client.publish(CLIPS, webhook_url=webhook_url) for _ in range(BATCHES)]
    for batch in batches:
        batch.until_ended()
    return batches, time.monotonic() - began


def test_publishing_is_not_slowed_by_a_receiver_that_never_answers(
    client: Client, receiver: Receiver, capsys: pytest.CaptureFixture[str]
):
    receiver.manners = [receiver.is_stuck] * 1000

    without, without_s = round_of_batches(client, None)
    slow, slow_s = round_of_batches(client, receiver.url)

    # All stories are out, and not one message of theirs has been answered yet.
    eventually(lambda: receiver.heard)
    assert not receiver.go_on.is_set()
    assert all(batch.verdict().is_clean for batch in [*without, *slow])
    assert all(batch.states() == ["published"] * CLIPS for batch in [*without, *slow])
    assert set(created_by_source(client.sandbox.ledger()).values()) == {1}
    with capsys.disabled():
        print(
            f"\n{BATCHES} batches of {CLIPS} clips: {without_s:.1f} s without webhooks,"
            f" {slow_s:.1f} s with a receiver that never answers"
        )

    receiver.manners.clear()
    receiver.go_on.set()
    until_told(receiver, slow, CLIPS)

    for batch in slow:
        places = told(receiver, batch)
        assert [kind for kind, _ in places] == all_of(CLIPS)
        assert [seq for _, seq in places] == sorted(seq for _, seq in places)
    key = secret(client)
    assert all(one.is_signed_with(key) for one in receiver.heard)


def test_with_workers_killed_in_turn_every_message_arrives_in_order(
    client: Client, receiver: Receiver
):
    batch = client.publish(4, webhook_url=receiver.url)

    for number in range(4):
        time.sleep(0.9)  # anywhere in a step or a delivery, which is the point
        client.stack.kill(WORKERS[number % 2], signal.SIGKILL)
    batch.until_ended()
    until_told(receiver, [batch], 4)

    places = told(receiver, batch)
    assert [kind for kind, _ in places] == all_of(4)
    assert [seq for _, seq in places] == sorted(seq for _, seq in places)
    assert batch.verdict().is_clean
