"""What the page of an earlier service asks and sends, from its own origin, is understood here."""

from __future__ import annotations

import json
from typing import Any

import pytest

from storyclip.domain.clip import State
from storyclip.store.publishing import wholes
from tests.store.making import brought_to, made
from tests.web.conftest import Someone, good
from tests.web.test_live import begun

API = "/api/metricool"
TENANT = {"X-Tenant": "bea"}


def batch_of(who: Someone, **changes: Any) -> str:
    return str(who.publish(good(**changes)).get_json()["batchId"])


def test_a_preflight_lets_its_tenant_header_through(anyone, elsewhere):
    asked = {"Origin": elsewhere, "Access-Control-Request-Method": "POST"}

    told = anyone.options(f"{API}/publish/stories", headers=asked).headers

    assert "X-Tenant" in told["Access-Control-Allow-Headers"].split(", ")


def test_a_tenant_header_gives_no_rights_and_takes_none(ana, bea):
    hers = batch_of(bea)

    assert ana.get(f"{API}/status?batchId={hers}", headers=TENANT).status_code == 404
    assert ana.get(f"{API}/batches", headers=TENANT).get_json()["count"] == 0
    mine = ana.publish(headers=TENANT).get_json()
    assert mine["tenant"] == "ana"
    assert ana.get(f"{API}/status?batchId={mine['batchId']}", headers=TENANT).status_code == 200


def test_a_text_of_any_length_becomes_a_title_of_300_characters(ana):
    post = {"url": "https://cdn.example.com/1.mp4", "text": "ñ" * 1500}

    answer = ana.publish(good(posts=[post]))

    assert answer.status_code == 202
    status = ana.get(answer.get_json()["links"]["status"]).get_json()
    assert status["clips"][0]["title"] == "ñ" * 300


@pytest.mark.parametrize("name", ["jobId", "schedule"])
def test_what_is_null_is_as_if_it_were_left_out(ana, name):
    answer = ana.publish({**good(), name: None})

    assert answer.status_code == 202
    assert answer.get_json()["schedule"] == {"mode": "now"}


def test_what_may_be_null_is_described_as_that(anyone):
    schemas = anyone.get("/openapi.json").get_json()["components"]["schemas"]

    described = schemas["StoriesRequest"]["properties"]
    assert {"type": "null"} in described["schedule"]["anyOf"]
    assert {"type": "null"} in described["jobId"]["anyOf"]
    assert "anyOf" not in described["posts"]


@pytest.mark.parametrize("path", [f"{API}/batches/active", f"{API}/batch/user-active"])
def test_active_batches_come_with_their_clips(ana, clock, path):
    older = batch_of(ana, posts=good(2)["posts"])
    clock.move(1)
    newer = batch_of(ana)

    shown = ana.get(path).get_json()["batches"]

    assert [one["batchId"] for one in shown] == [newer, older]
    assert [[clip["id"] for clip in one["clips"]] for one in shown] == [
        ["c1", "c2", "c3"],
        ["c1", "c2"],
    ]
    assert shown == [ana.get(f"{API}/batch/{one['batchId']}").get_json()["batch"] for one in shown]


def test_where_many_clips_are_active_the_older_batches_come_without(ana, clock, monkeypatch):
    monkeypatch.setattr(wholes, "MOST_SHOWN", 5)
    for _ in range(3):
        batch_of(ana)
        clock.move(1)

    shown = ana.get(f"{API}/batches/active").get_json()

    assert shown["count"] == 3
    assert ["clips" in one for one in shown["batches"]] == [True, False, False]


def test_a_batch_that_failed_says_why_in_its_stream_and_only_there(ana):
    brought_to(State.FAILED, made(count=1)[0])

    told = begun(ana.get(f"{API}/stream?batchId=b1"), 5)[1:]

    events = [data for _, _, data in told]
    assert [event["type"] for event in events] == [*["progress"] * 3, "error"]
    words = ana.get(f"{API}/status?batchId=b1").get_json()["error"]
    assert words
    assert events[-1]["error"] == words
    assert all("error" not in event for event in events[:-1])


def test_brands_are_named_as_their_networks_name_them(ana):
    brands = ana.get(f"{API}/brands").get_json()["brands"]

    assert [(one["facebook"], one["instagram"]) for one in brands] == [("11", "lola"), ("12", None)]


def test_an_answer_of_before_still_fits_what_is_said_now(ana):
    batch_id = batch_of(ana)

    status = ana.get(f"{API}/status?batchId={batch_id}").get_json()
    looked = ana.get(f"{API}/reconcile/{batch_id}")

    assert looked.status_code == 200
    assert json.loads(looked.text) == status
