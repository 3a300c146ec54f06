"""The secrets that a user's webhooks are signed with: derived from a pepper, never stored.

A user has one from the beginning. When it is exchanged, the one before signs too for a while.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from storyclip.domain.act import Action
from storyclip.domain.errors import NotFound
from storyclip.store import acts
from storyclip.store.access import pepper, users
from storyclip.store.access.pepper import Ring
from storyclip.store.database import reading, run, writing
from storyclip.store.instants import to_text
from storyclip.store.models import WebhookSecretRow

FROM_THE_BEGINNING = ""  # the salt of the one that nobody has made

# By hand: asked for with each message
_GOOD = (
    "SELECT salt, pepper_id FROM webhook_secrets WHERE user_id = ?"
    " AND (ends_at IS NULL OR ends_at > ?) ORDER BY id DESC"
)


def of_user(user_id: str, at: datetime) -> Sequence[bytes]:
    """Return the secrets that are good now, the newest first.

    Raises:
        LookupError: no key was ever made here.
        SecretMissing: the peppers are sealed with a secret that we do not have.
        StoreUnavailable: the database does not answer.
    """
    ring = pepper.newest_ring()  # before the rows: who exchanges it pins to it what has no row
    if ring is None:
        raise LookupError("no key was ever made here, so nobody can ask for this")
    with reading():
        rows = run(_GOOD, (user_id, to_text(at))).fetchall()
    found = rows or [(FROM_THE_BEGINNING, ring.in_use)]
    return [_derived(ring, user_id, salt, pepper_id) for salt, pepper_id in found]


def rotate(user_id: str, at: datetime, grace: timedelta) -> bytes:
    """Make another secret of a user's and return it; those before sign too until `grace` is over.

    Raises:
        NotFound: there is no such user.
        SecretMissing, StoreUnavailable: nothing was changed.
    """
    with writing():
        if users.find(user_id) is None:
            raise NotFound(f"There is no user {user_id}.")
        ring = pepper.made()
        pin([user_id], ring.in_use, at)
        mine, until = WebhookSecretRow.user_id == user_id, at + grace
        lasts_longer = WebhookSecretRow.ends_at.is_null() | (WebhookSecretRow.ends_at > until)
        WebhookSecretRow.update(ends_at=until).where(mine, lasts_longer).execute()
        salt = secrets.token_hex(8)
        WebhookSecretRow.insert(
            user_id=user_id, salt=salt, pepper_id=ring.in_use, made_at=at
        ).execute()
        WebhookSecretRow.delete().where(mine, WebhookSecretRow.ends_at <= at).execute()
        acts.write(Action.SECRET_ROTATE, f"webhooks of {user_id}", at, detail=f"grace {grace}")
    return _derived(ring, user_id, salt, ring.in_use)


def pin(user_ids: Collection[str], pepper_id: str, at: datetime) -> None:
    """Have users keep what derives from this pepper, if they have no row yet.

    In the caller's write transaction.
    """
    have = {one.user_id for one in WebhookSecretRow.select(WebhookSecretRow.user_id)}
    for user_id in set(user_ids) - have:
        WebhookSecretRow.insert(
            user_id=user_id, salt=FROM_THE_BEGINNING, pepper_id=pepper_id, made_at=at
        ).execute()


def users_on(pepper_id: str, at: datetime) -> list[str]:
    """Return whose webhooks are signed with what derives from this pepper.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    with reading():
        good = WebhookSecretRow.ends_at.is_null() | (WebhookSecretRow.ends_at > at)
        rows = WebhookSecretRow.select().where(WebhookSecretRow.pepper_id == pepper_id, good)
        return sorted({row.user_id for row in rows})


def _derived(ring: Ring, user_id: str, salt: str, pepper_id: str) -> bytes:
    purpose = f"webhook:{user_id}" if salt == FROM_THE_BEGINNING else f"webhook-{salt}:{user_id}"
    return ring.derived(pepper_id, purpose)
