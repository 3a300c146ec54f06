"""Keys that nobody made by a command: those of the environment, and the first of all."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from functools import reduce
from operator import or_
from typing import Any

from config.seed_keys import SeedKey
from storyclip.domain.act import Action
from storyclip.domain.holder import EVERY_SCOPE, opened_by
from storyclip.domain.names import EVERY, NONE
from storyclip.domain.user import Origin, Role, role_for
from storyclip.store import acts
from storyclip.store.access import key_hashes, keys, pepper, users
from storyclip.store.database import writing
from storyclip.store.instants import to_text
from storyclip.store.models import ApiKeyRow

FIRST_USER = "local"
UNKEYED_LASTS = timedelta(days=1)  # processes of an earlier release may still look for them


def first_start(at: datetime) -> str | None:
    """Make the one key of a new installation and return it to be shown; None if there is one.

    Only ever once, so that a key which somebody revoked does not come back with the next start.

    Raises:
        StoreUnavailable: no key was made.
    """
    with writing():
        if ApiKeyRow.select().where(ApiKeyRow.revoked_at.is_null()).exists():
            return None
        if not pepper.remember_once("first_key", str(to_text(at)), is_shown=True):
            return None
        users.insert(FIRST_USER, Role.ADMIN, EVERY, Origin.FIRST_START, at)
        return keys.insert_new(FIRST_USER, EVERY_SCOPE, None, at, None)


def seed(seeds: Iterable[SeedKey], at: datetime) -> None:
    """Make the keys of the environment what it says, and revoke those it no longer names.

    Raises:
        StoreUnavailable: nothing was changed.
    """
    with writing():
        peppers = pepper.made()
        named, every, before = [], list(seeds), _seeded()
        for user_id, theirs in _by_user(every):
            role = role_for(opened_by({scope for one in theirs for scope in one.scopes}))
            accounts = reduce(or_, (one.accounts or NONE for one in theirs))
            users.say_again(user_id, role, accounts, at)
        for one in every:
            only = None if one.accounts is None or one.accounts.is_every else one.accounts.named
            named.append(key_hashes.seed_id(one.key, peppers))
            keys.insert(named[-1], one.key, peppers, one.user_id, one.scopes, only, at)
        in_use = ApiKeyRow.revoked_at.is_null()
        begins = ApiKeyRow.key_id.startswith
        ApiKeyRow.update(revoked_at=at).where(
            in_use, begins(key_hashes.SEED_PREFIX), ApiKeyRow.key_id.not_in(named)
        ).execute()
        ApiKeyRow.update(expires_at=at + UNKEYED_LASTS).where(
            in_use, begins(keys.UNKEYED_PREFIX), ApiKeyRow.expires_at.is_null()
        ).execute()
        for key_id, facts in _seeded().items():
            if facts != before.get(key_id):
                acts.write(Action.KEY_SEED, key_id, at, detail=str(facts[0]))


def _seeded() -> dict[str, tuple[Any, ...]]:
    """Return what there is of the environment's keys, by their ids; whose it is comes first."""
    facts = (ApiKeyRow.user_id, ApiKeyRow.scopes, ApiKeyRow.accounts)
    ends = (ApiKeyRow.expires_at, ApiKeyRow.revoked_at)
    begins = ApiKeyRow.key_id.startswith
    of_them = begins(key_hashes.SEED_PREFIX) | begins(keys.UNKEYED_PREFIX)
    rows: Any = ApiKeyRow.select(ApiKeyRow.key_id, *facts, *ends).where(of_them).tuples()
    return {key_id: tuple(said) for key_id, *said in rows}


def _by_user(seeds: Collection[SeedKey]) -> Iterable[tuple[str, list[SeedKey]]]:
    for user_id in dict.fromkeys(one.user_id for one in seeds):
        yield user_id, [one for one in seeds if one.user_id == user_id]
