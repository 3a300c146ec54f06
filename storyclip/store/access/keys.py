"""API keys: made once, shown once, kept only as a keyed hash, looked up by their id."""

from __future__ import annotations

import hmac
import re
import secrets
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from hashlib import blake2b

import structlog

from config.seed_keys import SeedKey
from storyclip.domain.errors import StoreUnavailable
from storyclip.domain.holder import EVERY_SCOPE, scopes_of
from storyclip.domain.holder import Holder as Holder
from storyclip.store.access import api_keys, pepper
from storyclip.store.database import reading, writing
from storyclip.store.instants import to_text
from storyclip.store.models import ApiKeyRow

log = structlog.get_logger("storyclip")

FIRST_USER = "local"
LAST_USED_STEP = timedelta(minutes=1)
SEED_PREFIX = "env-"  # a dash, so that no id of `sc_<id>_<secret>` can look like it
UNKEYED_PREFIX = "seed-"  # ids that anybody could compute from the key; earlier releases had them
UNKEYED_LASTS = timedelta(days=1)  # processes of such a release may still look for them

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
        found = api_keys.with_ids((ours[1] if ours else "", _seed_id(key, with_pepper)))
    right = [one for one in found if hmac.compare_digest(digest, one.secret_hash)]
    if not found:
        hmac.compare_digest(digest, _NOBODY)
    good = next((one for one in right if one.is_in_use(at)), None)
    if good is None:
        return None
    _note_use(good.key_id, at)
    return good.holder


def holder_with_id(key_id: str, at: datetime) -> Holder | None:
    """Return who holds the key with this id, None if it is unknown, expired or revoked.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    found = api_keys.with_ids([key_id])
    return found[0].holder if found and found[0].is_in_use(at) else None


def still_good(key_ids: Collection[str], at: datetime) -> set[str]:
    """Return which of these keys are neither expired nor revoked.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    return {key.key_id for key in api_keys.with_ids(key_ids) if key.is_in_use(at)}


def make(
    user_id: str,
    scopes: Collection[str],
    accounts: Collection[str] | None = None,
    *,
    at: datetime,
    expires_at: datetime | None = None,
    webhook_url: str | None = None,
) -> str:
    """Make a key and return it: the only time that it can be read.

    Raises:
        ValueError: no scope, or one that does not exist.
        StoreUnavailable: no key was made.
    """
    with writing():
        return insert_new(user_id, scopes, accounts, at, expires_at, webhook_url)


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
        return insert_new(FIRST_USER, EVERY_SCOPE, None, at, None)


def seed(seeds: Iterable[SeedKey], at: datetime) -> None:
    """Make the keys of the environment what it says, and revoke those it no longer names.

    Raises:
        StoreUnavailable: nothing was changed.
    """
    with writing():
        with_pepper = pepper.made()
        named = []
        for one in seeds:
            named.append(_seed_id(one.key, with_pepper))
            _insert(named[-1], one.key, with_pepper, one.user_id, one.scopes, one.accounts, at)
        in_use = ApiKeyRow.revoked_at.is_null()
        begins = ApiKeyRow.key_id.startswith
        ApiKeyRow.update(revoked_at=at).where(
            in_use, begins(SEED_PREFIX), ApiKeyRow.key_id.not_in(named)
        ).execute()
        ApiKeyRow.update(expires_at=at + UNKEYED_LASTS).where(
            in_use, begins(UNKEYED_PREFIX), ApiKeyRow.expires_at.is_null()
        ).execute()


def is_seeded(key_id: str) -> bool:
    """Return whether the environment names the key with this id."""
    return key_id.startswith((SEED_PREFIX, UNKEYED_PREFIX))


def is_unguessable(key: str) -> bool:
    """Return whether the key has the form of ours: 256 random bits, which nobody tries out."""
    return _OURS.fullmatch(key) is not None


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
    try:
        allowed = scopes_of(scopes)
    except ValueError as expected:
        raise ValueError(f"expected {expected}") from None
    key_id = secrets.token_hex(6)
    key = f"sc_{key_id}_{secrets.token_urlsafe(32)}"
    _insert(key_id, key, pepper.made(), user_id, allowed, accounts, at, expires_at, webhook_url)
    return key


def _insert(
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


def _seed_id(key: str, with_pepper: str) -> str:
    # Seeded keys have no id of their own. Keyed: who only sees ids cannot try keys out on them.
    keyed = blake2b(
        key.encode(), key=bytes.fromhex(with_pepper), digest_size=12, person=b"storyclip-key-id"
    )
    return SEED_PREFIX + keyed.hexdigest()


def _digest(key: str, with_pepper: str) -> str:
    return blake2b(key.encode(), key=bytes.fromhex(with_pepper), digest_size=32).hexdigest()
