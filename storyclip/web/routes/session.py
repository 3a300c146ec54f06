"""Signing the page in and out: a browser holds a cookie instead of the key."""

from __future__ import annotations

from flask import Blueprint, Response, request

from storyclip.domain.session import Entry
from storyclip.store.access import keys, signin_links
from storyclip.store.access import sessions as kept
from storyclip.web.door import auth, browser, sessions
from storyclip.web.front import front
from storyclip.web.said import json_body
from storyclip.web.said.answers import answer
from storyclip.web.said.bodies import SignIn, parse
from storyclip.web.said.problem_kinds import LINK_OVER, ORIGIN_REFUSED
from storyclip.web.said.problems import Problem
from storyclip.web.said.queries import SignInLink, asked
from storyclip.web.said.shown import signed_in

routes = Blueprint("session", __name__)


@routes.post("/session")
def sign_in() -> Response:
    """Begin a session for whoever shows a key."""
    browser.require_own_page()
    said = parse(SignIn, json_body.read(json_body.SMALL_BYTES))
    who = auth.holder_of(said.api_key)
    response = answer(signed_in(who))
    sessions.begin(response, who.user_id, who.key_id, Entry.KEY)
    return response


@routes.get("/session")
def session() -> Response:
    """Say who is signed in."""
    return answer(signed_in(auth.caller()))


@routes.delete("/session")
def sign_out() -> Response:
    """End the session, for every copy of its cookie."""
    browser.require_own_page()
    kept.end(browser.session_token(), front().now())
    response = Response(status=204)
    browser.forget_session(response)
    return response


@routes.get("/signin")
def sign_in_by_link() -> Response:
    """Begin a session for whoever opens a link that was issued for that, once."""
    response = Response(status=303, headers={"Location": "/"})
    if request.method == "HEAD":  # who only looks at a link does not use it up
        return response
    if request.headers.get("Sec-Fetch-Site") == "cross-site":
        return _from_elsewhere(response)
    now = front().now()
    key_id = signin_links.redeem(asked(SignInLink).token, now)
    who = keys.holder_with_id(key_id, None, now) if key_id else None
    if who is None:
        if browser.is_a_person():  # the page says it in their language, or lets them in
            response.headers["Location"] = "/?link=used"
            return response
        raise Problem(
            LINK_OVER,
            "This link was used already, or is too old. Sign in with your key, or ask anew.",
        )
    sessions.begin(response, who.user_id, who.key_id, Entry.LINK)
    return response


def _from_elsewhere(response: Response) -> Response:
    """Sign nobody in by a link on another site, which may be somebody else's; it stays good.

    Raises:
        Problem: 403, to a program.
    """
    if browser.is_a_person():
        response.headers["Location"] = "/?link=elsewhere"
        return response
    raise Problem(ORIGIN_REFUSED, "Open the link itself: another site's page led to it.")
