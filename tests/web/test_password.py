"""Coming in with a password: by a link first, then by knowing it, and not by guessing it."""

from __future__ import annotations

import threading
import time
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from storyclip.domain.names import names
from storyclip.domain.password import objection_to_password
from storyclip.domain.user import Role
from storyclip.store import database
from storyclip.store.access import password_links, passwords, sessions, users
from storyclip.web.door import password_tries
from storyclip.web.said.problems import Problem
from tests.people import key_for
from tests.web.conftest import ACCOUNT, NOON, PUBLISH, Clock, Someone, good, rows
from tests.web.test_bad_input import is_short_problem

OURS = {"Origin": "http://localhost"}
SECRET, OTHER = "correct horse battery", "staple in its place"
MINUTE_S = 60


@pytest.fixture(autouse=True)
def cleo(sqlite: object) -> str:
    """A publisher without a key."""
    users.create("cleo", Role.PUBLISHER, names({ACCOUNT}), NOON, "Cleo")
    key_for("ana", {"read"}, at=NOON)  # the installation has a pepper
    return "cleo"


@pytest.fixture
def link(cleo: str) -> str:
    """The token of her invitation."""
    return password_links.issue(cleo, NOON)


def say(client: FlaskClient, path: str, **body: str):
    return client.post(f"/session/{path}", json=body, headers=OURS)


def enter(client: FlaskClient, password: str = SECRET, user: str = "cleo", address="192.0.2.1"):
    body = {"userId": user, "password": password}
    environ = {"REMOTE_ADDR": address}
    return client.post("/session/password", json=body, headers=OURS, environ_base=environ)


@pytest.fixture
def joined(anyone: FlaskClient, link: str) -> FlaskClient:
    """Her browser, in which she set her password."""
    assert say(anyone, "join", token=link, password=SECRET).status_code == 200
    return anyone


def test_who_was_invited_sets_a_password_and_is_in(anyone, link):
    who = say(anyone, "invitation", token=link)
    assert who.json == {"userId": "cleo", "name": "Cleo"}

    answer = say(anyone, "join", token=link, password=SECRET)

    assert answer.json == {
        "userId": "cleo",
        "role": "publisher",
        "scopes": ["publish", "read"],
        "accounts": [ACCOUNT],
    }
    assert anyone.get("/session").json == answer.json
    assert anyone.post(PUBLISH, json=good(), headers=OURS).status_code == 202
    with database.reading():
        assert database.run("SELECT key_id FROM publish_batches").fetchall() == [(None,)]


def test_a_link_is_good_once(app, joined, link):
    for path, more in (("invitation", {}), ("join", {"password": OTHER})):
        assert is_short_problem(say(app.test_client(), path, token=link, **more), 401)
    assert enter(app.test_client()).status_code == 200


def test_of_twenty_who_use_one_link_one_is_in(link):
    found = []
    threads = [
        threading.Thread(target=lambda: found.append(password_links.redeem(link, "hash", NOON)))
        for _ in range(20)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len([one for one in found if one is not None]) == 1


def test_a_link_expires_goes_with_its_user_and_is_replaced_by_the_next(anyone, link, clock):
    users.disable("cleo", NOON)
    assert say(anyone, "invitation", token=link).status_code == 401
    users.enable("cleo", NOON)
    assert say(anyone, "invitation", token=link).status_code == 200

    newer = password_links.issue("cleo", NOON)

    assert say(anyone, "invitation", token=link).status_code == 401
    clock.move(password_links.GOOD_FOR.total_seconds())
    assert say(anyone, "join", token=newer, password=SECRET).status_code == 401
    assert rows("passwords") == 0


@pytest.mark.parametrize("weak", ["short", "aaaaaaaaaaaaaaaa", "cleo-storyclip-1", "x" * 201])
def test_a_weak_password_leaves_the_link_as_it_is(anyone, link, weak):
    assert is_short_problem(say(anyone, "join", token=link, password=weak), 422)
    assert say(anyone, "invitation", token=link).status_code == 200
    assert objection_to_password(weak, "cleo") is not None


def test_a_new_link_ends_every_session_of_before(app, joined):
    token = password_links.issue("cleo", NOON)

    say(app.test_client(), "join", token=token, password=OTHER)

    assert joined.get("/session").status_code == 401
    assert enter(app.test_client(), SECRET).status_code == 401
    assert enter(app.test_client(), OTHER).status_code == 200


def test_a_password_is_changed_by_who_knows_it_and_other_sessions_end(app, joined):
    elsewhere = app.test_client()
    assert enter(elsewhere).status_code == 200

    assert say(joined, "new-password", current=OTHER, password=OTHER).status_code == 401
    assert say(joined, "new-password", current=SECRET, password="short").status_code == 422
    changed = say(joined, "new-password", current=SECRET, password=OTHER)

    assert changed.status_code == 204
    assert joined.get("/session").status_code == 200
    assert elsewhere.get("/session").status_code == 401
    assert enter(elsewhere, OTHER).status_code == 200


def test_a_key_alone_sets_no_password(ana: Someone):
    answer = ana.post("/session/new-password", json={"current": SECRET, "password": OTHER})

    assert answer.status_code == 401
    assert rows("passwords") == 0


def test_wrong_unknown_disabled_and_without_a_password_are_answered_alike(app, joined):
    users.create("dora", Role.ADMIN, names(()), NOON)
    told = {enter(app.test_client(), OTHER, user).data for user in ("cleo", "nobody", "dora", "ñ")}
    users.disable("cleo", NOON)
    told.add(enter(app.test_client(), SECRET).data)

    assert len(told) == 1
    assert b"unauthenticated" in told.pop()


def test_for_who_is_not_there_as_much_is_hashed(joined, monkeypatch):
    hashed: list[str] = []
    verify = passwords._hasher.verify

    def noted(_: object, kept: str, word: str) -> bool:
        hashed.append(kept[:30])
        return bool(verify(kept, word))

    monkeypatch.setattr(
        type(passwords._hasher),
        "verify",
        noted,
    )

    for user in ("cleo", "nobody"):
        passwords.user_with(user, OTHER)

    assert len(hashed) == 2
    assert hashed[0] == hashed[1]  # the same algorithm and cost


def test_who_guesses_waits_and_elsewhere_she_does_not(app, joined, clock: Clock):
    guesser = app.test_client()
    told = [enter(guesser, OTHER, address="203.0.113.9").status_code for _ in range(12)]
    assert told == [401] * 10 + [429] * 2
    assert enter(guesser, SECRET, address="203.0.113.9").status_code == 429

    assert enter(app.test_client(), SECRET, address="192.0.2.1").status_code == 200
    clock.move(15 * MINUTE_S)
    assert enter(guesser, SECRET, address="203.0.113.9").status_code == 200


def test_many_who_guess_from_everywhere_do_not_lock_her_out_of_her_browser(app, joined):
    guesser = app.test_client()
    told = [enter(guesser, OTHER, address=f"198.51.100.{n}").status_code for n in range(1, 61)]
    assert told == [401] * 50 + [429] * 10

    joined.delete("/session", headers=OURS)

    assert enter(app.test_client(), SECRET, address="192.0.2.77").status_code == 429
    assert enter(joined, SECRET, address="192.0.2.77").status_code == 200


def test_a_browser_that_is_known_guesses_no_more_than_others(app, joined):
    told = [enter(joined, OTHER, address=f"198.51.100.{n}").status_code for n in range(1, 13)]

    assert told == [401] * 10 + [429] * 2


@pytest.mark.parametrize("cookie", ["x", "WyJjbGVvIiwid29yZCJd.AAAA", "ñ", ""])
def test_a_made_up_browser_is_a_stranger(app, joined, cookie):
    browser = app.test_client()
    browser.set_cookie("storyclip-known", cookie)

    assert enter(browser, SECRET).status_code == 200


def test_a_flood_of_passwords_takes_two_at_once_and_the_rest_hear_429(monkeypatch):
    tries = password_tries.PasswordTries()
    inside, most, refused, go = [], [], [], threading.Event()

    def knock() -> None:
        try:
            with tries.turn():
                inside.append(1)
                most.append(len(inside))
                go.wait(10)
                inside.pop()
        except Problem as refusal:
            refused.append(refusal.kind.code)

    threads = [threading.Thread(target=knock) for _ in range(30)]
    for thread in threads:
        thread.start()
    deadline = time.monotonic() + 10
    while len(refused) < 20 and time.monotonic() < deadline:
        pass
    go.set()
    for thread in threads:
        thread.join()

    assert refused == ["too_many_tries"] * 20
    assert len(most) == 10
    assert max(most) <= 2


@pytest.mark.parametrize("path", ["password", "invitation", "join", "new-password"])
def test_another_page_does_none_of_it(joined, path):
    for headers in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
        answer = joined.post(f"/session/{path}", json={}, headers=headers)
        assert is_short_problem(answer, 403)


def test_the_database_has_neither_password_nor_link(joined):
    token = password_links.issue("cleo", NOON)

    with database.reading():
        kept = repr(
            [
                database.run(f"SELECT * FROM {table}").fetchall()
                for table in ("passwords", "password_links", "audit", "sessions")
            ]
        )

    assert SECRET not in kept
    assert token not in kept
    assert "$argon2id$" in kept


def test_her_session_is_shown_as_by_password(joined):
    [shown] = sessions.every(NOON + timedelta(minutes=1))

    assert (shown.user_id, shown.key_id, shown.entry) == ("cleo", None, "password")


def test_the_page_where_a_password_is_set_needs_no_token_and_shows_no_app(anyone: FlaskClient):
    page = anyone.get("/join", headers={"Accept-Language": "es"})

    assert page.status_code == 200
    assert "Pon tu contraseña" in page.text


def test_without_a_key_ever_made_a_password_is_good_as_well(app: Flask):
    with database.writing():
        database.run("DELETE FROM api_keys")
        database.run("DELETE FROM installation")
    token = password_links.issue("cleo", NOON)

    assert say(app.test_client(), "join", token=token, password=SECRET).status_code == 200
    assert enter(app.test_client()).status_code == 200


def test_who_has_no_key_is_not_told_of_keys(anyone, link):
    refusals = [enter(anyone, "wrong horse battery"), say(anyone, "invitation", token="used")]
    refusals.append(anyone.get("/api/metricool/stream?ticket=x"))

    assert [one.get_json()["title"] for one in refusals] == [
        "The password is not right",
        "The link is not good any more",
        "The ticket is not good any more",
    ]
    assert {one.get_json()["code"] for one in refusals} == {"unauthenticated"}
