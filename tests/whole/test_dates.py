"""Dates on the real stack, workers killed meanwhile; the ledger says what went out and when."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import chain, pairwise
from typing import Any

import pytest

from storyclip.store.instants import to_text
from tests.judge import judge, published
from tests.whole.conftest import WORKERS, Client, Posted, client_of

HOUR_S = 3600.0
QUOTA = 5
WAITING = "waiting_confirmation"

pytestmark = [pytest.mark.xdist_group("dates"), pytest.mark.timeout(240)]


def at_the_hour(hours: int) -> datetime:
    return datetime.now(UTC).replace(minute=0, second=0, microsecond=0) + timedelta(hours=hours)


def stop_storyclip(client: Client) -> None:
    for name in (*WORKERS, "web"):
        client.stack.stop_program(name, 0)


def start_storyclip(client: Client) -> None:
    for name in ("web", *WORKERS):
        client.stack.start_program(name)
    client.stack.wait_ready()


def handed_over(batch: Posted) -> list[tuple[str, datetime]]:
    """Source and date of every post that was made, in the order of making."""
    return [
        (line["source"], datetime.fromisoformat(line["plannedFor"]))
        for line in batch.lines("created")
    ]


@dataclass(frozen=True)
class Dated:
    """A batch, the dates that were answered to whoever asked for it, and what had gone live."""

    batch: Posted
    dates: list[datetime]
    went_live: list[str]

    @property
    def schedule(self) -> dict[str, Any]:
        return dict(self.batch.answer.json()["schedule"])


@pytest.fixture(scope="module")
def gone_by(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Dated]]:
    """A batch of each kind, handed over while workers die; at its dates StoryClip is down."""
    first = at_the_hour(2)
    best = {"mode": "bestTime", "timezone": "America/Bogota"}
    asked = {
        "scheduled": (5, {"mode": "scheduled", "scheduledAt": first.isoformat()}),
        "recalled": (2, {"mode": "scheduled", "scheduledAt": first.isoformat()}),
        "together": (3, {**best, "distribution": "together"}),
        "spread": (3, {**best, "distribution": "spread"}),
    }
    with client_of(tmp_path_factory.mktemp("dates")) as client:
        batches = {name: client.publish(n, schedule=at) for name, (n, at) in asked.items()}
        batches["scheduled"].until(lambda shown: shown["clips"][1]["status"] == WAITING)
        client.kill_workers()
        in_hand(*batches.values())
        recall(client, batches["recalled"])
        dates = {name: batch.dates() for name, batch in batches.items()}

        stop_storyclip(client)
        client.let_time_pass_upstream(max(chain(*dates.values())))
        ledger = client.sandbox.ledger()
        client.look_now()
        start_storyclip(client)
        for batch in batches.values():
            batch.until_ended()

        yield {
            name: Dated(batch, dates[name], published(ledger, batch.account))
            for name, batch in batches.items()
        }


def in_hand(*batches: Posted) -> None:
    """Wait until Metricool has all clips of all of them."""
    for batch in batches:
        batch.until(lambda shown: all(clip["status"] == WAITING for clip in shown["clips"]))


def recall(client: Client, batch: Posted) -> None:
    """Pause a batch that was handed over while both workers are killed, and let it go on."""
    dates = batch.dates()
    answer = client.acted("pause", batch)
    answered_at = datetime.now(UTC)
    batch.until(lambda shown: all(clip["status"] == "pending" for clip in shown["clips"]))
    made = [datetime.fromisoformat(line["time"]) for line in batch.lines("created")]
    assert (answer.status_code, answer.json()["status"]) == (200, "paused")
    assert sorted(line["source"] for line in batch.lines("deleted")) == batch.sources
    assert not [at for at in made if at > answered_at]
    assert client.act("resume", batch).status_code == 200
    in_hand(batch)
    assert batch.dates() == dates


@pytest.mark.parametrize("kind", ["scheduled", "recalled", "together", "spread"])
def test_a_batch_with_dates_goes_out_on_them_though_storyclip_is_down(
    gone_by: dict[str, Dated], kind: str
):
    dated = gone_by[kind]
    batch = dated.batch
    times = 2 if kind == "recalled" else 1

    assert handed_over(batch) == list(zip(batch.sources, dated.dates, strict=True)) * times
    assert judge(batch.sources, dated.went_live).is_clean
    assert batch.states() == ["published"] * len(batch.sources)
    assert batch.verdict().is_clean


def test_a_scheduled_batch_has_a_story_a_minute_from_the_hour_it_was_asked_for(
    gone_by: dict[str, Dated],
):
    scheduled = gone_by["scheduled"].dates

    assert scheduled == [scheduled[0] + n * timedelta(minutes=1) for n in range(5)]
    assert scheduled[0] == datetime.fromisoformat(gone_by["scheduled"].schedule["scheduledAt"])


@pytest.mark.parametrize(
    ("distribution", "rule"), [("together", "bestWindow"), ("spread", "bestHours")]
)
def test_the_best_times_are_those_of_the_first_answer_to_the_last_story(
    gone_by: dict[str, Dated], distribution: str, rule: str
):
    dated = gone_by[distribution]
    slots = dated.schedule["clips"]

    assert dated.schedule["rule"] == rule
    assert all(slot["score"] > 0 for slot in slots)
    assert [datetime.fromisoformat(slot["scheduledAt"]) for slot in slots] == dated.dates
    assert dated.batch.status()["schedule"] == dated.schedule


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """One with a small quota, which counts for Instagram alone."""
    folder = tmp_path_factory.mktemp("quota")
    with client_of(folder, STORYCLIP_QUOTA_24H=str(QUOTA)) as client:
        yield client


def age(client: Client, batch: Posted, *ages_s: float) -> None:
    """Put the dates of a batch into the past, as an outage would, and the interval to a second."""
    now = datetime.now(UTC).replace(microsecond=0)
    for index, age_s in enumerate(ages_s, start=1):
        client.sql(
            "UPDATE publish_batch_clips SET wished_for = ? WHERE batch_id = ? AND clip_index = ?",
            to_text(now - timedelta(seconds=age_s)),
            batch.batch_id,
            index,
        )
    client.sql("UPDATE publish_batches SET gap_s = 1")


def test_after_five_hours_the_old_is_missed_and_the_rest_caught_up_in_order(client: Client):
    for name in WORKERS:
        client.stack.stop_program(name, 0)
    asked = {"mode": "scheduled", "scheduledAt": at_the_hour(2).isoformat()}
    account = client.new_account()
    first = client.publish(3, schedule=asked, account=account)
    second = client.publish(3, schedule=asked, account=account)
    other = client.publish(3, schedule=asked)
    age(client, first, 5 * HOUR_S, 5 * HOUR_S - 60, 1800)
    age(client, second, 1500, 1440, 1380)
    age(client, other, 2 * HOUR_S, 1200, 1140)

    for name in WORKERS:
        client.stack.start_program(name)
    second.until(lambda shown: shown["clips"][0]["status"] == WAITING)
    client.kill_workers()
    for batch in (first, second, other):
        batch.until_ended()

    caught_up = [first.sources[2], *second.sources]
    made = handed_over(first)
    assert published(client.sandbox.ledger(), account) == caught_up
    assert published(client.sandbox.ledger(), other.account) == other.sources[1:]
    assert [source for source, _ in made] == caught_up
    assert all(b - a >= timedelta(seconds=1) for (_, a), (_, b) in pairwise(made))
    assert [clip["errorCode"] for clip in first.status()["clips"]] == ["missed"] * 2 + [None]
    assert [clip["errorCode"] for clip in other.status()["clips"]] == ["missed", None, None]
    assert [source for source, _ in handed_over(other)] == other.sources[1:]


def test_four_stories_with_three_left_are_refused_and_three_go_out(client: Client):
    account = client.new_account()
    client.publish(2, network="instagram", account=account).until_ended()

    refused = client.publish(4, network="instagram", account=account).answer
    fitting = client.publish(3, network="instagram", account=account)
    fitting.until_ended()

    problem = refused.json()
    free_s = datetime.fromisoformat(problem["enoughAt"]) - datetime.now(UTC)
    assert (refused.status_code, problem["code"]) == (409, "quota_exceeded")
    assert (problem["limit"], problem["left"], problem["asked"]) == (QUOTA, 3, 4)
    assert timedelta(hours=23) < free_s < timedelta(hours=24)
    assert fitting.states() == ["published"] * 3


def test_a_batch_that_meets_the_quota_midway_waits_and_burns_nothing(client: Client):
    account = client.new_account()
    elsewhere = client.publish(3)
    elsewhere.until_ended()
    batch = client.publish(5, network="instagram", account=account)
    batch.until(lambda shown: shown["posts"]["published"] == 1)
    # as if somebody had published three more there meanwhile
    client.sql(
        "UPDATE publish_batch_clips SET lane_id = (SELECT lane_id FROM publish_batches"
        " WHERE batch_id = ?) WHERE batch_id = ?",
        batch.batch_id,
        elsewhere.batch_id,
    )
    batch.until(lambda shown: any("takes 5 stories" in (c["error"] or "") for c in shown["clips"]))
    client.kill_workers()
    waiting = batch.status()
    time.sleep(2)  # it must stay as it is, which takes real time to see
    still = batch.status()

    client.sql(
        "UPDATE publish_batch_clips SET scheduled_at = ? WHERE batch_id = ?",
        to_text(datetime.now(UTC) - timedelta(hours=25)),
        elsewhere.batch_id,
    )
    client.look_now()
    batch.until_ended()

    out = waiting["posts"]["published"]
    assert out < 5
    assert still["lastSeq"] == waiting["lastSeq"]
    assert [clip["attempts"] for clip in waiting["clips"][out:]] == [0] * (5 - out)
    assert batch.states() == ["published"] * 5
    assert [clip["attempts"] for clip in batch.status()["clips"]] == [1] * 5
    live = published(client.sandbox.ledger(), account, "instagram")
    assert judge(batch.sources, live).is_clean
