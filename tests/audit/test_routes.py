"""Every route that changes something writes who did it, in the transaction that does it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from storyclip.domain.act import Act, Action, Via
from storyclip.domain.errors import StoreUnavailable
from storyclip.store import acts
from storyclip.store.access import password_links, sessions, signin_links
from storyclip.store.acts import Wanted
from storyclip.store.database import writing
from storyclip.web.said.operations import OPERATIONS
from tests.audit.transactions import watching
from tests.people import key_for, session_of
from tests.store.making import everything, sql
from tests.web.conftest import NOON, Someone, good
from tests.web.test_batches import fail_all
from tests.web.test_files import announce, forget
from tests.web.test_recover import held, said

API = "/api/metricool"
OURS = {"Origin": "http://localhost"}
READS = {"GET", "HEAD"}

# What changes nothing that anybody has to answer for, and why
NO_ACTS = {
    ("POST", "/session/invitation"): "it says for whom a link is",
    ("POST", f"{API}/stream-ticket"): "it opens for minutes what its holder opens anyway",
    ("PATCH", f"{API}/files/<file_id>"): "it brings what `file.begin` has written down",
}
WITHOUT_A_KEY = {("POST", f"/session/{word}") for word in ("password", "join", "new-password")}
SECRET = "correct horse battery"
CHANGING_READS = {("GET", "/signin")}  # a link that signs in once

Do = Callable[[], Any]


def batch_of(who: Someone) -> str:
    return str(who.publish(good()).get_json()["batchId"])


def wish(who: Someone, word: str, batch_id: str) -> Do:
    return lambda: who.post(f"{API}/{word}?batchId={batch_id}")


def publish(who: Someone) -> Do:
    return who.publish


def pause(who: Someone) -> Do:
    return wish(who, "pause", batch_of(who))


def resume(who: Someone) -> Do:
    batch_id = batch_of(who)
    wish(who, "pause", batch_id)()
    return wish(who, "resume", batch_id)


def cancel(who: Someone) -> Do:
    return wish(who, "cancel", batch_of(who))


def retry(who: Someone) -> Do:
    batch_id = batch_of(who)
    fail_all(batch_id)
    sql("UPDATE publish_batch_clips SET retry_safety = 'safe'")
    return wish(who, "retry-failed", batch_id)


def recover(who: Someone) -> Do:
    batch_of(who)
    names = held()
    return lambda: who.post(f"{API}/recover", json=said(ours=names))


def announce_file(who: Someone) -> Do:
    return lambda: announce(who, filename="a.mp4")


def forget_file(who: Someone) -> Do:
    where = str(announce(who).headers["Location"])
    return lambda: forget(who, where)


def sign_in(who: Someone) -> Do:
    return lambda: who.client.post("/session", json={"apiKey": who.key}, headers=OURS)


def sign_out(who: Someone) -> Do:
    sign_in(who)()
    return lambda: who.client.delete("/session", headers=OURS)


def use_link(who: Someone) -> Do:
    token = signin_links.issue(who.key.split("_")[1], NOON)
    return lambda: who.client.get(f"/signin?token={token}")


def set_password(who: Someone) -> Do:
    said = {"token": password_links.issue("ana", NOON), "password": SECRET}
    return lambda: who.client.post("/session/join", json=said, headers=OURS)


def enter(who: Someone) -> Do:
    set_password(who)()
    who.client.delete("/session", headers=OURS)
    said = {"userId": "ana", "password": SECRET}
    return lambda: who.client.post("/session/password", json=said, headers=OURS)


def change_password(who: Someone) -> Do:
    set_password(who)()
    said = {"current": SECRET, "password": f"{SECRET} again"}
    return lambda: who.client.post("/session/new-password", json=said, headers=OURS)


def admin(verb: str, path: str, body: Any = None, **query: str) -> Callable[[Someone], Do]:
    """What Ana, who is one, asks of people: of Bea, whose key and session are there."""

    def prepare(who: Someone) -> Do:
        who.key = key_for("ana", {"admin"}, at=NOON)
        key = who.key if query.get("session") else key_for("bea", {"read"}, at=NOON)
        named = {**query}
        if "key" in query:
            named["key"] = key.split("_")[1]
        if "session" in query:
            session_of(key, NOON)
            named["session"] = sessions.every(NOON)[0].session_id
        path_of = f"{API}/admin/{path}"
        how: Any = {"method": verb, "json": body, "query_string": named}
        return lambda: who.client.open(path_of, headers={"X-Api-Key": who.key}, **how)

    return prepare


CASES: dict[tuple[str, str], tuple[Callable[[Someone], Do], list[Action]]] = {
    ("POST", f"{API}/publish/stories"): (publish, [Action.BATCH_PUBLISH]),
    ("POST", f"{API}/pause"): (pause, [Action.BATCH_PAUSE]),
    ("POST", f"{API}/resume"): (resume, [Action.BATCH_RESUME]),
    ("POST", f"{API}/cancel"): (cancel, [Action.BATCH_CANCEL]),
    ("POST", f"{API}/retry-failed"): (retry, [Action.BATCH_RETRY]),
    ("POST", f"{API}/recover"): (recover, [Action.LANE_RECOVER]),
    ("POST", f"{API}/files"): (announce_file, [Action.FILE_BEGIN]),
    ("DELETE", f"{API}/files/<file_id>"): (forget_file, [Action.FILE_REMOVE]),
    ("POST", "/session"): (sign_in, [Action.SESSION_BEGIN]),
    ("DELETE", "/session"): (sign_out, [Action.SESSION_END]),
    ("POST", "/session/password"): (enter, [Action.SESSION_BEGIN]),
    ("POST", "/session/join"): (set_password, [Action.PASSWORD_SET, Action.SESSION_BEGIN]),
    ("POST", "/session/new-password"): (change_password, [Action.PASSWORD_SET]),
    ("POST", f"{API}/admin/users"): (
        admin("POST", "users", {"userId": "eva", "role": "viewer"}),
        [Action.USER_MAKE, Action.PASSWORD_LINK],
    ),
    ("PATCH", f"{API}/admin/users"): (
        admin("PATCH", "users", {"role": "viewer"}, user="bea"),
        [Action.USER_CHANGE],
    ),
    ("POST", f"{API}/admin/users/link"): (
        admin("POST", "users/link", {}, user="bea"),
        [Action.PASSWORD_LINK],
    ),
    ("POST", f"{API}/admin/keys"): (
        admin("POST", "keys", {"userId": "bea", "scopes": ["read"]}),
        [Action.KEY_MAKE],
    ),
    ("DELETE", f"{API}/admin/keys"): (admin("DELETE", "keys", key="bea"), [Action.KEY_REVOKE]),
    ("DELETE", f"{API}/admin/sessions"): (
        admin("DELETE", "sessions", session="ana"),
        [Action.SESSION_END],
    ),
    ("GET", "/signin"): (use_link, [Action.SIGNIN_USE, Action.SESSION_BEGIN]),
}
each_route = pytest.mark.parametrize("route", CASES, ids=" ".join)


def newest() -> int:
    return max((act.id for act in acts.newest(Wanted(), 1)), default=0)


def done_since(number: int) -> list[Act]:
    return list(acts.newest(Wanted(after=number), 100)[::-1])


def test_every_route_that_changes_something_has_its_case_here():
    changing = {one for one in OPERATIONS if one[0] not in READS} | CHANGING_READS

    assert changing - set(NO_ACTS) == set(CASES)


@each_route
def test_what_it_does_and_who_did_it_are_one_transaction(ana: Someone, route: tuple[str, str]):
    prepare, actions = CASES[route]
    do, before = prepare(ana), newest()

    with watching() as watched:
        answer = do()

    assert answer.status_code < 400, answer.text
    assert watched.acts
    assert watched.unaccounted == []
    done = done_since(before)
    assert [act.action for act in done] == actions
    assert {act.by.user_id for act in done} == {"ana"}
    by_key = None if route in WITHOUT_A_KEY else ana.key.split("_")[1]
    assert {act.by.key_id for act in done} == {by_key}
    assert {(act.by.address, act.outcome) for act in done} == {("127.0.0.1", "done")}


@each_route
def test_what_cannot_be_written_down_is_not_done(
    ana: Someone, route: tuple[str, str], monkeypatch: pytest.MonkeyPatch
):
    do = CASES[route][0](ana)
    ana.get(f"{API}/batches")  # her key's last use is written by now
    before = everything()
    monkeypatch.setattr(acts, "write", full)

    answer = do()

    assert answer.status_code == 503
    assert everything() == before


@each_route
def test_an_act_without_its_row_would_be_noticed(
    ana: Someone, route: tuple[str, str], monkeypatch: pytest.MonkeyPatch
):
    do = CASES[route][0](ana)
    monkeypatch.setattr(acts, "write", lambda *_, **__: None)

    with watching() as watched:
        do()

    assert watched.unaccounted


def test_a_row_in_a_transaction_of_its_own_would_be_noticed(
    ana: Someone, monkeypatch: pytest.MonkeyPatch
):
    do, later, write = publish(ana), list[Any](), acts.write
    monkeypatch.setattr(acts, "write", lambda *said, **more: later.append((said, more)))

    with watching() as watched:
        do()
        for words, more in later:
            with writing():
                write(*words, **more)

    assert len(watched.unaccounted) == 1


@pytest.mark.parametrize("again", ["pause", "cancel"])
def test_what_was_done_already_is_no_act(ana: Someone, again: str):
    batch_id = batch_of(ana)
    wish(ana, again, batch_id)()
    before = newest()

    assert wish(ana, again, batch_id)().status_code == 200

    assert done_since(before) == []


def test_a_repeat_under_its_idempotency_key_is_no_act(ana: Someone):
    once = {"Idempotency-Key": "k1"}
    ana.publish(headers=once)
    before = newest()

    assert ana.publish(headers=once).status_code == 202

    assert done_since(before) == []


def test_what_is_refused_for_the_batch_as_it_is_is_no_act(ana: Someone):
    batch_id, before = batch_of(ana), newest()

    assert wish(ana, "resume", batch_id)().status_code == 409

    assert done_since(before) == []


def test_an_act_of_the_page_tells_the_session(app: Flask, ana: Someone):
    batch_id = batch_of(ana)
    sign_in(ana)()

    answer = ana.client.post(f"{API}/pause?batchId={batch_id}", headers=OURS)

    assert answer.status_code == 200
    begun, paused = acts.newest(Wanted(), 2)[::-1]
    assert paused.by.via is Via.PAGE
    assert paused.by.session_id == begun.subject
    assert (begun.by.via, begun.by.session_id) == (Via.API, None)


def test_who_was_let_in_before_in_this_thread_does_nothing_here(ana: Someone, bea: Someone):
    ana.publish()
    bea.publish()

    assert [act.by.user_id for act in acts.newest(Wanted(action="batch"), 2)] == ["bea", "ana"]


def full(*_: object, **__: object) -> None:
    raise StoreUnavailable("the disk is full")
