"""Dates on the real stack, workers killed meanwhile; the ledger says what went out and when."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from storyclip.store.instants import to_text
from tests.judge import judge, published
from tests.whole.conftest import WORKERS, Client, Posted, client_of

HOUR_S = 3600.0
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


def test_a_scheduled_batch_goes_out_on_its_dates_though_storyclip_is_down(tmp_path: Path):
    with client_of(tmp_path) as client:
        first = at_the_hour(2)
        batch = client.publish(5, schedule={"mode": "scheduled", "scheduledAt": first.isoformat()})
        batch.until(lambda shown: shown["clips"][1]["status"] == WAITING)
        client.kill_workers()
        batch.until(lambda shown: all(clip["status"] == WAITING for clip in shown["clips"]))
        dates = [first + n * timedelta(minutes=1) for n in range(5)]
        shown = batch.dates()

        stop_storyclip(client)
        client.let_time_pass_upstream(dates[-1])
        went_live = judge(batch.sources, published(client.sandbox.ledger(), batch.account))
        client.look_now()
        start_storyclip(client)
        batch.until_ended()

        assert shown == dates
        assert handed_over(batch) == list(zip(batch.sources, dates, strict=True))
        assert went_live.is_clean
        assert batch.states() == ["published"] * 5
        assert batch.verdict().is_clean


@pytest.mark.parametrize("distribution", ["together", "spread"])
def test_best_time_from_the_answer_to_the_last_story(tmp_path: Path, distribution: str):
    asked = {"mode": "bestTime", "timezone": "America/Bogota", "distribution": distribution}
    with client_of(tmp_path) as client:
        batch = client.publish(3, schedule=asked)
        client.kill_workers()
        schedule = batch.answer.json()["schedule"]
        dates = [datetime.fromisoformat(slot["scheduledAt"]) for slot in schedule["clips"]]
        batch.until(lambda shown: all(clip["status"] == WAITING for clip in shown["clips"]))

        stop_storyclip(client)
        client.let_time_pass_upstream(dates[-1])
        client.look_now()
        start_storyclip(client)
        batch.until_ended()

        assert schedule["rule"] == {"together": "bestWindow", "spread": "bestHours"}[distribution]
        assert all(slot["score"] > 0 for slot in schedule["clips"])
        assert batch.status()["schedule"] == schedule
        assert handed_over(batch) == list(zip(batch.sources, dates, strict=True))
        assert batch.states() == ["published"] * 3
        assert batch.verdict().is_clean


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


def test_after_five_hours_the_old_is_missed_and_the_rest_caught_up_in_order(tmp_path: Path):
    with client_of(tmp_path) as client:
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


def test_eight_stories_with_five_left_are_refused_and_five_go_out(tmp_path: Path):
    with client_of(tmp_path, STORYCLIP_QUOTA_24H="8") as client:
        account = client.new_account()
        client.publish(3, network="instagram", account=account).until_ended()

        refused = client.publish(8, network="instagram", account=account).answer
        fitting = client.publish(5, network="instagram", account=account)
        fitting.until_ended()

        problem = refused.json()
        free_s = datetime.fromisoformat(problem["enoughAt"]) - datetime.now(UTC)
        assert (refused.status_code, problem["code"]) == (409, "quota_exceeded")
        assert (problem["limit"], problem["left"], problem["asked"]) == (8, 5, 8)
        assert timedelta(hours=23) < free_s < timedelta(hours=24)
        assert fitting.states() == ["published"] * 5


def test_a_batch_that_meets_the_quota_midway_waits_and_burns_nothing(tmp_path: Path):
    with client_of(tmp_path, STORYCLIP_QUOTA_24H="5") as client:
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
        batch.until(
            lambda shown: any("takes 5 stories" in (c["error"] or "") for c in shown["clips"])
        )
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
