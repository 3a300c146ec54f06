"""The rows of API keys, read in one place: who holds which, and whether it still opens anything."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from functools import lru_cache
from typing import Any

from storyclip.domain.holder import Holder, Scope
from storyclip.domain.names import EVERY, NONE, Names, names
from storyclip.domain.user import User
from storyclip.store.access import users
from storyclip.store.database import marks, reading, run
from storyclip.store.models import ApiKeyRow

_READ = 256  # rows kept as what they say: most are asked for again and again


@dataclass(frozen=True, slots=True)
class KeptKey:
    """What is known of a key, never its secret; `accounts` is None where it narrows none."""

    key_id: str
    secret_hash: str = field(repr=False)
    pepper_id: str | None  # None: the first one
    user_id: str
    scopes: tuple[Scope, ...]
    accounts: tuple[str, ...] | None
    webhook_url: str | None
    created_at: datetime
    last_used_at: datetime | None
    expires_at: datetime | None
    revoked_at: datetime | None
    user: User | None  # None of a key that an older release made for somebody unknown

    def is_in_use(self, at: datetime) -> bool:
        """Return whether the key still opens anything."""
        if self.user is None or self.user.disabled_at is not None:
            return False
        return self.revoked_at is None and (self.expires_at is None or at < self.expires_at)

    def holder(self, session_id: str | None) -> Holder:
        """Return whom it speaks for, and what it lets them do; of a key in use."""
        assert self.user is not None
        return Holder(
            user_id=self.user_id,
            role=self.user.role,
            key_id=self.key_id,
            session_id=session_id,
            scopes=frozenset(self.scopes),
            accounts=self.reaches,
            webhook_url=self.webhook_url,
        )

    @property
    def reaches(self) -> Names:
        """Return the accounts that are its user's and, if it names some, among those."""
        if self.user is None:
            return NONE
        return self.user.accounts & (EVERY if self.accounts is None else names(self.accounts))


_COLUMNS = [getattr(ApiKeyRow, fact.name) for fact in fields(KeptKey) if fact.name != "user"]
_OF_THE_KEY = ", ".join(f"k.{column.column_name}" for column in _COLUMNS)


def with_ids(key_ids: Collection[str]) -> Sequence[KeptKey]:
    """Return the keys with these ids, in no order; those that do not exist are left out.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    with reading():
        where = f"WHERE k.key_id IN ({marks(key_ids)})"
        rows = run(f"{_select()} {where}", tuple(key_ids)).fetchall()
    return [_kept(row) for row in rows]


def every() -> Sequence[KeptKey]:
    """Return every key that was ever made, the oldest first.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    with reading():
        rows = run(f"{_select()} ORDER BY k.created_at, k.key_id").fetchall()
    return [_kept(row) for row in rows]


def _select() -> str:
    # By hand: a key is looked up with each request, and peewee would take ten times as long.
    return f"SELECT {_OF_THE_KEY}, {users.columns()} FROM api_keys k {users.JOINED}"


@lru_cache(_READ)
def _kept(row: tuple[Any, ...]) -> KeptKey:
    of_the_key, of_the_user = row[: len(_COLUMNS)], row[len(_COLUMNS) :]
    facts = {
        column.column_name: column.python_value(one)
        for column, one in zip(_COLUMNS, of_the_key, strict=True)
    }
    return KeptKey(**facts, user=users.user_of(of_the_user))
