"""The rows of API keys, read in one place: who holds which, and whether it still opens anything."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any

from storyclip.domain.holder import Holder, Scope
from storyclip.store.database import marks, reading, run
from storyclip.store.instants import to_instant

_SELECT = (
    "SELECT key_id, secret_hash, user_id, scopes, accounts, webhook_url, created_at, last_used_at,"
    " expires_at, revoked_at FROM api_keys"
)
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
    key_id, secret_hash, user_id, scopes, accounts, webhook_url, *instants = row
    created_at, last_used_at, expires_at, revoked_at = map(to_instant, instants)
    assert created_at is not None
    return KeptKey(
        key_id,
        secret_hash,
        user_id,
        tuple(map(Scope, scopes.split())),
        None if accounts is None else tuple(accounts.split()),
        webhook_url,
        created_at,
        last_used_at,
        expires_at,
        revoked_at,
    )
