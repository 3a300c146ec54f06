"""Who had keys before there were users may do as a user what those keys could, and no more."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from contextlib import redirect_stdout

import pytest
from playhouse.migrations import Runner

from storyclip.cli.main import main
from storyclip.domain.names import EVERY, Names, names
from storyclip.domain.user import Origin, Role
from storyclip.store import database, schema
from storyclip.store.access import users

BEFORE = "0008_noted"
_KEY = (
    "INSERT INTO api_keys (key_id, secret_hash, user_id, scopes, accounts, created_at, revoked_at)"
    " VALUES (?, 'x', ?, ?, ?, ?, ?)"
)
_LANE = (
    "INSERT INTO lanes (id, account_id, network, turns, changes_media) VALUES (1, '7', 'x', 1, 0)"
)
_BATCH = (
    "INSERT INTO publish_batches (batch_id, user_id, lane_id, account_id, network, publish_mode,"
    " on_failure, gap_s, turn, status, total_clips, published_clips, failed_clips,"
    " unconfirmed_clips, cancelled_clips, current_clip_index, last_seq, created_at, place,"
    " completed_at) VALUES (?, ?, 1, ?, 'facebook', 'now', 'continue', 0, 1, 'x', 1, 0, 0, 0, 0, 0,"
    " 0, '2026-01-02T00:00:00.000000Z', 1, ?)"
)


@pytest.fixture
def before(empty_database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A database as it was before there were users."""

    def up_to_then(store: object) -> list[str]:
        return list(Runner(store, str(schema.MIGRATIONS)).up(BEFORE))

    with monkeypatch.context() as patch:
        patch.setattr(schema, "bring_up_to_date", up_to_then)
        database.connect(empty_database_url)
    yield empty_database_url
    database.disconnect()


def had_key(
    name: str, user: str, scopes: str, accounts: str | None, revoked_at: str | None = None
) -> None:
    with database.writing():
        database.run(
            _KEY, (name, user, scopes, accounts, "2026-01-01T00:00:00.000000Z", revoked_at)
        )


def had_batch(name: str, user: str, account: str, ended_at: str | None = None) -> None:
    with database.writing():
        if database.run("SELECT 1 FROM lanes").fetchone() is None:
            database.run(_LANE)
        database.run(_BATCH, (name, user, account, ended_at))


def migrated(url: str) -> dict[str, tuple[Role, Names]]:
    database.disconnect()
    database.connect(url)
    found = users.every()
    assert all(user.origin is Origin.BEFORE_USERS for user in found)
    return {user.user_id: (user.role, user.accounts) for user in found}


def test_a_user_has_exactly_what_their_keys_could_together(before: str):
    had_key("k1", "ana", "publish read", "1 2")
    had_key("k2", "ana", "read", "3")
    had_key("k3", "bea", "read", "")
    had_key("k4", "root", "admin", None)
    had_key("k5", "root", "read", "1")

    assert migrated(before) == {
        "ana": (Role.PUBLISHER, names({"1", "2", "3"})),
        "bea": (Role.VIEWER, names(())),
        "root": (Role.ADMIN, EVERY),
    }


def test_what_a_revoked_key_could_is_not_come_by_again(before: str):
    had_key("k1", "ana", "publish", "1")
    had_key("k2", "ana", "admin", None, revoked_at="2026-01-02T00:00:00.000000Z")
    had_key("k3", "gone", "publish", None, revoked_at="2026-01-02T00:00:00.000000Z")

    assert migrated(before) == {"ana": (Role.PUBLISHER, names({"1"}))}


def test_what_was_accepted_goes_out_all_the_same(before: str):
    had_key("k1", "gone", "publish", None, revoked_at="2026-01-02T00:00:00.000000Z")
    had_batch("b1", "gone", "7")
    had_batch("b2", "gone", "8", ended_at="2026-01-03T00:00:00.000000Z")

    assert migrated(before) == {"gone": (Role.PUBLISHER, names({"7"}))}


def test_the_commands_say_who_has_all_accounts_though_nobody_said_so(
    before: str, monkeypatch: pytest.MonkeyPatch
):
    had_key("k1", "ana", "publish read", None)
    had_key("k2", "ana", "read", "1")
    had_key("k3", "bea", "read", "1")
    database.disconnect()
    monkeypatch.setenv("DATABASE_URL", before)

    keys = {key["id"]: key for key in json.loads(said("keys", "list", "--json"))}

    assert {name: key["note"] for name, key in keys.items()} == {
        "k1": "had all accounts before users existed",
        "k2": None,
        "k3": None,
    }
    assert keys["k2"]["accounts"] == ["1"]
    assert "before users existed" in said("keys", "list")
    assert "before users existed" in said("users", "show", "ana")

    said("users", "accounts", "ana", "--all")
    assert "before users existed" not in said("keys", "list") + said("users", "show", "ana")


def said(*arguments: str) -> str:
    out = io.StringIO()
    with redirect_stdout(out):
        main(arguments, standalone_mode=False)
    return out.getvalue()
