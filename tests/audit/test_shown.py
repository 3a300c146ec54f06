"""What is kept is shown to administrators alone, page by page, and in a terminal to its owner."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from storyclip.cli import audit as command
from storyclip.domain.act import DONE, Action, Actor, Via
from storyclip.domain.names import names
from storyclip.domain.user import Role
from storyclip.store import acts
from storyclip.store.database import writing
from storyclip.store.instants import to_text
from tests.commands import told_by
from tests.people import key_for
from tests.store.making import sql
from tests.web.conftest import NOON, Someone

AUDIT = "/api/metricool/admin/audit"
EVIL = Actor(Via.API, "eve\x1b[2J\x9b31m\u202e", None, None, "192.0.2.9")


def written(count: int, **more: Any) -> None:
    for n in range(count):
        with writing():
            acts.write(Action.BATCH_PAUSE, f"b{n}", NOON + timedelta(minutes=n), **more)


def pages(root: Someone, path: str) -> Iterator[list[str]]:
    while path:
        answer = root.get(path)
        assert answer.status_code == 200
        yield [entry["subject"] for entry in answer.get_json()["entries"]]
        path = answer.headers.get("Link", "").split(">")[0].strip("<")


def test_administrators_see_who_did_what(root: Someone, ana: Someone):
    batch_id = ana.publish().get_json()["batchId"]

    answer = root.get(f"{AUDIT}?action=batch").get_json()

    assert answer["count"] == 1
    entry = answer["entries"][0]
    assert entry == {
        "id": entry["id"],
        "at": "2026-12-01T12:00:00.000Z",
        "via": "api",
        "user": "ana",
        "key": ana.key.split("_")[1],
        "session": None,
        "address": "127.0.0.1",
        "action": "batch.publish",
        "subject": batch_id,
        "detail": "2000001/facebook",
        "outcome": "done",
        "times": 1,
    }


def test_who_administers_some_accounts_sees_what_the_users_of_those_did(
    app: Flask, root: Someone, ana: Someone
):
    theirs = names({"2000001"})
    key = key_for("lola", {"publish"}, at=NOON, role=Role.PUBLISHER, of_user=theirs)
    lola = Someone(app.test_client(), key)
    narrow = Someone(app.test_client(), key_for("root", {"admin"}, {"2000001"}, at=NOON))
    assert lola.publish().status_code == ana.publish().status_code == 202
    with writing():  # somebody of that name on the machine
        acts.write(Action.SERVICE_PAUSE, "all", NOON, by=Actor(Via.COMMAND, "lola", None, None))

    seen = narrow.get(AUDIT).get_json()["entries"]

    assert {(entry["user"], entry["action"]) for entry in seen} == {("lola", "batch.publish")}
    assert {entry["user"] for entry in root.get(AUDIT).get_json()["entries"]} >= {"ana", "lola"}


def test_nobody_else_does(ana: Someone, anyone: Any):
    assert ana.get(AUDIT).status_code == 403
    assert anyone.get(AUDIT).status_code == 401


def test_all_of_it_is_shown_page_by_page(root: Someone):
    written(5)

    shown = list(pages(root, f"{AUDIT}?limit=2&action=batch&since=2026-12-01T11:00:00Z"))

    assert shown == [["b4", "b3"], ["b2", "b1"], ["b0"]]


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ("since=yesterday", "/since"),
        ("since=2026-12-01T12:00:00", "/since"),
        ("limit=0", "/limit"),
        ("cursor=x", "/cursor"),
        ("cursor=-1", "/cursor"),
        ("cursor=99999999999999999999", "/cursor"),
        ("action=DROP%20TABLE", "/action"),
        ("user=", "/user"),
    ],
)
def test_a_question_that_makes_no_sense_is_refused(root: Someone, query: str, pointer: str):
    answer = root.get(f"{AUDIT}?{query}")

    assert answer.status_code == 422
    assert [fault["pointer"] for fault in answer.get_json()["errors"]] == [pointer]


@pytest.fixture
def url(sqlite: Any) -> str:
    return f"sqlite:///{sqlite}"


def test_the_command_shows_them_in_their_order(url: str):
    written(3)

    told = told_by("audit", "--limit", "2", DATABASE_URL=url)

    lines = told.stdout.splitlines()
    assert lines[0].split() == list(command.HEADINGS)
    assert [line.split()[-2] for line in lines[1:]] == ["b1", "b2"]


def test_the_command_shows_them_as_json(url: str):
    written(2, by=Actor(Via.COMMAND, "lola", address="host"), detail="x")

    told = told_by("audit", "--json", "--user", "lola", "--since", "2026-12-01", DATABASE_URL=url)

    shown = json.loads(told.stdout)
    assert [(one["user"], one["subject"], one["detail"]) for one in shown] == [
        ("lola", "b0", "x"),
        ("lola", "b1", "x"),
    ]


def test_no_ones_words_reach_the_terminal_as_orders(url: str):
    written(1, by=EVIL, detail="a\x1b]0;mine\x07\nb")

    for arguments in (["audit"], ["audit", "--json"]):
        told = told_by(*arguments, DATABASE_URL=url)
        assert not [c for c in told.stdout if not (c.isprintable() or c == "\n")], arguments
    table = told_by("audit", DATABASE_URL=url).stdout
    assert len(table.splitlines()) == 2


@pytest.mark.parametrize("since", ["yesterday", "7x", "2026-13-01"])
def test_a_moment_that_is_none_is_a_mistake_of_use(url: str, since: str):
    assert told_by("audit", "--since", since, DATABASE_URL=url).returncode == 2


def shown_to_who_follows(
    url: str, monkeypatch: pytest.MonkeyPatch, *meanwhile: Callable[[], None], words: str = ""
) -> list[str]:
    """The details that are shown while these things happen, one between two looks."""
    rest = iter([*meanwhile, lambda: None])

    def pass_time(_: float) -> None:
        try:
            happens = next(rest)
        except StopIteration:
            raise KeyboardInterrupt from None
        happens()

    monkeypatch.setattr("storyclip.cli.audit.time.sleep", pass_time)
    told = told_by("audit", "--follow", "--json", *words.split(), DATABASE_URL=url)
    assert told.returncode == 130
    return [json.loads(line)["detail"] for line in told.stdout.splitlines()]


def test_who_follows_is_shown_the_last_acts_and_each_new_one_once(
    url: str, monkeypatch: pytest.MonkeyPatch
):
    for n in range(3):
        written(1, detail=f"before {n}")

    shown = shown_to_who_follows(
        url,
        monkeypatch,
        lambda: written(2, detail="one"),
        lambda: None,
        lambda: written(1, detail="two"),
        words="--limit 2",
    )

    assert shown == ["before 1", "before 2", "one", "one", "two"]


def test_who_follows_from_the_beginning_misses_nothing(url: str, monkeypatch: pytest.MonkeyPatch):
    shown = shown_to_who_follows(url, monkeypatch, lambda: written(1, detail="first"))

    assert shown == ["first"]


def test_an_act_with_an_older_number_that_is_committed_later_is_shown_as_well(
    url: str, monkeypatch: pytest.MonkeyPatch
):
    def numbered(number: int, detail: str) -> None:
        """As in PostgreSQL, where a number is given before the commit."""
        columns = "id, at, via, action, subject, detail, outcome, times"
        values = (number, to_text(NOON), Via.API, Action.BATCH_PAUSE, "b", detail, DONE, 1)
        sql(f"INSERT INTO audit ({columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)", *values)

    shown = shown_to_who_follows(
        url, monkeypatch, lambda: numbered(100, "newer"), lambda: numbered(50, "late")
    )

    assert shown == ["newer", "late"]
