"""Two tenants, every route, every verb: what is one's does not exist for the other."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from storyclip.store.publishing import batches
from tests.people import key_for
from tests.store.making import everything
from tests.web.conftest import NOON, Someone, good
from tests.web.routes import STREAM, VERBS, about, every_verb
from tests.web.test_live import begun

HERS = "canary"  # in everything that is Ana's
UNKNOWN = "00000000-0000-4000-8000-000000000000"
VARYING = ("RateLimit", "Date")
WAYS = ["key", "bearer", "session"]


@pytest.fixture
def ana(anyone: FlaskClient) -> Someone:
    """Whose batch it is; her key may do everything but see other people's."""
    return Someone(anyone, key_for(f"{HERS}-ana", {"publish", "read"}, at=NOON))


@pytest.fixture
def batch_id(ana: Someone) -> str:
    """Ana's batch, marked in every text."""
    posts = [
        {"id": f"{HERS}-{n}", "url": f"https://{HERS}.example.com/{n}.mp4", "text": f"{HERS} {n}"}
        for n in range(3)
    ]
    body = good(posts=posts, jobId=f"{HERS}-job")
    return str(ana.publish(body, headers={"Idempotency-Key": "k1"}).get_json()["batchId"])


@pytest.fixture(autouse=True)
def nobody_stays(app: Flask):
    yield
    app.extensions["storyclip.live"].hub.stop()


def shown_by(way: str, app: Flask, key: str) -> tuple[FlaskClient, dict[str, str]]:
    """A client, and the headers with which it shows the key in this way."""
    client = app.test_client()
    if way == "key":
        return client, {"X-Api-Key": key}
    if way == "bearer":
        return client, {"Authorization": f"Bearer {key}"}
    origin = {"Origin": "http://localhost"}
    assert client.post("/session", json={"apiKey": key}, headers=origin).status_code == 200
    return client, origin


def seen(client: FlaskClient, verb: str, headers: dict[str, str], **asked: Any) -> Any:
    """All that an answer tells; of an endless one what it shows first."""
    answer = client.open(method=verb, headers=headers, **asked)
    is_endless = answer.mimetype == "text/event-stream" and verb == "GET"
    data = begun(answer, 1) if is_endless else answer.data
    told = sorted((name, value) for name, value in answer.headers if name not in VARYING)
    answer.close()
    return answer.status_code, data, told


def her_rows() -> list[tuple[Any, ...]]:
    """Every row that has to do with her."""
    return [row for found in everything().values() for row in found if HERS in repr(row)]


@pytest.mark.parametrize("way", WAYS)
def test_every_verb_of_every_route_answers_as_if_there_were_no_such_batch(app, bea, batch_id, way):
    before = her_rows()
    assert len(before) > 3
    client, headers = shown_by(way, app, bea.key)

    told = []
    for verb, path in every_verb(app):
        if (verb, path) == ("DELETE", "/session"):
            continue  # it would end the session in the middle
        if path == "/metrics":
            continue  # counts this process's own seconds; it names nobody, see test_metrics
        hers = about(path, batch_id, userId=f"{HERS}-ana", clip="1")
        none = about(path, UNKNOWN, userId="nobody", clip="1")
        answer = seen(client, verb, headers, **hers)
        assert answer == seen(client, verb, headers, **none), (verb, path)
        assert HERS not in repr(answer), (verb, path)
        assert batch_id not in repr(answer), (verb, path)
        told.append(answer[0])

    assert {404, 405, 200} <= set(told)
    assert her_rows() == before


def test_every_list_and_stream_without_a_batch_holds_nothing_of_hers(app, bea, batch_id):
    his = bea.publish().get_json()["batchId"]

    for verb, path in every_verb(app):
        headers = {"X-Api-Key": bea.key}
        answer = repr(seen(bea.client, verb, headers, path=path.replace("{batchId}", his)))
        assert HERS not in answer, (verb, path)
        assert batch_id not in answer, (verb, path)


def test_her_cursors_open_nothing_for_him(app, ana, bea, batch_id, clock):
    clock.move(1)
    ana.publish()
    page = ana.get("/api/metricool/batches?limit=1").headers["Link"].split("cursor=")[1]
    cursor = page.split(">")[0].split("&")[0]
    place = begun(ana.get(STREAM), 2)[-1][1]
    words = (cursor, place, "1")

    for verb, path in every_verb(app):
        for word in words:
            headers = {"X-Api-Key": bea.key, "Last-Event-ID": str(word)}
            for query in ({"cursor": word, "after": word}, {"after": word, "batchId": batch_id}):
                asked = {"path": path.replace("{batchId}", batch_id), "query_string": query}
                answer = repr(seen(bea.client, verb, headers, **asked))
                assert HERS not in answer, (verb, path, word)
                assert batch_id not in answer, (verb, path, word)


def test_his_ticket_does_not_open_her_stream(app, ana, bea, batch_id):
    his = bea.post("/api/metricool/stream-ticket").get_json()["ticket"]
    hers = ana.post("/api/metricool/stream-ticket").get_json()["ticket"]

    for verb in VERBS:
        answer = seen(app.test_client(), verb, {}, **about(STREAM, batch_id, ticket=his))
        none = seen(app.test_client(), verb, {}, **about(STREAM, UNKNOWN, ticket=his))
        assert answer == none
    assert seen(app.test_client(), "GET", {}, **about(STREAM, batch_id, ticket=hers))[0] == 200


def test_her_idempotency_key_is_not_his(ana, bea, batch_id):
    answer = bea.publish(good(2), headers={"Idempotency-Key": "k1"})

    assert answer.status_code == 202
    assert answer.get_json()["batchId"] != batch_id
    assert HERS not in answer.text


def test_a_route_that_forgets_whose_batch_it_is_would_be_noticed(
    app, ana, bea, batch_id, monkeypatch
):
    def find(batch_id, _user_id, of=batches.find):
        return of(batch_id, f"{HERS}-ana")

    monkeypatch.setattr(batches, "find", find)

    with pytest.raises(AssertionError):
        test_every_verb_of_every_route_answers_as_if_there_were_no_such_batch(
            app, bea, batch_id, "key"
        )
