"""Users: rights hang on them, and their keys only narrow these.

Whoever has keys by now gets as a user exactly what those keys could, taken together; and the
accounts of what was accepted and has yet to go out, or the upgrade would stop it.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

_STATEMENTS = (
    "CREATE TABLE users ("
    "id TEXT NOT NULL PRIMARY KEY,"
    " name TEXT NOT NULL,"
    " role TEXT NOT NULL,"
    " all_accounts INTEGER NOT NULL,"
    " origin TEXT NOT NULL,"
    " created_at TEXT NOT NULL,"
    " disabled_at TEXT)",
    "CREATE TABLE user_accounts ("
    "user_id TEXT NOT NULL REFERENCES users (id),"
    " account_id TEXT NOT NULL,"
    " PRIMARY KEY (user_id, account_id))",
    "ALTER TABLE publish_batches ADD COLUMN key_id TEXT",
)
_KEYS = "SELECT user_id, scopes, accounts, created_at FROM api_keys WHERE revoked_at IS NULL"
_TO_COME = (
    "SELECT user_id, account_id, MIN(created_at) FROM publish_batches WHERE completed_at IS NULL"
    " GROUP BY user_id, account_id"
)


class _Before:
    """What somebody could before there were users."""

    def __init__(self) -> None:
        self.scopes = set[str]()
        self.accounts = set[str]()
        self.has_all = False
        self.since = "9"  # later than any date


def up(migrator: Any, db: Any) -> None:
    """Make the tables, and a user of everybody who could do something."""
    for statement in _STATEMENTS:
        db.execute_sql(statement)
    for user_id, before in _known(db).items():
        mark = db.param
        db.execute_sql(
            "INSERT INTO users (id, name, role, all_accounts, origin, created_at)"
            f" VALUES ({mark}, {mark}, {mark}, {mark}, 'before_users', {mark})",
            (user_id, user_id, _role(before.scopes), int(before.has_all), before.since),
        )
        for account_id in () if before.has_all else sorted(before.accounts):
            db.execute_sql(
                f"INSERT INTO user_accounts (user_id, account_id) VALUES ({mark}, {mark})",
                (user_id, account_id),
            )


def _known(db: Any) -> dict[str, _Before]:
    known: dict[str, _Before] = defaultdict(_Before)
    for user_id, scopes, accounts, created_at in db.execute_sql(_KEYS).fetchall():
        user = known[user_id]
        user.scopes |= set(scopes.split())
        user.has_all = user.has_all or accounts is None
        user.accounts |= set((accounts or "").split())
        user.since = min(user.since, created_at)
    for user_id, account_id, created_at in db.execute_sql(_TO_COME).fetchall():
        user = known[user_id]
        user.scopes.add("publish")
        user.accounts.add(account_id)
        user.since = min(user.since, created_at)
    return known


def _role(scopes: set[str]) -> str:
    if "admin" in scopes:
        return "admin"
    return "publisher" if "publish" in scopes else "viewer"
