"""A right that goes while a request takes its time: its body is held back, or Metricool is slow."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from flask import Flask

from storyclip.domain.names import names
from storyclip.domain.user import Role
from storyclip.store.access import keys, password_links, passwords, sessions, users
from storyclip.web.door.password_tries import PasswordTries
from tests.people import key_for
from tests.web.conftest import NOON, Someone, rows

# Recorded with a right that is looked at in the transaction: tests/web/test_publish.py
ELSEWHERE = ("/api/metricool/publish/stories",)
NEW_USER = {"userId": "mallory", "role": "admin", "allAccounts": True}


class HeldBack(io.BytesIO):
    """A body whose last byte comes after something has happened."""

    def __init__(self, said: bytes, happens: Callable[[], object]) -> None:
        super().__init__(said)
        self._happens = happens

    def readinto(self, into: Any) -> int:
        if self.tell() == 0:
            self._happens()
        return super().readinto(into)


def held_back(who: Someone, verb: str, path: str, said: Any, happens: Callable[[], object]) -> Any:
    body = json.dumps(said).encode()
    return who.client.open(
        path,
        method=verb,
        headers={"X-Api-Key": who.key},
        input_stream=HeldBack(body, happens),
        content_type="application/json",
        environ_overrides={"CONTENT_LENGTH": str(len(body))},
    )


def with_a_body(app: Flask) -> list[tuple[str, str]]:
    """Every call that takes JSON of somebody who shows a key."""
    paths = app.test_client().get("/openapi.json").get_json()["paths"]
    return [
        (verb.upper(), path)
        for path, verbs in paths.items()
        for verb, described in verbs.items()
        if "application/json" in described.get("requestBody", {}).get("content", {})
        and described.get("security") != []
        and path.startswith("/api/")
        and path not in ELSEWHERE
    ]


def test_whose_key_goes_while_the_body_comes_is_let_in_nowhere(app: Flask):
    asked = with_a_body(app)

    answers = {}
    for verb, path in asked:
        who = Someone(app.test_client(), key_for("root", {"admin"}, at=NOON))
        gone = who.key.split("_")[1]
        told = held_back(who, verb, path, {}, partial(keys.revoke, gone, NOON))
        answers[verb, path] = told.status_code

    assert len(asked) >= 4
    assert set(answers.values()) == {401}, answers


@pytest.mark.parametrize(
    ("happens", "status"),
    [
        (lambda: users.disable("root", NOON), 401),
        (lambda: users.set_role("root", Role.OPERATOR, NOON), 403),
        (lambda: users.set_accounts("root", names({"7"}), NOON), 422),
    ],
    ids=["disabled", "no administrator any more", "other accounts"],
)
def test_who_is_no_administrator_any_more_makes_none_by_a_body_of_before(
    root: Someone, happens, status
):
    before = rows("users")

    told = held_back(root, "POST", "/api/metricool/admin/users", NEW_USER, happens)

    assert told.status_code == status
    assert rows("users") == before


def test_whose_session_is_ended_while_a_password_waits_for_its_turn_sets_none(app, monkeypatch):
    users.create("cleo", Role.PUBLISHER, names({"7"}), NOON)
    page, ours = app.test_client(), {"Origin": "http://localhost"}
    first = {"token": password_links.issue("cleo", NOON), "password": "correct horse battery"}
    assert page.post("/session/join", json=first, headers=ours).status_code == 200
    turn = PasswordTries.turn

    def late(tries: PasswordTries) -> Any:
        sessions.end_all_of("cleo", NOON)
        return turn(tries)

    monkeypatch.setattr(PasswordTries, "turn", late)
    said = {"current": first["password"], "password": "another horse battery"}

    told = page.post("/session/new-password", json=said, headers=ours)

    assert told.status_code == 401
    assert passwords.user_with("cleo", first["password"]) is not None


@pytest.mark.parametrize("call", ["brands", "best-times?accountId=2000001&network=facebook"])
def test_whose_key_goes_while_metricool_is_asked_is_shown_nothing(
    ana: Someone, metricool, monkeypatch, call
):
    brands = metricool.brands

    def slow() -> Any:
        keys.revoke(ana.key.split("_")[1], NOON)
        return brands()

    monkeypatch.setattr(metricool, "brands", slow)

    told = ana.get(f"/api/metricool/{call}")

    assert told.status_code == 401
    assert "meanwhile" in told.get_json()["detail"]
