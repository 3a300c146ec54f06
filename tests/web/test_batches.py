"""Looking at batches: all facts of the contract, 304 only for who has them, page by page."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from storyclip.domain.clip import Event
from storyclip.domain.moves import Move
from storyclip.store.publishing import clips, writer
from tests.domain.test_views import FACTS
from tests.store.making import record
from tests.web.conftest import NOON, good

API = "/api/metricool"


@pytest.fixture
def batch_id(ana) -> str:
    return str(ana.publish().get_json()["batchId"])


def first_clip(batch_id: str) -> Any:
    return clips.of_batch(batch_id)[0]


def accepted(batch_id: str) -> Any:
    """Metricool has the first clip, planned for now."""
    clip = record(first_clip(batch_id), Event.CLAIMED, at=NOON, intended_at=NOON)
    return record(clip, Event.ACCEPTED, at=NOON, post_id="31", planned_for=NOON)


def fail_all(batch_id: str) -> None:
    for clip in clips.of_batch(batch_id):
        taken = record(clip, Event.CLAIMED, at=NOON, intended_at=NOON)
        record(taken, Event.REFUSED, at=NOON, error="no")


def pages(someone, path: str) -> list[list[str]]:
    """Follow the Link headers to the end."""
    seen: list[list[str]] = []
    while path:
        answer = someone.get(path)
        seen.append([one["batchId"] for one in answer.get_json()["batches"]])
        link = answer.headers.get("Link", "")
        assert not link or link.endswith('>; rel="next"')
        path = link.split(">")[0].strip("<")
    return seen


def test_the_status_has_all_facts_of_the_contract(ana, batch_id):
    status = ana.get(f"{API}/status?batchId={batch_id}").get_json()

    assert set(status) == FACTS | {"posts", "clips"}
    assert (status["tenant"], status["jobId"], status["status"]) == ("ana", "job_123", "processing")
    assert status["waitProgress"] == {"elapsed": 0.0, "total": 120.0}
    assert [clip["index"] for clip in status["clips"]] == [1, 2, 3]
    assert [clip["id"] for clip in status["clips"]] == ["c1", "c2", "c3"]


def test_the_summary_has_the_same_facts_with_the_counters_at_the_top(ana, batch_id):
    answer = ana.get(f"{API}/batch/{batch_id}").get_json()

    assert answer["success"] is True
    assert set(answer["batch"]) == FACTS | {
        "clips",
        "total",
        "published",
        "failed",
        "unconfirmed",
        "cancelled",
    }


def test_a_status_without_a_batch_id_is_asked_for_it(ana):
    refused = ana.get(f"{API}/status")

    assert refused.status_code == 422
    assert refused.get_json()["errors"][0]["pointer"] == "/batchId"


def test_who_has_the_status_already_gets_304_without_a_body(ana, batch_id):
    path = f"{API}/status?batchId={batch_id}"
    etag = ana.get(path).headers["ETag"]

    again = ana.get(path, headers={"If-None-Match": etag})
    listed = ana.get(path, headers={"If-None-Match": f'"other", {etag}'})

    assert (again.status_code, again.data, again.headers["ETag"]) == (304, b"", etag)
    assert listed.status_code == 304


def test_a_change_of_the_batch_is_not_304(ana, batch_id):
    path = f"{API}/status?batchId={batch_id}"
    etag = ana.get(path).headers["ETag"]
    record(first_clip(batch_id), Event.CLAIMED, at=NOON)

    assert ana.get(path, headers={"If-None-Match": etag}).status_code == 200


def test_waiting_longer_is_not_304_although_no_event_came(ana, batch_id, clock):
    path = f"{API}/status?batchId={batch_id}"
    accepted(batch_id)
    before = ana.get(path)
    clock.move(3)

    after = ana.get(path, headers={"If-None-Match": before.headers["ETag"]})

    assert after.status_code == 200
    assert after.get_json()["lastSeq"] == before.get_json()["lastSeq"]
    assert after.get_json()["waitProgress"]["elapsed"] == 3.0


def test_a_blocked_account_is_not_304_although_no_event_came(ana, batch_id):
    path = f"{API}/status?batchId={batch_id}"
    etag = ana.get(path).headers["ETag"]
    clip = first_clip(batch_id)
    blocked = replace(clip.lane, blocked_reason="reconnect Metricool", blocked_since=NOON)
    writer.write(Move(clip, clip, None, lane=blocked), NOON)

    after = ana.get(path, headers={"If-None-Match": etag})

    assert after.status_code == 200
    assert (after.get_json()["phase"], after.get_json()["error"]) == (
        "blocked",
        "reconnect Metricool",
    )


@pytest.mark.parametrize("path", [f"{API}/batch/user-active", f"{API}/batches/active"])
def test_active_batches_are_those_that_have_not_ended(ana, clock, path):
    ended = ana.publish().get_json()["batchId"]
    fail_all(ended)
    clock.move(1)
    running = [ana.publish().get_json()["batchId"]]
    clock.move(1)
    running.append(ana.publish().get_json()["batchId"])

    answer = ana.get(path).get_json()

    assert (answer["success"], answer["count"]) == (True, 2)
    assert [one["batchId"] for one in answer["batches"]] == running[::-1]


def test_no_batches_are_an_empty_list(ana):
    assert ana.get(f"{API}/batches").get_json() == {"success": True, "batches": [], "count": 0}


@pytest.mark.parametrize("apart_s", [1, 0], ids=["one a second", "all in one instant"])
@pytest.mark.parametrize("limit", [1, 2, 3, 7, 8])
def test_the_pages_hold_every_batch_once_newest_first(ana, clock, limit, apart_s):
    made = []
    for _ in range(7):
        made.append((clock.at, ana.publish(good(1)).get_json()["batchId"]))
        clock.move(apart_s)

    seen = pages(ana, f"{API}/batches?limit={limit}")

    newest_first = [batch_id for _, batch_id in sorted(made, reverse=True)]
    assert [batch_id for page in seen for batch_id in page] == newest_first
    assert all(len(page) == limit for page in seen[:-1])
    assert seen[-1]


def test_a_batch_made_meanwhile_does_not_shift_the_pages(ana, clock):
    made = []
    for _ in range(4):
        made.append(ana.publish(good(1)).get_json()["batchId"])
        clock.move(1)
    first = ana.get(f"{API}/batches?limit=2")
    ana.publish(good(1))

    second = ana.get(first.headers["Link"].split(">")[0].strip("<"))

    assert [one["batchId"] for one in second.get_json()["batches"]] == made[1::-1]


def test_the_next_page_keeps_the_filters(root, ana, bea, clock):
    for _ in range(3):
        ana.publish(good(1))
        bea.publish(good(1))
        clock.move(1)

    seen = pages(root, f"{API}/batches?limit=2&userId=ana&status=processing")

    assert [len(page) for page in seen] == [2, 1]


def test_batches_are_filtered_by_status(ana):
    failed = ana.publish().get_json()["batchId"]
    fail_all(failed)
    ana.publish()

    answer = ana.get(f"{API}/batches?status=failed").get_json()

    assert [one["batchId"] for one in answer["batches"]] == [failed]


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ("limit=0", "/limit"),
        ("limit=-1", "/limit"),
        ("limit=201", "/limit"),
        ("limit=9999999999", "/limit"),
        ("limit=ten", "/limit"),
        ("limit=", "/limit"),
        ("limit=%D9%A1", "/limit"),
        ("status=done", "/status"),
        ("status=", "/status"),
        ("status=PROCESSING", "/status"),
        ("cursor=", "/cursor"),
        ("cursor=x", "/cursor"),
        ("cursor=%00", "/cursor"),
        ("cursor=%C3%A9", "/cursor"),
        ("cursor=////", "/cursor"),
        ("cursor=bm90IG9uZSBvZiBvdXJz", "/cursor"),
        ("cursor=OTk5OS0xMy0wMVQwMDowMDowMC4wMDAwMDArMDA6MDAgYQ", "/cursor"),
    ],
)
def test_a_page_that_cannot_be_is_refused(ana, query, pointer):
    refused = ana.get(f"{API}/batches?{query}")

    assert refused.status_code == 422
    assert refused.content_type == "application/problem+json"
    assert [one["pointer"] for one in refused.get_json()["errors"]] == [pointer]


def test_a_user_id_that_cannot_be_is_refused(root):
    assert root.get(f"{API}/batches?userId=%00").status_code == 422
