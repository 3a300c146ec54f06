"""Replacing a key by one with the same rights."""

from __future__ import annotations

from datetime import datetime, timedelta

from storyclip.domain.act import Action
from storyclip.domain.errors import NotFound
from storyclip.store import acts
from storyclip.store.access import api_keys, keys
from storyclip.store.database import writing
from storyclip.store.models import ApiKeyRow


def rotate(key_id: str, at: datetime, grace: timedelta, expires_at: datetime | None = None) -> str:
    """Make a key with the rights of another, which ends `grace` later; return the new one.

    Args:
        grace: 0 revokes the old key at once. A key that would expire sooner still does.
        expires_at: of the new key; None keeps the expiry of the old one.

    Raises:
        NotFound: no such key is in use, or the environment names it and has to be changed there.
        StoreUnavailable: nothing was changed.
    """
    with writing():
        old = next(iter(api_keys.with_ids([key_id])), None)
        if old is None or not old.is_in_use(at):
            raise NotFound(f"There is no key {key_id} in use.")
        if keys.is_seeded(key_id):
            raise NotFound(f"{key_id} comes from STORYCLIP_API_KEYS: replace it there.")
        until = expires_at or old.expires_at
        new = keys.insert_new(old.user_id, old.scopes, old.accounts, at, until, old.webhook_url)
        if not grace:
            ending = ApiKeyRow.update(revoked_at=at)
        else:
            ending = ApiKeyRow.update(expires_at=min(at + grace, old.expires_at or at + grace))
        ending.where(ApiKeyRow.key_id == key_id).execute()
        words = f"ends in {grace}" if grace else "ends now"
        acts.write(Action.KEY_ROTATE, key_id, at, detail=words)
    return new
