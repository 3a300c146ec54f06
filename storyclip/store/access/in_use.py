"""Whether a key that was good is still good, and secrets of this installation for other uses."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from hashlib import blake2b

from storyclip.store.access.keys import Holder
from storyclip.store.database import reading, run
from storyclip.store.instants import to_text

_IN_USE = "revoked_at IS NULL AND (expires_at IS NULL OR expires_at > ?)"


def holder_with_id(key_id: str, at: datetime) -> Holder | None:
    """Return who holds the key with this id, None if it is unknown, expired or revoked.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    with reading():
        row = run(
            f"SELECT key_id, user_id, scopes, accounts FROM api_keys"
            f" WHERE key_id = ? AND {_IN_USE}",
            (key_id, to_text(at)),
        ).fetchone()
    if row is None:
        return None
    accounts = None if row[3] is None else frozenset(row[3].split())
    return Holder(row[0], row[1], frozenset(row[2].split()), accounts)


def still_good(key_ids: Collection[str], at: datetime) -> set[str]:
    """Return which of these keys are neither expired nor revoked.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    marks = ", ".join("?" * len(key_ids))
    with reading():
        rows = run(
            f"SELECT key_id FROM api_keys WHERE key_id IN ({marks}) AND {_IN_USE}",
            (*key_ids, to_text(at)),
        ).fetchall()
    return {key_id for (key_id,) in rows}


def secret_for(purpose: str) -> bytes:
    """Return this installation's secret for one purpose, derived from its pepper.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    with reading():
        pepper = run("SELECT value FROM installation WHERE name = 'pepper'").fetchone()
    if pepper is None:
        raise LookupError("no key was ever made here, so nobody can ask for this")
    return blake2b(purpose.encode(), key=bytes.fromhex(pepper[0]), digest_size=32).digest()
