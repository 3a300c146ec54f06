"""What is kept instead of a key: its hash, and of a seeded one the id, keyed with a pepper."""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from hashlib import blake2b

from storyclip.store.access import pepper
from storyclip.store.access.api_keys import KeptKey
from storyclip.store.access.pepper import Ring

SEED_PREFIX = "env-"  # a dash, so that no id of `sc_<id>_<secret>` can look like it

_NOBODY = "0" * 64  # compared with, so that an unknown id costs as much


def seed_id(key: str, peppers: Ring) -> str:
    """Return the id of a seeded key, which has none of its own.

    Keyed, so that who only sees ids cannot try keys out on them.
    """
    keyed = blake2b(key.encode(), key=peppers.seed_ids, digest_size=12, person=b"storyclip-key-id")
    return SEED_PREFIX + keyed.hexdigest()


def new_hash(key: str, peppers: Ring) -> tuple[str, str]:
    """Return a key's hash with the pepper in use, and that pepper's id."""
    return digest(key, peppers.values[peppers.in_use]), peppers.in_use


def fitting(key: str, found: Sequence[KeptKey], peppers: Ring) -> list[KeptKey]:
    """Return those of the rows that have the hash of this key; none costs as much as one."""
    if any(pepper_of(one) not in peppers.values for one in found):
        peppers = pepper.newest_ring() or peppers
    if not found:
        hmac.compare_digest(digest(key, peppers.values[peppers.in_use]), _NOBODY)
    return [one for one in found if _is_of(key, one, peppers)]


def pepper_of(kept: KeptKey) -> str:
    """Return the id of the pepper that a key's hash was made with."""
    return kept.pepper_id or pepper.FIRST


def digest(key: str, with_pepper: bytes) -> str:
    """Return the hash of a key: 256 random bits need no slow one."""
    return blake2b(key.encode(), key=with_pepper, digest_size=32).hexdigest()


def _is_of(key: str, kept: KeptKey, peppers: Ring) -> bool:
    # A pepper that is gone fits nobody
    with_pepper = peppers.values.get(pepper_of(kept), pepper.NOBODYS.seed_ids)
    return hmac.compare_digest(digest(key, with_pepper), kept.secret_hash)
