"""The user's hand on the real stack, workers killed meanwhile; the ledger says what was sent."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests

from storyclip.stack.programs import SANDBOX_TOKEN, SANDBOX_USER_ID
from tests.whole.conftest import WORKERS, Client, Posted, client_of

# A date far enough ahead that a post can be deleted before it, by a killed worker's successor too
SLOW = {"STORYCLIP_LEAD_S": "5", "STORYCLIP_CONFIRM_ATTEMPTS": "25"}

pytestmark = [pytest.mark.xdist_group("control"), pytest.mark.timeout(240)]


@pytest.fixture(scope="module")
def quick(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    with client_of(tmp_path_factory.mktemp("quick"), STORYCLIP_CONFIRM_ATTEMPTS="10") as client:
        yield client


@pytest.fixture(scope="module")
def slow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    with client_of(tmp_path_factory.mktemp("slow"), **SLOW) as client:
        yield client


@pytest.fixture(autouse=True)
def _without_faults(request: pytest.FixtureRequest) -> Iterator[None]:
    yield
    for name in {"quick", "slow"} & set(request.fixturenames):
        request.getfixturevalue(name).sandbox.clear_faults()


def indexes(batch: Posted, of: list[dict[str, Any]]) -> list[int]:
    return [batch.sources.index(line["source"]) + 1 for line in of]


def made_after(batch: Posted, instant: datetime) -> list[int]:
    made = batch.lines("created")
    return indexes(batch, [m for m in made if datetime.fromisoformat(m["time"]) > instant])


def in_flight(batch: Posted, index: int) -> None:
    batch.until(lambda shown: shown["clips"][index - 1]["status"] == "waiting_confirmation")


def until_published(batch: Posted, count: int) -> None:
    batch.until(lambda shown: shown["posts"]["published"] == count)


def restart_everything(client: Client) -> None:
    """Kill all processes, as a power cut does, and start them again."""
    parts = ("redis", "sandbox", "web", *WORKERS)
    for name in reversed(parts):
        client.stack.stop_program(name, 0)
    for name in parts:
        client.stack.start_program(name)
    client.stack.wait_ready()


def test_a_batch_paused_in_mid_clip_sends_nothing_until_it_is_resumed_after_a_restart(
    slow: Client,
):
    batch = slow.publish(3)
    in_flight(batch, 2)
    paused = slow.act("pause", batch)
    answered_at = datetime.now(UTC)
    slow.kill_workers()
    until_published(batch, 2)
    assert (paused.status_code, paused.json()["status"]) == (200, "paused")
    assert made_after(batch, answered_at) == []

    restart_everything(slow)

    assert batch.status()["status"] == "paused"
    assert batch.states() == ["published", "published", "pending"]
    assert made_after(batch, answered_at) == []
    resumed = slow.act("resume", batch)
    batch.until_ended()
    assert (resumed.status_code, resumed.json()["status"]) == (200, "processing")
    assert batch.states() == ["published"] * 3
    assert batch.verdict().is_clean


def test_after_a_cancel_at_two_of_four_exactly_two_are_out_and_nothing_more_is_sent(
    slow: Client,
):
    batch = slow.publish(4)
    until_published(batch, 2)
    in_flight(batch, 3)

    answer = slow.act("cancel", batch)
    answered_at = datetime.now(UTC)

    assert (answer.status_code, answer.json()["status"]) == (200, "cancelled")
    assert answer.json()["outcome"] == {
        "published": [1, 2],
        "cancelled": [3, 4],
        "failed": [],
        "unknown": [],
    }
    pass_every_date(batch)
    assert indexes(batch, batch.lines("published")) == [1, 2]
    assert indexes(batch, batch.lines("deleted")) == [3]
    assert made_after(batch, answered_at) == []


def pass_every_date(batch: Posted) -> None:
    """Let more time pass than any date that was asked for is ahead."""
    end = datetime.now(UTC) + timedelta(seconds=7)
    batch.until(lambda _: datetime.now(UTC) > end)


def test_a_cancel_while_both_workers_are_killed_keeps_its_word(slow: Client):
    batch = slow.publish(4)
    until_published(batch, 2)
    in_flight(batch, 3)

    answer = slow.acted("cancel", batch)
    answered_at = datetime.now(UTC)
    batch.until_ended()
    pass_every_date(batch)

    live = indexes(batch, batch.lines("published"))
    said = answer.json()["outcome"]
    assert live[:2] == said["published"][:2] == [1, 2]
    assert set(live) <= {*said["published"], *said["unknown"]}
    assert made_after(batch, answered_at) == []
    rows = [n for n, state in enumerate(batch.states(), 1) if state == "published"]
    assert live == rows


def test_a_cancel_waits_for_the_post_that_is_on_its_way(slow: Client):
    slow.sandbox.fault(fault="delay_before_create", seconds=3, times=1)
    batch = slow.publish(2)
    batch.until(lambda shown: shown["phase"] == "sending")

    answer = slow.act("cancel", batch)
    answered_at = datetime.now(UTC)
    pass_every_date(batch)

    assert made_after(batch, answered_at) == []
    assert answer.json()["outcome"]["cancelled"] == [1, 2]
    assert batch.lines("published") == []


@pytest.mark.parametrize("on_failure", ["continue", "pause"])
def test_a_refusal_at_clip_two_of_four_and_its_retry_keep_every_story_single(
    quick: Client, on_failure: str
):
    account, words = quick.new_account(), "no such codec"
    quick.sandbox.fault(fault="refuse", words=words, skip=1, times=1, account=account)
    batch = quick.publish(4, on_failure=on_failure, account=account)
    if on_failure == "pause":
        batch.until(lambda shown: shown["status"] == "paused")
        assert batch.states() == ["published", "failed", "pending", "pending"]
        assert quick.act("resume", batch).status_code == 200
    until_published(batch, 2)
    quick.kill_workers()
    batch.until_ended()
    assert batch.states() == ["published", "failed", "published", "published"]
    assert batch.status()["status"] == "completed"

    refused = quick.act("retry-failed", batch, clip="2")
    done = quick.act("retry-failed", batch, clip="2", confirmOrder="true")
    quick.kill_workers()
    batch.until_ended()

    assert (refused.status_code, refused.json()["code"]) == (409, "order_would_change")
    assert (done.status_code, done.json()["order"]) == (200, "appended")
    assert indexes(batch, batch.lines("published")) == [1, 3, 4, 2]


def unconfirmed(client: Client) -> Posted:
    account = client.new_account()
    client.sandbox.fault(fault="never_publishes", times=1, account=account)
    batch = client.publish(1, account=account)
    batch.until_ended()
    assert batch.status()["clips"][0]["errorCode"] == "unconfirmed"
    return batch


def test_the_retry_of_an_unconfirmed_clip_that_is_live_adopts_it(quick: Client):
    batch = unconfirmed(quick)
    pending = quick.act("retry-failed", batch, clip="1")
    post_id = int(batch.status()["clips"][0]["metricoolPostId"])
    quick.sandbox.force(post_id, status="PUBLISHED")

    live = quick.act("retry-failed", batch, clip="1")

    assert (pending.status_code, pending.json()["code"]) == (409, "still_pending")
    assert live.status_code == 200 or batch.states() == ["published"]  # the late watch was first
    assert batch.states() == ["published"]
    assert len(batch.lines("created")) == 1


def test_an_unconfirmed_clip_deleted_after_its_date_is_sent_once_by_a_persons_word_alone(
    quick: Client,
):
    batch = unconfirmed(quick)
    made = batch.lines("created")[0]
    delete(quick, batch, made["postId"])

    by_itself = quick.act("retry-failed", batch)
    by_word = quick.act("retry-failed", batch, confirmAbsent="true")
    quick.kill_workers()
    batch.until_ended()

    assert (by_itself.status_code, by_itself.json()["code"]) == (409, "still_pending")
    assert "confirmAbsent=true" in by_itself.json()["detail"]
    assert by_word.status_code == 200
    assert batch.states() == ["published"]
    assert len(batch.lines("created")) == 2
    assert len(batch.lines("published")) == 1


def delete(client: Client, batch: Posted, post_id: str) -> None:
    """Delete a post as a person would in Metricool."""
    answer = requests.delete(
        f"{client.sandbox.url}/v2/scheduler/posts/{post_id}",
        params={"userId": SANDBOX_USER_ID, "blogId": batch.account},
        headers={"X-Mc-Auth": SANDBOX_TOKEN},
        timeout=20,
    )
    assert answer.ok, answer.text


def planned(client: Client, count: int, ahead_s: float) -> Posted:
    at = datetime.now(UTC) + timedelta(seconds=ahead_s)
    batch = client.publish(count, schedule={"mode": "scheduled", "scheduledAt": at.isoformat()})
    assert batch.answer.status_code == 202, batch.answer.text
    in_hand(batch, count)
    return batch


def in_hand(batch: Posted, count: int) -> None:
    """Wait until Metricool has all of them."""
    batch.until(lambda _: batch.states() == ["waiting_confirmation"] * count)


def test_a_cancelled_batch_that_was_handed_over_is_deleted_whole(slow: Client):
    batch = planned(slow, 4, ahead_s=60)

    answer = slow.acted("cancel", batch)
    answered_at = datetime.now(UTC)
    batch.until_ended()

    assert answer.status_code == 200
    assert sorted(indexes(batch, batch.lines("deleted"))) == [1, 2, 3, 4]
    assert batch.states() == ["cancelled"] * 4
    assert made_after(batch, answered_at) == []
    assert batch.lines("published") == []
