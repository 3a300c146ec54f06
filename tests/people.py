"""Users and keys of the tests: who has a key has every account and role, said aloud."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from storyclip.domain.names import EVERY, Names, names
from storyclip.domain.reach import EVERYTHING, Reach
from storyclip.domain.session import Entry, Lasting, Visit
from storyclip.domain.user import Role
from storyclip.store.access import keys, sessions, users

USUAL = Lasting(timedelta(hours=12), timedelta(hours=2))


def key_for(
    user: str,
    scopes: Collection[str],
    accounts: Collection[str] | None = None,
    *,
    at: datetime,
    role: Role = Role.ADMIN,
    of_user: Names = EVERY,
    expires_at: datetime | None = None,
    webhook_url: str | None = None,
) -> str:
    """Return a new key of a user who is made if need be: the key alone narrows what they may."""
    users.create(user, role, of_user, at)
    only = None if accounts is None else names(accounts)
    return keys.make(user, scopes, only, at=at, expires_at=expires_at, webhook_url=webhook_url)


def known(user: str, at: datetime) -> str:
    """Have somebody be a user who may do everything, and return their id."""
    users.create(user, Role.ADMIN, EVERY, at)
    return user


def of(user: str) -> Reach:
    """Return all batches of one user."""
    return EVERYTHING.of_user(user)


def session_of(key: str, at: datetime, lasting: Lasting = USUAL) -> str:
    """Return the token of a session that began with this key."""
    holder = keys.holder_of(key, at)
    assert holder is not None
    visit = Visit(Entry.KEY, "192.0.2.7", "Firefox", lasting)
    return sessions.begin(holder.user_id, holder.key_id, at, visit)
