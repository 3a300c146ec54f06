"""Signing in by an OpenID Connect provider: there, and back."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import structlog
from flask import Blueprint, Response, request
from itsdangerous import BadData

from storyclip.domain.errors import NotFound
from storyclip.domain.provider_errors import ProviderAway, ProviderRefused
from storyclip.domain.session import Entry
from storyclip.domain.user import User
from storyclip.oidc.identity import Asked, Identity
from storyclip.store.access import users
from storyclip.web.door import browser, entries, limits, sessions
from storyclip.web.door.signed import signer
from storyclip.web.front import front
from storyclip.web.said.problem_kinds import NO_KEY
from storyclip.web.said.problems import Problem
from storyclip.web.said.queries import ComeBack, asked

if TYPE_CHECKING:
    from storyclip.oidc.provider import Provider

log = structlog.get_logger("storyclip")

GOOD_FOR = timedelta(minutes=10)  # to sign in over there

routes = Blueprint("oidc", __name__, url_prefix="/oidc")

_COOKIE, _PURPOSE = "storyclip-oidc", "oidc-state"
# By a page of ours: the cookie of the session is not sent where another site's page led to
_ARRIVED = (
    '<!doctype html><meta charset="utf-8"><meta http-equiv="refresh" content="0;url=/">'
    '<title>StoryClip</title><a href="/">StoryClip</a>'
)


@routes.get("/begin")
def begin() -> Response:
    """Send somebody to the provider."""
    provider = _provider()
    limits.wait_elsewhere()
    try:
        address, kept = provider.begin(_comes_back_to())
    except ProviderAway as failure:
        return _failed("away", failure)
    response = Response(status=303, headers={"Location": address})
    until = int((front().now() + GOOD_FOR).timestamp())
    word = str(signer(_PURPOSE).dumps([kept.state, kept.nonce, kept.verifier, until]))
    response.set_cookie(
        _COOKIE,
        word,
        max_age=GOOD_FOR,
        path="/oidc",
        secure=request.is_secure,
        httponly=True,
        samesite="Lax",  # another site's page leads back here
    )
    return response


@routes.get("/callback")
def callback() -> Response:
    """Begin a session for whoever comes back and is a user."""
    provider, said, kept = _provider(), asked(ComeBack), _kept()
    if kept is None or kept.state != said.state or said.code is None:
        return _failed("refused", ProviderRefused(said.error or "it was not asked for here"))
    limits.wait_elsewhere()
    try:
        identity = provider.finish(said.code, kept, _comes_back_to())
    except ProviderAway as failure:
        return _failed("away", failure)
    except ProviderRefused as refusal:
        return _failed("refused", refusal)
    limits.come_back()
    user = _user_of(identity)
    if user is None:
        entries.keep(Problem(NO_KEY))
        return _failed("unknown", ProviderRefused("nobody here has this name"))
    response = Response(_ARRIVED, mimetype="text/html")
    response.delete_cookie(_COOKIE, path="/oidc")
    sessions.begin(response, user.user_id, None, Entry.OIDC)
    return response


def _provider() -> Provider:
    provider = front().provider
    if provider is None:
        raise NotFound("No provider is set.")
    return provider


def _comes_back_to() -> str:
    return f"{browser.own_address()}/oidc/callback"


def _kept() -> Asked | None:
    try:
        state, nonce, verifier, until = signer(_PURPOSE).loads(request.cookies.get(_COOKIE, ""))
    except (BadData, ValueError, TypeError):
        return None
    is_late = until < front().now().timestamp()
    return None if is_late else Asked(str(state), str(nonce), str(verifier))


def _user_of(identity: Identity) -> User | None:
    by_email = front().settings.oidc_claim == "email"
    name = identity.email if by_email else identity.subject
    if name is None:
        return None
    user = users.find(name) or (users.find(name.lower()) if by_email else None)
    return None if user is None or user.disabled_at is not None else user


def _failed(why: str, failure: ProviderAway | ProviderRefused) -> Response:
    log.warning("oidc_failed", why=why, reason=str(failure))
    response = Response(status=303, headers={"Location": f"/?link=oidc-{why}"})
    response.delete_cookie(_COOKIE, path="/oidc")
    return response
