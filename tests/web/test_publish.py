"""Starting a batch: recorded as asked, answered as promised, once for one Idempotency-Key."""

from __future__ import annotations

import json
import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from config.settings import Settings
from storyclip.domain.clip import Event
from storyclip.domain.errors import StoreUnavailable
from storyclip.store.publishing import batches, clips, lanes
from storyclip.web.factory import create_app
from storyclip.web.routes import publish
from tests.people import key_for, of
from tests.store.making import record
from tests.web.conftest import NOON, PUBLISH, Someone, good, nothing_recorded, rows
from tests.web.gone import GONE

CREATED_AT = "2026-12-01T12:00:00.000Z"


def settings(**changes: Any) -> dict[str, Any]:
    return good(settings={"accountId": "2000001"} | changes)


def recorded(answer: Any, user: str = "ana") -> Any:
    return batches.find(answer.get_json()["batchId"], of(user)).batch


def test_the_answer_is_the_contract_s(ana):
    answer = ana.publish()

    body = answer.get_json()
    batch_id = body["batchId"]
    assert answer.status_code == 202
    assert answer.content_type == "application/json"
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", batch_id)
    assert answer.headers["Location"] == f"/api/metricool/status?batchId={batch_id}"
    assert body == {
        "batchId": batch_id,
        "tenant": "ana",
        "status": "processing",
        "posts": {"total": 3, "queued": 3},
        "schedule": {"mode": "now"},
        "settings": {"accountId": "2000001", "network": "facebook", "onFailure": "continue"},
        "createdAt": CREATED_AT,
        "links": {
            "status": f"/api/metricool/status?batchId={batch_id}",
            "stream": f"/api/metricool/stream?batchId={batch_id}",
            "ws": f"/api/metricool/ws?batchId={batch_id}",
        },
    }


def test_the_clips_are_recorded_in_the_order_they_were_sent(ana):
    asked = [{"url": f"https://cdn.example.com/{n}.mp4", "text": f"T{n}"} for n in (3, 1, 2)]

    answer = ana.publish(good(posts=asked))

    its_clips = clips.of_batch(answer.get_json()["batchId"])
    assert [clip.source_url for clip in its_clips] == [one["url"] for one in asked]
    assert [clip.title for clip in its_clips] == ["T3", "T1", "T2"]
    assert [clip.client_id for clip in its_clips] == ["clip_1", "clip_2", "clip_3"]


def test_all_that_may_be_left_out_has_its_default(ana):
    asked = {
        "posts": [{"url": "https://cdn.example.com/1.mp4"}],
        "settings": {"accountId": "2000001"},
    }

    batch = recorded(ana.publish(asked))

    assert (batch.job_id, batch.network, batch.on_failure, batch.gap_s, batch.mode) == (
        None,
        "facebook",
        "continue",
        0.0,
        "now",
    )


def test_the_settings_are_recorded(ana):
    batch = recorded(ana.publish(settings(network="instagram", onFailure="pause")))

    assert (batch.account_id, batch.network, batch.on_failure) == ("2000001", "instagram", "pause")


@pytest.mark.parametrize(
    "accounts",
    [
        {"accountId": 2000001},
        {"metricoolAccountId": "2000001"},
        {"metricoolAccountId": 2000001},
        {"accountId": "2000001", "metricoolAccountId": 2000001},
    ],
)
def test_an_account_is_the_same_however_it_is_named(ana, accounts):
    answer = ana.publish(good(settings=accounts))

    assert recorded(answer).account_id == "2000001"
    assert answer.get_json()["settings"]["accountId"] == "2000001"


@pytest.mark.parametrize(("speed", "gap_s"), [("safe", 5.0), ("fast", 3.0), ("ultra", 2.0)])
def test_the_older_publish_speed_is_the_gap_between_two_clips(ana, speed, gap_s):
    answer = ana.publish(settings(publishSpeed=speed))

    assert recorded(answer).gap_s == gap_s
    assert answer.get_json()["settings"]["publishSpeed"] == speed


def test_an_account_the_key_is_not_for_is_refused(anyone):
    limited = Someone(anyone, key_for("ana", {"publish"}, {"2000002"}, at=NOON))

    refused = limited.publish()
    accepted = limited.publish(settings(accountId=2000002))

    assert (refused.status_code, refused.get_json()["code"]) == (403, "account_not_allowed")
    assert accepted.status_code == 202
    assert rows("publish_batches") == 1


def test_batches_are_accepted_while_redis_is_down(ana, redis):
    redis.is_up = False

    assert ana.publish().status_code == 202


def test_what_is_recorded_is_accepted_though_the_database_goes_right_after(ana, monkeypatch):
    def is_away(lane_id: int) -> Any:
        raise StoreUnavailable("away")

    monkeypatch.setattr(lanes, "find", is_away)

    answer = ana.publish()

    assert answer.status_code == 202
    assert batches.find(answer.get_json()["batchId"], of("ana")).batch.total == 3


def test_a_repeat_gets_the_very_same_bytes_even_when_the_batch_has_moved_on(ana, clock):
    asked = settings(publishSpeed="fast", metricoolAccountId=2000001) | {
        "posts": [{"url": "https://cdn.example.com/1.mp4"}]
    }
    first = ana.publish(asked, headers={"Idempotency-Key": "k1"})
    batch_id = first.get_json()["batchId"]
    clip = clips.of_batch(batch_id)[0]
    clip = record(clip, Event.CLAIMED, at=NOON, intended_at=NOON)
    record(clip, Event.REFUSED, at=NOON, error="no", error_code="refused")
    clock.move(86_000)

    second = ana.publish(asked, headers={"Idempotency-Key": "k1"})

    assert recorded(second).status == "failed"
    assert (second.status_code, second.data) == (202, first.data)
    assert second.headers["Location"] == first.headers["Location"]
    assert rows("publish_batches") == 1


def test_a_repeat_may_be_spelled_differently(ana):
    headers = {"Idempotency-Key": "k1"}
    backwards = json.dumps(dict(reversed(good().items())), indent=3)

    first = ana.publish(headers=headers)
    second = ana.post(data=backwards, content_type="application/json", headers=headers)

    assert second.data == first.data


def test_a_key_used_for_another_body_is_refused(ana):
    headers = {"Idempotency-Key": "k1"}
    ana.publish(headers=headers)

    refused = ana.publish(good(2), headers=headers)

    assert (refused.status_code, refused.get_json()["code"]) == (422, "idempotency_key_reused")
    assert refused.get_json()["errors"][0]["pointer"] == ""
    assert rows("publish_batches") == 1


def test_a_refused_request_does_not_use_up_its_key(ana):
    headers = {"Idempotency-Key": "k1"}
    ana.publish(good(posts=[]), headers=headers)

    assert ana.publish(headers=headers).status_code == 202


def test_two_users_may_have_the_same_key(ana, bea):
    headers = {"Idempotency-Key": "k1"}

    hers, his = ana.publish(headers=headers), bea.publish(headers=headers)

    assert hers.get_json()["batchId"] != his.get_json()["batchId"]


def test_without_a_key_the_same_request_is_another_batch(ana):
    ana.publish()
    ana.publish()

    assert rows("publish_batches") == 2


def test_fifty_at_once_with_one_key_are_one_batch(store, clock, metricool, redis):
    usual = Settings.from_environment({}, needs_upstream=False)
    app = create_app(usual, metricool, clock, redis.answers)
    key = key_for("ana", {"publish"}, at=NOON)

    def ask(_: int) -> tuple[int, bytes]:
        someone = Someone(app.test_client(), key)
        answer = someone.publish(headers={"Idempotency-Key": "k1"})
        return answer.status_code, answer.data

    with ThreadPoolExecutor(50) as threads:
        answers = list(threads.map(ask, range(50)))

    assert len(set(answers)) == 1
    assert answers[0][0] == 202
    assert (rows("publish_batches"), rows("publish_batch_clips")) == (1, 3)


def test_fifty_at_once_with_keys_of_their_own_are_fifty_batches(app, ana):
    def ask(n: int) -> int:
        headers = {"Idempotency-Key": f"k{n}"}
        return int(Someone(app.test_client(), ana.key).publish(headers=headers).status_code)

    with ThreadPoolExecutor(50) as threads:
        statuses = list(threads.map(ask, range(50)))

    assert statuses == [202] * 50
    assert rows("publish_batches") == 50


def test_a_get_on_it_says_what_is_allowed(anyone):
    refused = anyone.get(PUBLISH)

    assert refused.status_code == 405
    assert refused.content_type == "application/problem+json"
    assert "POST" in refused.headers["Allow"]
    assert nothing_recorded()


@pytest.mark.parametrize("right", GONE)
def test_a_right_that_goes_while_the_request_is_worked_on_makes_no_batch(ana, monkeypatch, right):
    take, status = GONE[right]
    monkeypatch.setattr(publish, "require_room", lambda *_: take(ana.key))  # as a slow body would

    refused = ana.publish()

    assert refused.status_code == status
    assert nothing_recorded()


@pytest.mark.parametrize("right", GONE)
def test_a_right_that_goes_just_before_the_batch_is_recorded_makes_none(ana, monkeypatch, right):
    take, status = GONE[right]
    create = batches.create

    def late(*asked: Any) -> Any:
        take(ana.key)
        return create(*asked)

    monkeypatch.setattr(batches, "create", late)

    refused = ana.publish()

    assert refused.status_code == status
    assert nothing_recorded()
