"""This installation's pepper: what keys are hashed with, and other secrets are derived from."""

from __future__ import annotations

import secrets
from hashlib import blake2b

from storyclip.store.database import reading, run
from storyclip.store.models import InstallationRow

# By hand: asked for with each request that shows a key
_FIND = "SELECT value FROM installation WHERE name = 'pepper'"


def find() -> str | None:
    """Return the pepper in hexadecimal digits, None before the first key was made.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    with reading():
        row = run(_FIND).fetchone()
    return None if row is None else str(row[0])


def made() -> str:
    """Return the pepper, made by whoever comes first; in a write transaction of the caller's."""
    remember_once("pepper", secrets.token_hex(32), is_shown=False)
    return str(find())


def remember_once(name: str, value: str, *, is_shown: bool) -> bool:
    """Write a fact of this installation, and return whether it is new; in the caller's transaction.

    What was written before stays as it is.
    """
    fact = InstallationRow.insert(name=name, value=value, is_shown=is_shown)
    once = fact.on_conflict(action="nothing", conflict_target=[InstallationRow.name])
    return bool(once.as_rowcount().execute() == 1)


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
