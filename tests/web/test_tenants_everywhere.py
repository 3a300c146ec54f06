"""Every party, route and verb: what is out of one's reach does not exist.

The parties: another user; the same user with a key for another account; who oversees others.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from storyclip.domain.act import Action
from storyclip.domain.errors import NotFound
from storyclip.domain.names import names
from storyclip.domain.reach import Reach
from storyclip.domain.user import Role
from storyclip.spool.local import Spool
from storyclip.store.access import api_keys
from storyclip.store.access.reach import of_users
from storyclip.store.files import files
from storyclip.store.history import streams
from storyclip.store.publishing import batches, wholes, wishes
from storyclip.web.routes import files as files_route
from tests.people import key_for
from tests.store.making import everything
from tests.web.conftest import NOON, Someone, good
from tests.web.routes import STREAM, VERBS, WEBSOCKET, about, every_verb
from tests.web.test_files import BYTES, TUS, announce, bring, ready
from tests.web.test_live import begun

HERS = "canary"  # in everything that is Ana's
OTHER = "2000002"  # an account that her batch is not on
UNKNOWN = "00000000-0000-4000-8000-000000000000"
MINUTE = timedelta(minutes=1)
VARYING = ("RateLimit", "Date")
TICKET = re.compile(rb'"ticket":"[^"]{43}"')  # another each time
WAYS = ["key", "bearer", "session"]


@pytest.fixture
def ana(anyone: FlaskClient) -> Someone:
    """Whose batch it is; her key may do everything but see other people's."""
    return Someone(anyone, key_for(f"{HERS}-ana", {"publish", "read"}, at=NOON))


@pytest.fixture
def batch_id(ana: Someone, file_id: str) -> str:
    """Ana's batch, marked in every text; its last clip is her file."""
    posts = [
        {"id": f"{HERS}-{n}", "url": f"https://{HERS}.example.com/{n}.mp4", "text": f"{HERS} {n}"}
        for n in range(3)
    ]
    posts.append({"id": f"{HERS}-3", "file": file_id})
    body = good(posts=posts, jobId=f"{HERS}-job")
    return str(ana.publish(body, headers={"Idempotency-Key": "k1"}).get_json()["batchId"])


@pytest.fixture
def file_id(ana: Someone, spool: Spool) -> str:
    """Ana's file, marked in its name and its pictures; it is ready, with one piece."""
    where = str(announce(ana, filename=f"{HERS}.mp4").headers["Location"])
    bring(ana, where, BYTES)
    pictures = {}
    for name in ("poster", "strip"):
        made = spool.making(f"{name}.jpg")
        made.write_bytes(f"{HERS} {name}".encode())
        pictures[name] = spool.keep(made)
    ready(where, **pictures)
    for path in (where, f"{where}/poster", f"{where}/strip"):
        assert HERS.encode() in ana.get(path).data
    return where.rpartition("/")[2]


@pytest.fixture
def spool(app: Flask) -> Spool:
    """Where users' files are."""
    spool: Spool = app.extensions["storyclip"].spool
    return spool


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
    data = begun(answer, 1) if is_endless else TICKET.sub(b"", answer.data)
    told = sorted((name, value) for name, value in answer.headers if name not in VARYING)
    answer.close()
    return answer.status_code, data, told


def her_rows() -> list[tuple[Any, ...]]:
    """Every row that has to do with her batch."""
    found = everything()
    del found["api_keys"]  # where it is noted when one was used last
    every = [row for rows in found.values() for row in rows if HERS in repr(row)]
    return [row for row in every if Action.ENTRY not in row]  # of her other key, where it may not


@dataclass(frozen=True)
class Party:
    """Somebody who reaches none of her batch, and the words that would tell them of it."""

    key: str
    words: tuple[str, ...]


ABOUT_THE_BATCH = (f"{HERS}-job", f"{HERS}-1", f"{HERS}.example.com", f"{HERS} 1")
PARTIES = ("another user", "the same user with another account", "operator elsewhere")


def party(name: str) -> Party:
    if name == "another user":
        return Party(key_for("bea", {"publish", "read"}, at=NOON), (HERS,))
    if name == "operator elsewhere":
        elsewhere = names({OTHER})
        key = key_for("ops", {"admin"}, at=NOON, role=Role.OPERATOR, of_user=elsewhere)
        return Party(key, ABOUT_THE_BATCH)
    return Party(key_for(f"{HERS}-ana", {"publish", "read"}, {OTHER}, at=NOON), ABOUT_THE_BATCH)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", PARTIES)
def test_every_verb_of_every_route_answers_as_if_there_were_no_such_batch(
    app, batch_id, file_id, way, name
):
    who = party(name)
    client, headers = shown_by(way, app, who.key)
    before = her_rows()
    assert len(before) > 3

    told = []
    for verb, path in every_verb(app):
        if (verb, path) == ("DELETE", "/session"):
            continue  # it would end the session in the middle
        if path == "/metrics":
            continue  # counts this process's own seconds; it names nobody, see test_metrics
        is_hers = HERS in who.words
        if "{fileId}" in path:  # which are their user's, on whatever account
            headers = headers | TUS | {"Upload-Offset": "0"}
        whose = file_id if is_hers else UNKNOWN
        more = {"userId": f"{HERS}-ana"} if is_hers else {}
        hers = about(path, batch_id, whose, clip="1", **more)
        none = about(path, UNKNOWN, clip="1", **({"userId": "nobody"} if is_hers else {}))
        answer = seen(client, verb, headers, **hers)
        assert answer == seen(client, verb, headers, **none), (verb, path)
        for word in (*who.words, batch_id):
            assert word not in repr(answer), (verb, path)
        told.append(answer[0])

    assert {404, 405, 200} <= set(told)
    assert her_rows() == before


@pytest.mark.parametrize("name", PARTIES)
def test_every_list_and_stream_without_a_batch_holds_nothing_of_hers(app, batch_id, name):
    who = party(name)
    them = Someone(app.test_client(), who.key)
    elsewhere = good() | {"settings": {"accountId": OTHER}}
    theirs = them.publish(elsewhere).get_json()["batchId"]

    for verb, path in every_verb(app):
        headers = {"X-Api-Key": who.key}
        answer = repr(seen(them.client, verb, headers, path=path.replace("{batchId}", theirs)))
        for word in (*who.words, batch_id):
            assert word not in answer, (verb, path)


def test_their_tickets_do_not_open_her_stream(app, batch_id):
    for name in PARTIES:
        them = Someone(app.test_client(), party(name).key)
        ticket = them.post("/api/metricool/stream-ticket").get_json()["ticket"]

        hers = seen(app.test_client(), "GET", {}, **about(STREAM, batch_id, ticket=ticket))
        none = seen(app.test_client(), "GET", {}, **about(STREAM, UNKNOWN, ticket=ticket))

        assert hers == none, name
        assert hers[0] == 404


@pytest.mark.parametrize("role", [Role.ADMIN, Role.OPERATOR])
def test_who_oversees_finds_it_wherever_a_batch_is_named(app, anyone, batch_id, role):
    key = key_for("ops", {"admin"}, at=NOON, role=role)

    told = {}
    for verb, path in every_verb(app):
        named = "{batchId}" in path or path.rsplit("/", 1)[-1] in NAMES_A_BATCH
        if named and verb in ("GET", "POST") and path != WEBSOCKET:
            asked = about(path, batch_id)
            told[verb, path] = seen(anyone, verb, {"X-Api-Key": key}, **asked)[0]

    assert set(told.values()) <= {200, 405, 409}, told
    assert list(told.values()).count(200) >= 6


NAMES_A_BATCH = {"status", "stream", "pause", "resume", "cancel", "retry-failed"}


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


def _whose_alone(reach: Reach, batches: str = "b") -> Any:
    return of_users(reach, f"{batches}.user_id")


def _anybodys(_reach: Reach, _batches: str = "b") -> Any:
    return "1 = 1", ()


@pytest.mark.parametrize("module", [batches, wholes, wishes, streams], ids=lambda one: one.__name__)
@pytest.mark.parametrize(
    ("name", "planted"),
    [("another user", _anybodys), ("the same user with another account", _whose_alone)],
)
def test_a_statement_that_forgets_its_reach_would_be_noticed(
    app, ana, batch_id, file_id, monkeypatch, module, name, planted
):
    monkeypatch.setattr(module, "within", planted)

    def sweep() -> None:
        test_no_wish_and_no_stream_reaches_further_than_who_has_it(batch_id, name)
        test_every_verb_of_every_route_answers_as_if_there_were_no_such_batch(
            app, batch_id, file_id, "key", name
        )
        test_every_list_and_stream_without_a_batch_holds_nothing_of_hers(app, batch_id, name)

    with pytest.raises((AssertionError, pytest.fail.Exception)):
        sweep()


def test_a_file_that_is_found_for_anybody_would_be_noticed(app, batch_id, file_id, monkeypatch):
    found = SimpleNamespace(find=lambda file_id, _reach: files.find(file_id))
    monkeypatch.setattr(files_route, "files", found)

    with pytest.raises(AssertionError):
        test_every_verb_of_every_route_answers_as_if_there_were_no_such_batch(
            app, batch_id, file_id, "key", "another user"
        )


@pytest.mark.parametrize("name", PARTIES)
def test_no_wish_and_no_stream_reaches_further_than_who_has_it(batch_id, name):
    reach = api_keys.with_ids([party(name).key.split("_")[1]])[0].holder(None).reach
    before = her_rows()

    for wished in (
        lambda: wishes.pause(batch_id, reach, NOON),
        lambda: wishes.resume(batch_id, reach, NOON, NOON),
        lambda: wishes.cancel(batch_id, reach, NOON),
        lambda: wishes.retry(batch_id, reach, NOON, [], order_may_change=True),
    ):
        with pytest.raises(NotFound):
            wished()

    assert her_rows() == before
    found = [*streams.running_within(reach), *streams.ended_after(reach, NOON - MINUTE, 9)]
    assert [place.batch_id for place in found] == []
