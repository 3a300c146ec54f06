"""Keys, as an administrator sees, makes and revokes them."""

from __future__ import annotations

from datetime import timedelta

from flask import Blueprint, Response

from storyclip.domain.errors import NotFound, RequestInvalid
from storyclip.domain.holder import Holder, Scope
from storyclip.domain.names import names
from storyclip.domain.views import rfc3339
from storyclip.domain.webhooks import objection_to_receiver
from storyclip.flow import rights
from storyclip.store.access import api_keys, keys
from storyclip.store.access.api_keys import KeptKey
from storyclip.web.door import auth
from storyclip.web.front import front
from storyclip.web.routes.users import kept_of, oversees, user_named
from storyclip.web.said.admin_bodies import NewKey, OfKey
from storyclip.web.said.admin_shapes import KeyShape, MadeKey, ManyKeys, RevokedKey
from storyclip.web.said.answers import answer
from storyclip.web.said.bodies import parse
from storyclip.web.said.queries import asked

routes = Blueprint("api_keys", __name__, url_prefix="/api/metricool/admin/keys")


@routes.get("")
def every() -> Response:
    """Show the keys, those that open nothing any more as well."""
    who = auth.holder(Scope.ADMIN)
    found = [_shown(key) for key in api_keys.every() if _is_in_reach(who, key)]
    told: ManyKeys = {"success": True, "keys": found, "count": len(found)}
    return answer(told)


@routes.post("")
def create() -> Response:
    """Make a key for a user, and show it: the only time that it can be read."""
    who, body = auth.holder_with_body(Scope.ADMIN)
    said, now = parse(NewKey, body), front().now()
    user = user_named(who, said.user_id)
    only = None if said.accounts is None else names(said.accounts)
    if only is not None and not only <= user.accounts:
        raise RequestInvalid(("/accounts", "expected accounts of the user's"))
    allow = front().settings.webhook_allow_private
    if said.webhook_url and (
        objection := objection_to_receiver(said.webhook_url, allow_private=allow)
    ):
        raise RequestInvalid(("/webhookUrl", objection))
    days = said.expires_in_days
    secret = keys.make(
        user.user_id,
        said.scopes,
        only,
        at=now,
        expires_at=None if days is None else now + timedelta(days=days),
        webhook_url=said.webhook_url,
    )
    [made] = api_keys.with_ids([secret.split("_")[1]])
    told: MadeKey = {"success": True, "key": _shown(made), "secret": secret}
    return answer(told, 201)


@routes.delete("")
def revoke() -> Response:
    """Make a key useless from now on, and cancel what was asked for with it if that is said."""
    who, said = auth.holder(Scope.ADMIN), asked(OfKey)
    found = api_keys.with_ids([said.key])
    if not found or not _is_in_reach(who, found[0]):
        raise NotFound(f"There is no key {said.key}.")
    _, kept = rights.revoke(said.key, front().now(), cancels=said.cancel_batches)
    [key] = api_keys.with_ids([said.key])
    told: RevokedKey = {"success": True, "key": _shown(key), "kept": kept_of(kept)}
    return answer(told)


def _is_in_reach(who: Holder, key: KeptKey) -> bool:
    return who.accounts.is_every or (key.user is not None and oversees(who, key.user))


def _shown(key: KeptKey) -> KeyShape:
    return {
        "id": key.key_id,
        "user": key.user_id,
        "scopes": sorted(key.scopes),
        "accounts": None if key.accounts is None else sorted(key.accounts),
        "webhookUrl": key.webhook_url,
        "seeded": keys.is_seeded(key.key_id),
        "createdAt": rfc3339(key.created_at),
        "lastUsedAt": rfc3339(key.last_used_at),
        "expiresAt": rfc3339(key.expires_at),
        "revokedAt": rfc3339(key.revoked_at),
    }
