"""Exchanging the pepper while everything runs: two are good at once, and none fails meanwhile."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from storyclip.domain.act import Action
from storyclip.domain.errors import NotFound, StillNeeded
from storyclip.store import acts
from storyclip.store.access import api_keys, key_hashes, pepper, webhook_secrets
from storyclip.store.database import reading, writing
from storyclip.store.models import ApiKeyRow, UserRow


@dataclass(frozen=True, slots=True)
class PepperStanding:
    """What hangs on one pepper: keys that are good, and users whose webhooks it signs."""

    pepper_id: str
    is_in_use: bool
    keys: int
    webhooks_of: Sequence[str]


def standing(at: datetime) -> Sequence[PepperStanding]:
    """Return all peppers, the one in use last; none before the first key was made.

    Raises:
        SecretMissing: they are sealed with a secret that we do not have.
        StoreUnavailable: the database does not answer.
    """
    with reading():
        ring = pepper.newest_ring()
        good = [key for key in api_keys.every() if key.is_in_use(at)]
        if ring is None:
            return ()
        count = Counter(key_hashes.pepper_of(key) for key in good)
        in_order = sorted(ring.values, key=lambda one: one == ring.in_use)
        return [
            PepperStanding(one, one == ring.in_use, count[one], webhook_secrets.users_on(one, at))
            for one in in_order
        ]


def rotate_pepper(at: datetime) -> str:
    """Take another pepper into use and return its id.

    Keys are hashed with it when they are used next; until then the one before is good for them.
    Webhook secrets stay as they are, and with them what they derive from.

    Raises:
        SecretMissing, StoreUnavailable: nothing was changed.
    """
    pepper_id = secrets.token_hex(4)
    with writing():
        before = pepper.made()
        have_keys = {one.user_id for one in ApiKeyRow.select(ApiKeyRow.user_id).distinct()}
        users = {one.id for one in UserRow.select(UserRow.id)}
        webhook_secrets.pin(users | have_keys, before.in_use, at)
        pepper.add(pepper_id)
        acts.write(Action.SECRET_ROTATE, f"pepper {pepper_id}", at)
    return pepper_id


def retire_pepper(pepper_id: str, at: datetime, *, revoke_keys: bool = False) -> int:
    """Forget a pepper that is not in use any more; return how many keys were revoked with it.

    Raises:
        NotFound: there is none, or it is in use.
        StillNeeded: keys that are good or webhook secrets hang on it; the message says which.
        SecretMissing, StoreUnavailable: nothing was changed.
    """
    with writing():
        found = next((one for one in standing(at) if one.pepper_id == pepper_id), None)
        if found is None or found.is_in_use:
            raise NotFound("There is no pepper of that name, or it is the one in use.")
        if found.webhooks_of:
            raise StillNeeded(
                f"the webhooks of {', '.join(found.webhooks_of)} are signed with what derives from"
                " it: rotate those secrets first, and wait until their grace is over"
            )
        if found.keys and not revoke_keys:
            raise StillNeeded(f"{found.keys} keys have not been used since: they would end with it")
        on_it = ApiKeyRow.pepper_id.is_null() if not pepper_id else ApiKeyRow.pepper_id == pepper_id
        in_use = ApiKeyRow.revoked_at.is_null()
        ApiKeyRow.update(revoked_at=at).where(on_it, in_use).execute()
        pepper.remove(pepper_id)
        ended = f"{found.keys} keys ended" if found.keys else None
        acts.write(Action.SECRET_RETIRE, f"pepper {pepper_id}".strip(), at, detail=ended)
    return found.keys
