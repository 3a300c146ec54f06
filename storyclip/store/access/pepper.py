"""This installation's pepper: what keys are hashed with, and other secrets are derived from."""

from __future__ import annotations

import secrets
from hashlib import blake2b

from storyclip.store.database import reading, run


def find() -> str | None:
    """Return the pepper in hexadecimal digits, None before the first key was made.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    with reading():
        row = run("SELECT value FROM installation WHERE name = 'pepper'").fetchone()
    return None if row is None else str(row[0])


def made() -> str:
    """Return the pepper, made by whoever comes first; in a write transaction of the caller's."""
    run(
        "INSERT INTO installation (name, value, is_shown) VALUES ('pepper', ?, ?)"
        " ON CONFLICT (name) DO NOTHING",
        (secrets.token_hex(32), False),
    )
    return str(find())


def secret_for(purpose: str) -> bytes:
    """Return this installation's secret for one purpose, derived from its pepper.

    Raises:
        LookupError: no key was ever made here.
        StoreUnavailable: the database does not answer.
    """
    pepper = find()
    if pepper is None:
        raise LookupError("no key was ever made here, so nobody can ask for this")
    return blake2b(purpose.encode(), key=bytes.fromhex(pepper), digest_size=32).digest()
