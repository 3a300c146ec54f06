"""People, keys and sessions by the API: for administrators alone, and as far as they reach."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import pytest
from flask import Flask

from storyclip.domain.names import names
from storyclip.domain.user import Role
from storyclip.store.access import keys, users
from storyclip.web.routes import users as users_routes
from tests.people import key_for
from tests.store.making import everything
from tests.web.conftest import ACCOUNT, NOON, Someone, rows
from tests.web.routes import VERBS, every_verb
from tests.web.test_bad_input import is_short_problem

ADMIN = "/api/metricool/admin"
OURS = {"Origin": "http://localhost"}
OTHER = "2000002"
EVA = {"userId": "eva", "name": "Eva", "role": "publisher", "accounts": [ACCOUNT]}


def ask(who: Someone, verb: str, path: str, body: Any = None, **query: str) -> Any:
    return who.client.open(
        f"{ADMIN}/{path}",
        method=verb,
        json=body,
        query_string=query,
        headers={"X-Api-Key": who.key},
    )


def user(who: Someone, user_id: str) -> dict[str, Any]:
    return next(one for one in ask(who, "GET", "users").json["users"] if one["id"] == user_id)


@pytest.fixture
def elsewhere(app: Flask) -> Someone:
    """An administrator of another account."""
    key = key_for("root2", {"admin"}, at=NOON, of_user=names({OTHER}))
    return Someone(app.test_client(), key)


def test_a_user_is_made_with_a_link_by_which_they_come_in(app, root: Someone):
    made = ask(root, "POST", "users", EVA)

    assert made.status_code == 201
    shown = made.json["user"]
    assert (shown["role"], shown["accounts"], shown["hasPassword"]) == (
        "publisher",
        [ACCOUNT],
        False,
    )
    assert shown["invitedUntil"] == made.json["expiresAt"]
    address = urlsplit(made.json["link"])
    assert (address.path, address.query) == ("/join", "")
    body = {"token": address.fragment, "password": "correct horse battery"}
    assert app.test_client().post("/session/join", json=body, headers=OURS).status_code == 200
    assert user(root, "eva")["hasPassword"] is True
    assert user(root, "eva")["invitedUntil"] is None


def test_nothing_is_given_that_was_not_said(root: Someone):
    said = {"userId": "eva", "role": "viewer"}

    assert ask(root, "POST", "users", said).json["user"]["accounts"] == []
    assert ask(root, "POST", "users", said).json["code"] == "user_exists"
    aloud = {"userId": "max", "role": "viewer", "allAccounts": True}
    assert ask(root, "POST", "users", aloud).json["user"]["accounts"] is None


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"userId": "e", "role": "king"},
        {"userId": "e va", "role": "viewer"},
        {"userId": "é", "role": "viewer"},
        {"userId": "e", "role": "viewer", "accounts": ["x"]},
        {"userId": "e", "role": "viewer", "accounts": ["1"], "allAccounts": True},
        {"userId": "e", "role": "viewer", "admin": True},
    ],
    ids=str,
)
def test_a_user_that_makes_no_sense_is_not_made(root: Someone, body):
    before = len(users.every())

    assert is_short_problem(ask(root, "POST", "users", body), 422)
    assert len(users.every()) == before


def test_one_thing_of_a_user_is_changed_at_once(root: Someone):
    ask(root, "POST", "users", EVA)

    assert change(root, role="viewer")["user"]["role"] == "viewer"
    assert change(root, accounts=[OTHER])["user"]["accounts"] == [OTHER]
    assert change(root, accounts=[])["user"]["accounts"] == []
    assert change(root, allAccounts=True)["user"]["accounts"] is None
    assert change(root, disabled=True, cancelBatches=True)["user"]["disabledAt"] is not None
    assert change(root, disabled=False)["user"]["disabledAt"] is None


def change(who: Someone, **body: Any) -> Any:
    answer = ask(who, "PATCH", "users", body, user="eva")
    assert answer.status_code == 200, answer.text
    return answer.json


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"role": "viewer", "disabled": True},
        {"allAccounts": False},
        {"role": "viewer", "cancelBatches": True},
        {"disabled": False, "cancelBatches": True},
    ],
    ids=str,
)
def test_a_change_says_one_thing(root: Someone, body):
    ask(root, "POST", "users", EVA)

    assert is_short_problem(ask(root, "PATCH", "users", body, user="eva"), 422)


@pytest.mark.parametrize("body", [{"role": "viewer"}, {"disabled": True}], ids=str)
def test_nobody_takes_their_own_rights_away(root: Someone, body):
    answer = ask(root, "PATCH", "users", body, user="root")

    assert (answer.status_code, answer.json["code"]) == (409, "own_rights")
    assert ask(root, "GET", "users").status_code == 200


def test_it_is_said_when_one_administrator_is_left(root: Someone):
    ask(root, "POST", "users", EVA)

    assert change(root, role="admin")["adminsLeft"] == 2
    assert change(root, disabled=True)["adminsLeft"] == 1


def test_who_is_disabled_gets_no_link(root: Someone):
    ask(root, "POST", "users", EVA)
    change(root, disabled=True)

    refused = ask(root, "POST", "users/link", user="eva")

    assert (refused.status_code, refused.json["code"]) == (409, "user_disabled")
    assert rows("password_links") == 0  # nor has she the one of before
    change(root, disabled=False)
    assert ask(root, "POST", "users/link", user="eva").status_code == 200


def test_disabling_cancels_what_was_planned_if_that_is_said(root: Someone, ana: Someone):
    batch_id = ana.publish().json["batchId"]

    ask(root, "PATCH", "users", {"disabled": True, "cancelBatches": True}, user="ana")

    status = root.get(f"/api/metricool/status?batchId={batch_id}").json
    assert status["status"] == "cancelled"


def test_a_key_is_made_shown_once_and_revoked(app, root: Someone):
    ask(root, "POST", "users", EVA)
    said = {"userId": "eva", "scopes": ["publish", "read"], "expiresInDays": 7}

    made = ask(root, "POST", "keys", said)

    eva = Someone(app.test_client(), made.json["secret"])
    assert made.status_code == 201
    assert (made.json["key"]["accounts"], made.json["key"]["revokedAt"]) == (None, None)
    batch_id = eva.publish().json["batchId"]
    listed = ask(root, "GET", "keys")
    assert made.json["secret"] not in listed.text
    gone = ask(root, "DELETE", "keys", key=made.json["key"]["id"], cancelBatches="true")
    assert gone.json["key"]["revokedAt"] is not None
    assert eva.get("/session").status_code == 401
    status = root.get(f"/api/metricool/status?batchId={batch_id}").json
    assert status["status"] == "cancelled"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"userId": "nobody", "scopes": ["read"]}, 404),
        ({"userId": "eva", "scopes": []}, 422),
        ({"userId": "eva", "scopes": ["all"]}, 422),
        ({"userId": "eva", "scopes": ["read"], "accounts": [OTHER]}, 422),
        ({"userId": "eva", "scopes": ["read"], "accounts": []}, 422),
        ({"userId": "eva", "scopes": ["read"], "webhookUrl": "http://10.0.0.1/"}, 422),
        ({"userId": "eva", "scopes": ["read"], "expiresInDays": 0}, 422),
    ],
    ids=str,
)
def test_a_key_widens_nothing_and_makes_nobody(root: Someone, body, status):
    ask(root, "POST", "users", EVA)
    before = len(everything()["api_keys"])

    assert is_short_problem(ask(root, "POST", "keys", body), status)
    assert len(everything()["api_keys"]) == before


def test_sessions_are_listed_and_ended(app, root: Someone, ana: Someone):
    page = app.test_client()
    page.post("/session", json={"apiKey": ana.key}, headers=OURS)
    [hers] = ask(root, "GET", "sessions").json["sessions"]
    assert (hers["user"], hers["entry"], hers["own"]) == ("ana", "key", False)

    assert ask(root, "DELETE", "sessions", session=hers["id"]).status_code == 204

    assert page.get("/session").status_code == 401
    assert ask(root, "DELETE", "sessions", session=hers["id"]).status_code == 404


def test_the_page_of_an_admin_does_all_of_it_and_no_other_page_does(app, root: Someone):
    page = app.test_client()
    page.post("/session", json={"apiKey": root.key}, headers=OURS)

    assert page.post(f"{ADMIN}/users", json=EVA, headers=OURS).status_code == 201
    evil = {"Origin": "https://evil.example"}
    refused = page.post(f"{ADMIN}/users", json={**EVA, "userId": "x"}, headers=evil)
    assert (refused.status_code, refused.json["code"]) == (403, "origin_refused")
    assert page.post(f"{ADMIN}/users", json={**EVA, "userId": "x"}).status_code == 403
    [own] = page.get(f"{ADMIN}/sessions").json["sessions"]
    assert own["own"] is True


@pytest.mark.parametrize("role", [Role.VIEWER, Role.PUBLISHER, Role.OPERATOR])
def test_nobody_but_an_admin_asks_any_of_it(app, anyone, role):
    key = key_for("pat", {"admin"}, at=NOON, role=role)
    before = everything()

    for verb, path in every_verb(app):
        if path.startswith(f"{ADMIN}/") and verb not in ("OPTIONS",):
            answer = anyone.open(method=verb, path=path, headers={"X-Api-Key": key})
            assert answer.status_code in (403, 405), (verb, path)
    changed = {name for name, rows in everything().items() if rows != before[name]}
    assert changed <= {"api_keys", "audit"}  # last used, and refused


def test_a_key_without_the_scope_is_no_admin_s(app, anyone):
    key = key_for("root", {"publish", "read"}, at=NOON)

    for path in ("users", "keys", "sessions"):
        answer = anyone.get(f"{ADMIN}/{path}", headers={"X-Api-Key": key})
        assert answer.status_code == 403


@pytest.fixture
def hers(app: Flask) -> dict[str, str]:
    """A user of another account, with a key and a session."""
    key = key_for("canary", {"read"}, at=NOON, role=Role.VIEWER, of_user=names({ACCOUNT}))
    page = app.test_client()
    page.post("/session", json={"apiKey": key}, headers=OURS)
    kept = page.get_cookie("storyclip")
    assert kept is not None
    root = Someone(app.test_client(), key_for("root", {"admin"}, at=NOON))
    [session] = ask(root, "GET", "sessions").json["sessions"]
    return {"user": "canary", "key": key.split("_")[1], "session": session["id"]}


NONE = {"user": "nobody", "key": "0123456789ab", "session": "0123456789ab"}
BODIES: dict[str, dict[str, Any]] = {
    "PATCH": {"disabled": True},
    "POST": {"userId": "canary", "scopes": ["read"]},
}
MASKED = ("Date", "RateLimit")


def told(who: Someone, verb: str, path: str, query: dict[str, str]) -> Any:
    body = BODIES.get(verb)
    if body and "userId" in body:
        body = {**body, "userId": query["user"]}
    headers = {"X-Api-Key": who.key}
    answer = who.client.open(method=verb, path=path, query_string=query, json=body, headers=headers)
    named = sorted((name, value) for name, value in answer.headers if name not in MASKED)
    return answer.status_code, answer.data.replace(query["user"].encode(), b""), named


def test_for_an_admin_of_another_account_she_does_not_exist(app, elsewhere: Someone, hers):
    before = everything()

    seen = {}
    for verb in VERBS:
        for path in ("users", "users/link", "keys", "sessions"):
            mine = told(elsewhere, verb, f"{ADMIN}/{path}", hers)
            assert mine == told(elsewhere, verb, f"{ADMIN}/{path}", NONE), (verb, path)
            assert b"canary" not in mine[1]
            assert hers["key"].encode() not in mine[1]
            assert hers["session"].encode() not in mine[1]
            seen[verb, path] = mine[0]

    assert seen["PATCH", "users"] == seen["DELETE", "keys"] == seen["DELETE", "sessions"] == 404
    after = everything()
    changed = {name for name in after if after[name] != before[name]}
    assert changed <= {"api_keys", "audit"}


def test_a_route_that_forgets_how_far_an_admin_reaches_would_be_noticed(
    app, elsewhere: Someone, hers, monkeypatch
):
    monkeypatch.setattr(users_routes, "oversees", lambda *_: True)

    mine = told(elsewhere, "PATCH", f"{ADMIN}/users", hers)

    assert mine != told(elsewhere, "PATCH", f"{ADMIN}/users", NONE)


def test_an_admin_of_some_accounts_gives_those_alone(elsewhere: Someone):
    more: list[dict[str, Any]] = [{"accounts": [ACCOUNT]}, {"allAccounts": True}, {"accounts": []}]
    for said in (*more, {}):
        body = {"userId": "eva", "role": "admin", **said}
        assert is_short_problem(ask(elsewhere, "POST", "users", body), 422), said

    body = {"userId": "eva", "role": "admin", "accounts": [OTHER]}
    assert ask(elsewhere, "POST", "users", body).status_code == 201
    for said in more:
        assert is_short_problem(ask(elsewhere, "PATCH", "users", said, user="eva"), 422), said
        mine = ask(elsewhere, "PATCH", "users", said, user="root2")
        assert mine.status_code == 422


def test_a_revoked_key_is_revoked_again_without_a_second_act(root: Someone, ana: Someone):
    key_id = ana.key.split("_")[1]
    ask(root, "DELETE", "keys", key=key_id)
    before = len(everything()["audit"])

    again = ask(root, "DELETE", "keys", key=key_id)

    assert again.status_code == 200
    assert len(everything()["audit"]) == before
    assert keys.holder_of(ana.key, NOON) is None
