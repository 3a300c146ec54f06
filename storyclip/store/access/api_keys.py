"""The rows of API keys, read in one place: who holds which, and whether it still opens anything."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from functools import lru_cache
from typing import Any

from storyclip.domain.holder import Holder, Scope
from storyclip.store.database import marks, reading, run
from storyclip.store.models import ApiKeyRow

_READ = 256  # rows kept as what they say: most are asked for again and again


@dataclass(frozen=True, slots=True)
class KeptKey:
    """What is known of a key, never its secret; `accounts` is None where every one is allowed."""

    key_id: str
    secret_hash: str = field(repr=False)
    user_id: str
    scopes: tuple[Scope, ...]
    accounts: tuple[str, ...] | None
    webhook_url: str | None
    created_at: datetime
    last_used_at: datetime | None
    expires_at: datetime | None
    revoked_at: datetime | None

    def is_in_use(self, at: datetime) -> bool:
        """Return whether the key still opens anything."""
        return self.revoked_at is None and (self.expires_at is None or at < self.expires_at)

    @property
    def holder(self) -> Holder:
        """Return whom it speaks for, and what it lets them do."""
        accounts = None if self.accounts is None else frozenset(self.accounts)
        return Holder(self.key_id, self.user_id, frozenset(self.scopes), accounts, self.webhook_url)


_COLUMNS = [getattr(ApiKeyRow, fact.name) for fact in fields(KeptKey)]
# By hand: a key is looked up with each request, and peewee would take ten times as long.
_SELECT = f"SELECT {', '.join(column.column_name for column in _COLUMNS)} FROM api_keys"


def with_ids(key_ids: Collection[str]) -> Sequence[KeptKey]:
    """Return the keys with these ids, in no order; those that do not exist are left out.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    with reading():
        rows = run(f"{_SELECT} WHERE key_id IN ({marks(key_ids)})", tuple(key_ids)).fetchall()
    return [_kept(row) for row in rows]


def every() -> Sequence[KeptKey]:
    """Return every key that was ever made, the oldest first.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    with reading():
        rows = run(f"{_SELECT} ORDER BY created_at, key_id").fetchall()
    return [_kept(row) for row in rows]


@lru_cache(_READ)
def _kept(row: tuple[Any, ...]) -> KeptKey:
    return KeptKey(*(column.python_value(one) for column, one in zip(_COLUMNS, row, strict=True)))
