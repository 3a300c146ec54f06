"""This installation's peppers: what keys are hashed with, and other secrets are derived from.

Usually one. When it is exchanged, the one before stays beside it until nothing hangs on it.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import blake2b
from typing import Any

from storyclip.domain.act import Action
from storyclip.store import acts
from storyclip.store.access import sealing
from storyclip.store.database import database, reading, run, writing
from storyclip.store.models import InstallationRow

FIRST = ""  # the id of the one that every installation begins with
FIRST_ROW, IN_USE_ROW, SEED_IDS_ROW = "pepper", "pepper_in_use", "pepper_of_seed_ids"
ROW_OF = "pepper:"  # and the id, of all later ones

# By hand: asked for with each webhook
_FIND = "SELECT name, value FROM installation WHERE substr(name, 1, 6) = 'pepper'"


@dataclass(frozen=True, slots=True)
class Ring:
    """All peppers by their ids, and which is in use; `seed_ids` is what ids are keyed with."""

    in_use: str
    values: Mapping[str, bytes] = field(repr=False)
    seed_ids: bytes = field(repr=False)

    def derived(self, pepper_id: str, purpose: str) -> bytes:
        """Return the secret for one purpose that derives from one pepper."""
        return derived(self.values[pepper_id], purpose)


# What nobody's key was hashed with: so that an unknown key costs as much as a wrong one.
NOBODYS = Ring(FIRST, {FIRST: secrets.token_bytes(32)}, secrets.token_bytes(32))

_known: tuple[Any, Ring] | None = None  # of which database


def ring() -> Ring:
    """Return the peppers as they were read last; for hashes, whose rows say which they need.

    Raises:
        SecretMissing: they are sealed with a secret that we do not have.
        StoreUnavailable: the database does not answer.
    """
    if _known is not None and _known[0] is database.obj:
        return _known[1]
    return newest_ring() or NOBODYS


def newest_ring() -> Ring | None:
    """Return the peppers as they are now, None before the first key was made.

    Raises:
        SecretMissing, StoreUnavailable: as `ring`.
    """
    global _known
    with reading():
        rows = dict(run(_FIND).fetchall())
    found = _ring_of(rows)
    _known = None if found is None else (database.obj, found)
    return found


def made() -> Ring:
    """Return the peppers, the first made by whoever comes first; in the caller's transaction."""
    found = newest_ring()
    if found is None:
        remember_once(FIRST_ROW, sealing.closed(secrets.token_hex(32)), is_shown=False)
        found = newest_ring()
    assert found is not None
    return found


def seal(at: datetime) -> int:
    """Seal all peppers with the first of our secrets, and return how many were not; 0 without one.

    Raises:
        SecretMissing: one is sealed with a secret that we do not have; nothing was changed.
        StoreUnavailable: nothing was changed.
    """
    newest = next(iter(sealing.ids()), None)
    with reading():
        rows = dict(run(_FIND).fetchall())
    _ring_of(rows)  # all can be opened
    if newest is None or not any(_is_due(name, kept, newest) for name, kept in rows.items()):
        return 0
    with writing():
        due = [(name, kept) for name, kept in run(_FIND) if _is_due(name, kept, newest)]
        for name, kept in due:
            value = sealing.closed(sealing.opened(kept))
            InstallationRow.update(value=value).where(InstallationRow.name == name).execute()
        if due:
            acts.write(Action.SECRET_SEAL, f"{len(due)} values", at, detail=f"with {newest}")
    return len(due)


def seals() -> Mapping[str, str | None]:
    """Return with which secret each pepper is sealed, None where it lies open.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    with reading():
        rows = dict(run(_FIND).fetchall())
    return {one: sealing.sealed_by(kept) for one, kept in _peppers_in(rows).items()}


def add(pepper_id: str) -> None:
    """Make another pepper and take it into use; in the caller's write transaction."""
    before = made()
    remember_once(SEED_IDS_ROW, sealing.closed(before.seed_ids.hex()), is_shown=False)
    value = sealing.closed(secrets.token_hex(32))
    InstallationRow.insert(name=f"{ROW_OF}{pepper_id}", value=value, is_shown=False).execute()
    if not remember_once(IN_USE_ROW, pepper_id, is_shown=False):
        of_it = InstallationRow.name == IN_USE_ROW
        InstallationRow.update(value=pepper_id).where(of_it).execute()


def remove(pepper_id: str) -> None:
    """Forget a pepper that nothing hangs on; in the caller's write transaction."""
    name = f"{ROW_OF}{pepper_id}" if pepper_id else FIRST_ROW
    InstallationRow.delete().where(InstallationRow.name == name).execute()


def remember_once(name: str, value: str, *, is_shown: bool) -> bool:
    """Write a fact of this installation, and return whether it is new; in the caller's transaction.

    What was written before stays as it is.
    """
    fact = InstallationRow.insert(name=name, value=value, is_shown=is_shown)
    once = fact.on_conflict(action="nothing", conflict_target=[InstallationRow.name])
    return bool(once.as_rowcount().execute() == 1)


def secrets_for(purpose: str) -> list[bytes]:
    """Return the secrets for one purpose, one of each pepper; what is made now has the last.

    Raises:
        LookupError: no key was ever made here.
        SecretMissing, StoreUnavailable: as `ring`.
    """
    found = newest_ring()
    if found is None:
        raise LookupError("no key was ever made here, so nobody can ask for this")
    in_order = sorted(found.values, key=lambda pepper_id: pepper_id == found.in_use)
    return [found.derived(pepper_id, purpose) for pepper_id in in_order]


def derived(value: bytes, purpose: str) -> bytes:
    """Return the secret for one purpose that derives from a pepper."""
    return blake2b(purpose.encode(), key=value, digest_size=32).digest()


def _ring_of(rows: Mapping[str, str]) -> Ring | None:
    values = {one: _opened(kept) for one, kept in _peppers_in(rows).items()}
    if not values:
        return None
    kept = rows.get(SEED_IDS_ROW)
    seed_ids = derived(values[FIRST], "seed-ids") if kept is None else _opened(kept)
    return Ring(rows.get(IN_USE_ROW, FIRST), values, seed_ids)


def _peppers_in(rows: Mapping[str, str]) -> dict[str, str]:
    later = {
        name.removeprefix(ROW_OF): kept for name, kept in rows.items() if name.startswith(ROW_OF)
    }
    return {FIRST: rows[FIRST_ROW], **later} if FIRST_ROW in rows else later


def _is_due(name: str, kept: str, newest: str) -> bool:
    return name != IN_USE_ROW and sealing.sealed_by(kept) != newest


def _opened(kept: str) -> bytes:
    return bytes.fromhex(sealing.opened(kept))
