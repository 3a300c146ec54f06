"""All keys of this installation, as their keeper sees and replaces them; never their secrets."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from storyclip.domain.errors import NotFound
from storyclip.store.access import keys
from storyclip.store.database import reading, run, writing
from storyclip.store.instants import to_instant, to_text


@dataclass(frozen=True, slots=True)
class KeptKey:
    """What is known of a key; `accounts` is None where every one is allowed."""

    key_id: str
    user_id: str
    scopes: tuple[str, ...]
    accounts: tuple[str, ...] | None
    created_at: datetime
    last_used_at: datetime | None
    expires_at: datetime | None
    revoked_at: datetime | None

    def is_in_use(self, at: datetime) -> bool:
        """Return whether the key still opens anything."""
        return self.revoked_at is None and (self.expires_at is None or at < self.expires_at)


def all_keys() -> list[KeptKey]:
    """Return every key that was ever made, the oldest first.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    with reading():
        rows = run(f"SELECT {_COLUMNS} FROM api_keys ORDER BY created_at, key_id").fetchall()
    return [_kept(row) for row in rows]


def rotate(key_id: str, at: datetime, grace: timedelta, expires_at: datetime | None = None) -> str:
    """Make a key with the rights of another, which ends `grace` later; return the new one.

    Args:
        grace: 0 revokes the old key at once. A key that would expire sooner still does.
        expires_at: of the new key; None keeps the expiry of the old one.

    Raises:
        NotFound: no such key is in use, or the environment names it and has to be changed there.
        StoreUnavailable: nothing was changed.
    """
    with writing():
        row = run(f"SELECT {_COLUMNS} FROM api_keys WHERE key_id = ?", (key_id,)).fetchone()
        old = None if row is None else _kept(row)
        if old is None or not old.is_in_use(at):
            raise NotFound(f"There is no key {key_id} in use.")
        if key_id.startswith(keys.SEED_PREFIX):
            raise NotFound(f"{key_id} comes from STORYCLIP_API_KEYS: replace it there.")
        (webhook_url,) = run(
            "SELECT webhook_url FROM api_keys WHERE key_id = ?", (key_id,)
        ).fetchone()
        until = expires_at or old.expires_at
        new = keys.insert_new(old.user_id, old.scopes, old.accounts, at, until, webhook_url)
        if not grace:
            run("UPDATE api_keys SET revoked_at = ? WHERE key_id = ?", (to_text(at), key_id))
        else:
            end = min(at + grace, old.expires_at or at + grace)
            run("UPDATE api_keys SET expires_at = ? WHERE key_id = ?", (to_text(end), key_id))
    return new


_COLUMNS = "key_id, user_id, scopes, accounts, created_at, last_used_at, expires_at, revoked_at"


def _kept(row: tuple[str, ...]) -> KeptKey:
    created_at = to_instant(row[4])
    assert created_at is not None
    accounts = None if row[3] is None else tuple(row[3].split())
    others = (to_instant(text) for text in row[5:])
    return KeptKey(row[0], row[1], tuple(row[2].split()), accounts, created_at, *others)
