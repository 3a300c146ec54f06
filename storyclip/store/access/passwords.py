"""Passwords of users: kept as Argon2 hashes, beside their keys."""

from __future__ import annotations

import secrets
from datetime import datetime
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError

from storyclip.domain.act import Action, Actor
from storyclip.domain.user import User
from storyclip.store import acts
from storyclip.store.access import sessions, users
from storyclip.store.database import reading, run, writing
from storyclip.store.instants import to_text

# OWASP's least for Argon2id: 19 MiB and a fraction of a second, so that some fit into one machine
_hasher = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)

_FIND = "SELECT password_hash FROM passwords WHERE user_id = ?"
_SET = (
    "INSERT INTO passwords (user_id, password_hash, set_at) VALUES (?, ?, ?)"
    " ON CONFLICT (user_id) DO UPDATE SET"
    " password_hash = excluded.password_hash, set_at = excluded.set_at"
)


def user_with(user_id: str, password: str) -> User | None:
    """Return the user whose password it is; None if it is not, or they may do nothing.

    It takes as long for somebody who is not there. Not inside of a transaction: it takes a while.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    with reading():
        user = users.find(user_id)
        row = run(_FIND, (user_id,)).fetchone()
    try:
        _hasher.verify(_nobodys() if row is None else row[0], password)
    except VerificationError:
        return None
    is_theirs = row is not None and user is not None and user.disabled_at is None
    return user if is_theirs else None


def hashed(password: str) -> str:
    """Return what is kept of a password. Not inside of a transaction: it takes a while."""
    return _hasher.hash(password)


def keep(user_id: str, password_hash: str, at: datetime, by: Actor | None = None) -> None:
    """Have this be a user's password from now on, in the caller's write transaction."""
    run(_SET, (user_id, password_hash, to_text(at)))
    acts.write(Action.PASSWORD_SET, user_id, at, by=by)


def set_own(user_id: str, password_hash: str, session_id: str, at: datetime) -> None:
    """Have a user have another password, and no session but this one.

    Raises:
        StoreUnavailable: they have the one before.
    """
    with writing():
        keep(user_id, password_hash, at)
        sessions.end_others_of(user_id, session_id, at)


def having() -> frozenset[str]:
    """Return the users who have a password.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    with reading():
        return frozenset(user_id for (user_id,) in run("SELECT user_id FROM passwords").fetchall())


@cache
def _nobodys() -> str:
    return _hasher.hash(secrets.token_urlsafe(32))
