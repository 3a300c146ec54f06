"""Users, keys and links as whoever runs the service hands them out at a terminal."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from storyclip.domain.batch import Status
from storyclip.domain.names import EVERY, NONE, names
from storyclip.domain.user import Role
from storyclip.store import database
from storyclip.store.access import keys, signin_links, users
from storyclip.store.publishing import batches
from tests.commands import Told, told_by
from tests.people import key_for, of
from tests.store.making import made, new_batch

README_LINE = ("keys", "create", "--user", "bea")


@pytest.fixture
def run(store: str) -> Any:
    """Run a command on the database, and have this process look at it again."""

    def told(*words: str, **environment: str) -> Told:
        said = told_by(*words, DATABASE_URL=store, **environment)
        database.connect(store)
        return said

    return told


def now() -> datetime:
    return datetime.now(UTC)


def holder(key: str) -> Any:
    return keys.holder_of(key.strip(), now())


def test_a_key_of_the_readmes_line_reaches_no_account_and_says_so(run: Any):
    said = run(*README_LINE)

    assert said.returncode == 0
    assert holder(said.stdout).accounts == NONE
    assert "speaks for bea (publisher); accounts: none" in said.stderr
    assert "storyclip users accounts bea" in said.stderr


@pytest.mark.parametrize(
    ("words", "reaches"),
    [
        (("--accounts", "1,2"), names({"1", "2"})),
        (("--account", "1", "--account", "2"), names({"1", "2"})),
        (("--all-accounts",), EVERY),
    ],
)
def test_a_key_reaches_the_accounts_that_were_named(run: Any, words: Any, reaches: Any):
    said = run(*README_LINE, *words)

    assert holder(said.stdout).accounts == reaches


def test_some_and_all_accounts_at_once_are_a_mistake(run: Any):
    said = run(*README_LINE, "--accounts", "1", "--all-accounts")

    assert said.returncode == 2
    assert users.every() == []


def test_a_key_for_more_than_its_user_has_is_not_made(run: Any):
    run("users", "create", "bea", "--accounts", "1")

    said = run(*README_LINE, "--all-accounts")

    assert said.returncode == 1
    assert "bea acts for 1 alone" in said.stderr


def test_a_user_is_made_shown_and_changed(run: Any):
    made_now = run("users", "create", "bea", "--role", "operator", "--name", "Bea", "--json")
    again = run("users", "create", "bea")
    run("users", "role", "bea", "viewer")
    run("users", "accounts", "bea", "1,2", "3")
    shown = json.loads(run("users", "show", "bea", "--json").stdout)
    listed = json.loads(run("users", "list", "--json").stdout)

    assert json.loads(made_now.stdout)["role"] == "operator"
    assert again.returncode == 1
    assert (shown["name"], shown["role"], shown["accounts"]) == ("Bea", "viewer", ["1", "2", "3"])
    assert listed == [shown]
    assert "1,2,3" in run("users", "list").stdout
    assert run("users", "accounts", "bea", "--none", "--json").stdout.count('"accounts": []') == 1
    assert json.loads(run("users", "accounts", "bea", "--all", "--json").stdout)["allAccounts"]


@pytest.mark.parametrize(
    "words",
    [
        ("show", "nobody"),
        ("role", "nobody", "admin"),
        ("accounts", "nobody", "1"),
        ("disable", "nobody"),
        ("enable", "nobody"),
    ],
)
def test_of_nobody_nothing_is_changed(run: Any, words: Any):
    said = run("users", *words)

    assert said.returncode == 1
    assert "no user nobody" in said.stderr


def test_a_role_that_there_is_not_is_a_mistake(run: Any):
    assert run("users", "create", "bea", "--role", "king").returncode == 2


def test_who_is_disabled_holds_nothing_until_enabled(run: Any):
    key = run(*README_LINE).stdout

    disabled = json.loads(run("users", "disable", "bea", "--json").stdout)
    while_disabled = holder(key)
    listed = run("keys", "list").stdout
    run("users", "enable", "bea")

    assert disabled["disabledAt"] is not None
    assert while_disabled is None
    assert "its user is disabled" in listed
    assert holder(key).user_id == "bea"


def test_disabling_makes_what_is_to_come_due_at_once(run: Any):
    made("b1", 2, at=now())

    run("users", "disable", "ana")

    with database.reading():
        due = database.run("SELECT COUNT(*) FROM publish_batch_clips WHERE next_at IS NOT NULL")
        assert due.fetchone()[0] == 2


def test_a_users_batches_are_cancelled_with_it_if_that_is_said(run: Any):
    made("b1", 2, at=now())
    made("b2", 2, at=now(), user="eva")

    run("users", "disable", "ana", "--cancel-batches")

    assert batches.find("b1", of("ana")).batch.status is Status.CANCELLED
    assert batches.find("b2", of("eva")).batch.status is Status.PROCESSING


@pytest.mark.parametrize("cancels", [True, False])
def test_revoking_a_key_cancels_what_it_made_if_that_is_said(run: Any, cancels: bool):
    key_id = key_for("ana", {"publish"}, at=now()).split("_")[1]
    for name, made_by in (("b1", key_id), ("b2", None)):
        new = new_batch(name, 2)
        batches.create(replace(new, key_id=made_by), now())

    said = run("keys", "revoke", key_id, *(["--cancel-batches"] if cancels else []))

    assert said.returncode == 0
    found = [batches.find(name, of("ana")).batch.status for name in ("b1", "b2")]
    assert found == [Status.CANCELLED if cancels else Status.PROCESSING, Status.PROCESSING]


def test_a_link_says_as_whom_it_signs_in_an_admin_first(run: Any):
    key_for("pat", {"publish"}, at=now(), role=Role.PUBLISHER)
    key_for("root", {"admin"}, at=now())

    said = run("signin", STORYCLIP_PUBLIC_URL="https://clips.example.com")
    of_pat = json.loads(run("signin", "--user", "pat", "--json").stdout)

    link = urlsplit(said.stdout.strip())
    assert (link.netloc, link.path) == ("clips.example.com", "/signin")
    assert "signs root (admin) in" in said.stderr
    assert signin_links.redeem(parse_qs(link.query)["token"][0], now()) is not None
    assert (of_pat["user"], of_pat["role"]) == ("pat", "publisher")


def test_without_a_key_there_is_no_link(run: Any):
    assert "nobody has a key" in run("signin").stderr
    assert "eva has no key" in run("signin", "--user", "eva").stderr


def test_a_key_that_is_revoked_already_has_its_batches_cancelled_and_that_is_said(run: Any):
    key_id = key_for("ana", {"publish"}, at=now()).split("_")[1]
    batches.create(replace(new_batch("b1", 2), key_id=key_id), now())
    run("keys", "revoke", key_id)

    said = run("keys", "revoke", key_id, "--cancel-batches")

    assert said.returncode == 1
    assert said.stderr.splitlines() == [
        f"Of what {key_id} had made, cancelled now: 1.",
        f"There is no key {key_id} in use.",
    ]


def test_who_is_disabled_gets_no_link(run: Any):
    users.create("eva", Role.PUBLISHER, EVERY, now())
    run("users", "disable", "eva")

    said = run("users", "link", "eva")

    assert said.returncode == 1
    assert "eva is disabled" in said.stderr


def test_who_is_not_there_is_not_disabled(run: Any):
    assert run("users", "disable", "nobody").stderr.strip() == "There is no user nobody."


@pytest.mark.parametrize("ids", ["abc,,", ",abc", ""])
def test_an_account_without_an_id_is_refused(run: Any, ids: str):
    users.create("ana", Role.PUBLISHER, EVERY, now())

    said = run("users", "accounts", "ana", ids)

    assert said.returncode == 2
    assert users.may_publish("ana", "any")


@pytest.mark.parametrize("words", [["disable", "root"], ["role", "root", "viewer"]])
def test_that_the_last_admin_goes_is_said(run: Any, words: list[str]):
    users.create("root", Role.ADMIN, EVERY, now())
    users.create("pat", Role.PUBLISHER, EVERY, now())
    quiet = run("users", "disable", "pat")

    said = run("users", *words)

    assert "no admin any more" not in quiet.stderr
    assert "no admin any more" in said.stderr
