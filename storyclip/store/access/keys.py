"""API keys: made once, shown once, kept only as a keyed hash, looked up by their id."""

from __future__ import annotations

import re
import secrets
from collections.abc import Collection
from datetime import datetime, timedelta

import structlog

from config.seed_keys import LEAST_LENGTH
from storyclip.domain.act import Action
from storyclip.domain.errors import StoreUnavailable
from storyclip.domain.holder import Holder as Holder
from storyclip.domain.holder import Scope, scopes_of
from storyclip.domain.names import NONE, Names
from storyclip.domain.user import Origin, Role
from storyclip.store import acts
from storyclip.store.access import api_keys, key_hashes, pepper, users
from storyclip.store.access.api_keys import KeptKey
from storyclip.store.access.pepper import Ring
from storyclip.store.database import reading, writing
from storyclip.store.models import ApiKeyRow

log = structlog.get_logger("storyclip")

LAST_USED_STEP = timedelta(minutes=1)
UNKEYED_PREFIX = "seed-"  # ids that anybody could compute from the key; earlier releases had them

LEAST_LETTERS = 10  # different ones, as nearly all of 32 random hex digits have

_OURS = re.compile(r"sc_([0-9a-z]+)_[A-Za-z0-9_-]{43}")

_noted_at: dict[str, datetime] = {}


def holder_of(key: str, at: datetime) -> Holder | None:
    """Return who holds `key`, None if it is unknown, wrong, expired or revoked.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    ours = _OURS.fullmatch(key)
    with reading():
        peppers = pepper.ring()
        found = api_keys.with_ids((ours[1] if ours else "", key_hashes.seed_id(key, peppers)))
        right = key_hashes.fitting(key, found, peppers)
    good = next((one for one in right if one.is_in_use(at)), None)
    if good is None:
        return None
    _note_use(good, key, at)
    return good.holder(session_id=None)


def holder_with_id(key_id: str, session_id: str | None, at: datetime) -> Holder | None:
    """Return who holds the key with this id, None if it is unknown, expired or revoked.

    Args:
        session_id: the session that stands for the key, None where it was not one.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    found = api_keys.with_ids([key_id])
    return found[0].holder(session_id) if found and found[0].is_in_use(at) else None


def make(
    user_id: str,
    scopes: Collection[str],
    accounts: Names | None = None,
    *,
    at: datetime,
    expires_at: datetime | None = None,
    webhook_url: str | None = None,
) -> str:
    """Make a key and return it: the only time that it can be read.

    A user that is not there is made, and one without accounts gets those of the key.

    Args:
        accounts: the key is for these alone; None for as many as its user has.

    Raises:
        ValueError: no scope, or one that does not exist; accounts that are not the user's.
        StoreUnavailable: no key was made.
    """
    with writing():
        scoped = _scopes(scopes)
        _see_to_user(user_id, scoped, accounts, at)
        narrowed = None if accounts is None or accounts.is_every else accounts.named
        return insert_new(user_id, scoped, narrowed, at, expires_at, webhook_url)


def is_seeded(key_id: str) -> bool:
    """Return whether the environment names the key with this id."""
    return key_id.startswith((key_hashes.SEED_PREFIX, UNKEYED_PREFIX))


def is_unguessable(key: str) -> bool:
    """Return whether trying keys out finds none of this form: ours, or long and of many letters."""
    is_rich = len(key) >= LEAST_LENGTH and len(set(key)) >= LEAST_LETTERS
    return is_rich or _OURS.fullmatch(key) is not None


def revoke(key_id: str, at: datetime) -> bool:
    """Make a key useless from now on; return False if there is no such key in use.

    Raises:
        StoreUnavailable: nothing was changed.
    """
    with writing():
        in_use = (ApiKeyRow.key_id == key_id) & ApiKeyRow.revoked_at.is_null()
        revoked = bool(ApiKeyRow.update(revoked_at=at).where(in_use).execute() == 1)
        if revoked:
            acts.write(Action.KEY_REVOKE, key_id, at)
    return revoked


def insert_new(
    user_id: str,
    scopes: Collection[str],
    accounts: Collection[str] | None,
    at: datetime,
    expires_at: datetime | None,
    webhook_url: str | None = None,
) -> str:
    """Make a key within the caller's write transaction, and return it.

    Raises:
        ValueError: no scope, or one that does not exist.
    """
    allowed = _scopes(scopes)
    key_id = secrets.token_hex(6)
    key = f"sc_{key_id}_{secrets.token_urlsafe(32)}"
    insert(key_id, key, pepper.made(), user_id, allowed, accounts, at, expires_at, webhook_url)
    acts.write(Action.KEY_MAKE, key_id, at, detail=f"{user_id}: {' '.join(sorted(allowed))}")
    return key


def _see_to_user(
    user_id: str, scopes: Collection[Scope], accounts: Names | None, at: datetime
) -> None:
    user = users.find(user_id)
    if user is None:
        role = Role.ADMIN if Scope.ADMIN in scopes else Role.PUBLISHER
        users.insert(user_id, role, accounts or NONE, Origin.COMMAND, at)
    elif accounts and not user.accounts:
        users.allot(user_id, accounts, Origin.COMMAND, at)
    elif accounts and not accounts <= user.accounts:
        theirs = ", ".join(sorted(user.accounts.named))
        raise ValueError(
            f"{user_id} acts for {theirs} alone, and a key only narrows that. To give more:"
            f" storyclip users accounts {user_id}"
        )


def _scopes(words: Collection[str]) -> frozenset[Scope]:
    try:
        return scopes_of(words)
    except ValueError as expected:
        raise ValueError(f"expected {expected}") from None


def insert(
    key_id: str,
    key: str,
    peppers: Ring,
    user_id: str,
    scopes: Collection[str],
    accounts: Collection[str] | None,
    at: datetime,
    expires_at: datetime | None = None,
    webhook_url: str | None = None,
) -> None:
    """Write a key, or what is new of one that is there, in the caller's write transaction."""
    secret_hash, pepper_id = key_hashes.new_hash(key, peppers)
    ApiKeyRow.insert(
        key_id=key_id,
        secret_hash=secret_hash,
        pepper_id=pepper_id or None,
        user_id=user_id,
        scopes=scopes,
        accounts=accounts,
        webhook_url=webhook_url,
        created_at=at,
        expires_at=expires_at,
    ).on_conflict(
        conflict_target=[ApiKeyRow.key_id],
        preserve=[
            ApiKeyRow.secret_hash,
            ApiKeyRow.pepper_id,
            ApiKeyRow.user_id,
            ApiKeyRow.scopes,
            ApiKeyRow.accounts,
        ],
        update={ApiKeyRow.revoked_at: None},
    ).execute()


def _note_use(kept: KeptKey, key: str, at: datetime) -> None:
    """Write when a key was last used: once a minute, and never at the cost of the request.

    One that is hashed with a pepper of before is hashed with the one in use on that occasion.
    """
    key_id = kept.key_id
    noted_at = _noted_at.get(key_id)
    if noted_at is not None and at - noted_at < LAST_USED_STEP:
        return
    _noted_at[key_id] = at  # before the try: a database that fails is not asked again at once
    try:
        with writing():
            it = ApiKeyRow.key_id == key_id
            ApiKeyRow.update(last_used_at=at).where(it).execute()
            peppers = pepper.made()  # as they are now: one that is not in use any more may go
            if key_hashes.pepper_of(kept) != peppers.in_use:
                secret_hash, pepper_id = key_hashes.new_hash(key, peppers)
                ApiKeyRow.update(secret_hash=secret_hash, pepper_id=pepper_id).where(
                    it, ApiKeyRow.secret_hash == kept.secret_hash
                ).execute()
    except StoreUnavailable as failure:
        log.warning("last_used_at_not_written", key_id=key_id, reason=str(failure))
