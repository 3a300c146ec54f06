"""What a session opens ends with it: streams, WebSockets, tickets; by a word or by time."""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import requests
from flask import Flask
from itsdangerous import URLSafeSerializer
from websockets.sync.client import connect

from storyclip.domain.errors import NotFound
from storyclip.domain.holder import Badge
from storyclip.domain.names import EVERY
from storyclip.domain.session import Entry, Lasting, Visit
from storyclip.domain.user import Role
from storyclip.store import database
from storyclip.store.access import keys, pepper, sessions, tickets, users
from tests.people import key_for, session_of
from tests.store.making import made
from tests.web.conftest import NOON, Someone
from tests.web.test_live_websocket import code_of, heard

OURS = {"Origin": "http://localhost"}
BATCHES = "/api/metricool/batches"
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
WITHIN_S = 1.0


@pytest.fixture
def in_person(store: str) -> str:
    """The token of somebody's session that has no key."""
    users.create("cleo", Role.PUBLISHER, EVERY, NOON)
    lasting = Lasting(12 * HOUR, 2 * HOUR)
    return sessions.begin("cleo", None, NOON, Visit(Entry.PASSWORD, None, "", lasting))


def http(address: str) -> str:
    return address.replace("ws://", "http://").partition("/api/")[0]


def took_s(line: requests.Response) -> float:
    """How long the line's other end goes on."""
    begun_at = time.monotonic()
    for _ in line.iter_content(None):
        pass
    return time.monotonic() - begun_at


def test_signing_out_ends_the_streams_that_cookie_and_ticket_opened(app: Flask, address, ana):
    made()
    url = http(address)
    page = requests.Session()
    ours = {"Origin": url}
    page.post(f"{url}/session", json={"apiKey": ana.key}, headers=ours).raise_for_status()
    ticket = page.post(f"{url}/api/metricool/stream-ticket", headers=ours).json()["ticket"]
    stream = f"{url}/api/metricool/stream?batchId=b1"
    by_cookie = page.get(stream, stream=True)
    by_ticket = requests.get(f"{stream}&ticket={ticket}", stream=True)
    by_key = requests.get(stream, headers={"X-Api-Key": ana.key}, stream=True)
    cookie = "; ".join(f"{one.name}={one.value}" for one in page.cookies)
    own = {"Cookie": cookie, "Origin": url}
    with (
        connect(f"{address}?batchId=b1", additional_headers=own) as socket,
        connect(f"{address}?batchId=b1&ticket={ticket}") as ticketed,
        ThreadPoolExecutor(4) as threads,
    ):
        heard(socket, 1)
        heard(ticketed, 1)
        page.delete(f"{url}/session", headers=ours).raise_for_status()
        begun_at = time.monotonic()
        ended = [threads.submit(took_s, one) for one in (by_cookie, by_ticket)]
        codes = [threads.submit(code_of, one) for one in (socket, ticketed)]

        assert max(one.result() for one in ended) < WITHIN_S
        assert [one.result() for one in codes] == [4401, 4401]
        assert time.monotonic() - begun_at < WITHIN_S
    assert requests.get(f"{stream}&ticket={ticket}").status_code == 401
    hub = app.extensions["storyclip.live"].hub
    assert {viewer.badge.session_id for viewer in hub._rooms.everybody()} == {None}
    by_key.close()


def test_a_ticket_of_a_session_opens_what_the_session_does_and_no_longer(anyone, ana, app):
    made()
    page = app.test_client()
    page.post("/session", json={"apiKey": ana.key}, headers=OURS)
    ticket = page.post("/api/metricool/stream-ticket", headers=OURS).json["ticket"]
    query = f"/api/metricool/stream?batchId=b1&ticket={ticket}"
    assert anyone.head(query).status_code == 200

    page.delete("/session", headers=OURS)

    assert anyone.head(query).status_code == 401


def test_whoever_has_the_pepper_makes_no_ticket(anyone, ana):
    made()
    keys_of_before = [*pepper.secrets_for("stream-ticket")]
    later = NOON.timestamp() + 300

    for secret in keys_of_before:
        forged = URLSafeSerializer(secret, salt="stream-ticket").dumps(
            [ana.key.split("_")[1], later]
        )
        assert anyone.get(f"/api/metricool/stream?batchId=b1&ticket={forged}").status_code == 401


def test_a_session_that_nobody_uses_is_over(app, ana, clock):
    page = app.test_client()
    page.post("/session", json={"apiKey": ana.key}, headers=OURS)

    clock.move(2 * HOUR.total_seconds())

    assert page.get(BATCHES).status_code == 401


def test_that_a_session_is_used_is_written_once_a_minute(store, monkeypatch):
    token = session_of(key_for("ana", {"read"}, at=NOON), NOON)
    written: list[str] = []

    def run(sql: str, values: Sequence[object]) -> object:
        written.append(sql)
        return database.run(sql, values)

    monkeypatch.setattr(sessions, "run", run)

    for second in range(120):
        assert sessions.holder_of(token, NOON + timedelta(seconds=second)) is not None

    assert len([sql for sql in written if sql.startswith("UPDATE")]) == 1
    [shown] = sessions.every(NOON + 2 * MINUTE)
    assert shown.seen_at == NOON + MINUTE
    assert shown.expires_at == NOON + MINUTE + 2 * HOUR


def test_a_session_without_a_key_is_its_user_s_and_ends_with_them(in_person):
    holder = sessions.holder_of(in_person, NOON)
    assert holder is not None
    assert (holder.key_id, sorted(holder.scopes)) == (None, ["publish", "read"])
    assert sessions.still_in({holder.badge}, NOON) == {holder.badge: holder}
    ticket = tickets.issue(holder.badge, NOON)
    assert tickets.badge_of(ticket, NOON) == holder.badge

    users.disable("cleo", NOON)

    assert sessions.holder_of(in_person, NOON) is None
    assert sessions.still_in({holder.badge}, NOON) == {}


def test_sessions_are_shown_and_ended_one_by_one_and_all_of_a_user(store, in_person):
    key = key_for("ana", {"read"}, at=NOON)
    first, second = session_of(key, NOON), session_of(key, NOON)
    shown = {one.user_id: one for one in sessions.every(NOON)}
    hers = shown["ana"]
    assert (hers.key_id, hers.entry, hers.address, hers.browser) == (
        key.split("_")[1],
        Entry.KEY,
        "192.0.2.7",
        "Firefox",
    )
    assert shown["cleo"].key_id is None

    sessions.end_named(hers.session_id, NOON)

    good = [token for token in (first, second) if sessions.holder_of(token, NOON)]
    assert len(good) == 1
    assert sessions.end_all_of("ana", NOON) == 1
    assert [one.user_id for one in sessions.every(NOON)] == ["cleo"]
    with pytest.raises(NotFound):
        sessions.end_named(hers.session_id, NOON)


def test_a_session_of_the_last_release_goes_on(store, ana_of_before):
    token, key = ana_of_before

    holder = sessions.holder_of(token, NOON + 11 * HOUR)

    assert holder is not None
    assert holder.user_id == "ana"
    assert [one.user_id for one in sessions.every(NOON)] == ["ana"]
    keys.revoke(key.split("_")[1], NOON)
    assert sessions.still_in({Badge(key.split("_")[1], holder.session_id)}, NOON) == {}


@pytest.fixture
def ana_of_before(store: str) -> tuple[str, str]:
    """A session as the last release wrote it, and its key."""
    key = key_for("ana", {"read"}, at=NOON)
    token = session_of(key, NOON)
    with database.writing():
        database.run(
            "UPDATE sessions SET user_id = NULL, entry = NULL, begun_at = NULL, seen_at = NULL,"
            " ends_at = NULL, idle_s = NULL, address = NULL, browser = NULL, expires_at = ?",
            ("2026-12-02T00:00:00.000000Z",),
        )
    return token, key


def test_who_signs_in_is_shown_with_their_browser_without_what_harms(app, ana: Someone):
    agent = {"User-Agent": "Mozilla/5.0 \x1b[31m" + "x" * 500}

    app.test_client().post("/session", json={"apiKey": ana.key}, headers=OURS | agent)

    [shown] = sessions.every(NOON)
    assert shown.browser is not None
    assert len(shown.browser) == 200
    assert "\x1b" not in shown.browser
