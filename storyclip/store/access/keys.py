"""API keys: made once, shown once, kept only as a keyed hash, looked up by their id."""

from __future__ import annotations

import hmac
import re
import secrets
from collections.abc import Collection
from datetime import datetime, timedelta
from hashlib import blake2b

import structlog

from config.seed_keys import LEAST_LENGTH
from storyclip.domain.errors import StoreUnavailable
from storyclip.domain.holder import Holder as Holder
from storyclip.domain.holder import Scope, scopes_of
from storyclip.domain.names import NONE, Names
from storyclip.domain.user import Origin, Role
from storyclip.store.access import api_keys, pepper, users
from storyclip.store.database import reading, writing
from storyclip.store.models import ApiKeyRow

log = structlog.get_logger("storyclip")

LAST_USED_STEP = timedelta(minutes=1)
SEED_PREFIX = "env-"  # a dash, so that no id of `sc_<id>_<secret>` can look like it
UNKEYED_PREFIX = "seed-"  # ids that anybody could compute from the key; earlier releases had them

LEAST_LETTERS = 10  # different ones, as nearly all of 32 random hex digits have

_OURS = re.compile(r"sc_([0-9a-z]+)_[A-Za-z0-9_-]{43}")
_NOBODY = "0" * 64  # compared with, so that an unknown id costs as much

_noted_at: dict[str, datetime] = {}


def holder_of(key: str, at: datetime) -> Holder | None:
    """Return who holds `key`, None if it is unknown, wrong, expired or revoked.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    ours = _OURS.fullmatch(key)
    with reading():
        with_pepper = pepper.find() or "00"
        digest = _digest(key, with_pepper)
        found = api_keys.with_ids((ours[1] if ours else "", seed_id(key, with_pepper)))
    right = [one for one in found if hmac.compare_digest(digest, one.secret_hash)]
    if not found:
        hmac.compare_digest(digest, _NOBODY)
    good = next((one for one in right if one.is_in_use(at)), None)
    if good is None:
        return None
    _note_use(good.key_id, at)
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


def still_good(key_ids: Collection[str], at: datetime) -> set[str]:
    """Return which of these keys are neither expired nor revoked.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    return {key.key_id for key in api_keys.with_ids(key_ids) if key.is_in_use(at)}


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
    return key_id.startswith((SEED_PREFIX, UNKEYED_PREFIX))


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
        revoked = ApiKeyRow.update(revoked_at=at).where(in_use).execute()
    return bool(revoked == 1)


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
    return key


def _see_to_user(
    user_id: str, scopes: Collection[Scope], accounts: Names | None, at: datetime
) -> None:
    user = users.find(user_id)
    if user is None:
        role = Role.ADMIN if Scope.ADMIN in scopes else Role.PUBLISHER
        users.insert(user_id, role, accounts or NONE, Origin.COMMAND, at)
    elif accounts and not user.accounts:
        users.allot(user_id, accounts, Origin.COMMAND)
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
    with_pepper: str,
    user_id: str,
    scopes: Collection[str],
    accounts: Collection[str] | None,
    at: datetime,
    expires_at: datetime | None = None,
    webhook_url: str | None = None,
) -> None:
    """Write a key, or what is new of one that is there, in the caller's write transaction."""
    ApiKeyRow.insert(
        key_id=key_id,
        secret_hash=_digest(key, with_pepper),
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
            ApiKeyRow.user_id,
            ApiKeyRow.scopes,
            ApiKeyRow.accounts,
        ],
        update={ApiKeyRow.revoked_at: None},
    ).execute()


def _note_use(key_id: str, at: datetime) -> None:
    """Write when a key was last used: once a minute, and never at the cost of the request."""
    noted_at = _noted_at.get(key_id)
    if noted_at is not None and at - noted_at < LAST_USED_STEP:
        return
    _noted_at[key_id] = at  # before the try: a database that fails is not asked again at once
    try:
        with writing():
            ApiKeyRow.update(last_used_at=at).where(ApiKeyRow.key_id == key_id).execute()
    except StoreUnavailable as failure:
        log.warning("last_used_at_not_written", key_id=key_id, reason=str(failure))


def seed_id(key: str, with_pepper: str) -> str:
    """Return the id of a key of the environment, which has none of its own.

    Keyed: who only sees ids cannot try keys out on them.
    """
    keyed = blake2b(
        key.encode(), key=bytes.fromhex(with_pepper), digest_size=12, person=b"storyclip-key-id"
    )
    return SEED_PREFIX + keyed.hexdigest()


def _digest(key: str, with_pepper: str) -> str:
    return blake2b(key.encode(), key=bytes.fromhex(with_pepper), digest_size=32).hexdigest()
