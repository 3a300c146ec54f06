"""Signing in with a password of one's own, and setting one: by a link, or in place of another."""

from __future__ import annotations

from flask import Blueprint, Response, request

from storyclip.domain.errors import RequestInvalid
from storyclip.domain.holder import Scope, in_person
from storyclip.domain.password import objection_to_password
from storyclip.domain.session import Entry
from storyclip.domain.user import User
from storyclip.store.access import password_links, passwords
from storyclip.web.door import auth, browser, entries, known_browsers, sessions
from storyclip.web.door.part import door
from storyclip.web.front import front
from storyclip.web.said import json_body
from storyclip.web.said.answers import answer
from storyclip.web.said.bodies import parse
from storyclip.web.said.people import Invited, Join, NewPassword, PasswordSignIn, TheLink
from storyclip.web.said.problem_kinds import LINK_OVER, NO_KEY, WRONG_PASSWORD
from storyclip.web.said.problems import Problem, too_many_tries
from storyclip.web.said.shown import signed_in

routes = Blueprint("password", __name__, url_prefix="/session")


@routes.post("/password")
def sign_in_with_password() -> Response:
    """Begin a session for whoever knows a user's password."""
    browser.require_own_page()
    said = parse(PasswordSignIn, json_body.read(json_body.SMALL_BYTES))
    user = _user_with(said.user_id, said.password)
    return _in_person(user)


@routes.post("/invitation")
def look_at_link() -> Response:
    """Say for whom a link is, and leave it as it is."""
    browser.require_own_page()
    said = parse(TheLink, json_body.read(json_body.SMALL_BYTES))
    user = _invited(said.token)
    told: Invited = {"userId": user.user_id, "name": user.name}
    return answer(told)


@routes.post("/join")
def join() -> Response:
    """Set the password of whom a link is for, once, and begin a session of theirs."""
    browser.require_own_page()
    said = parse(Join, json_body.read(json_body.SMALL_BYTES))
    user = _invited(said.token)
    _require_good(said.password, user.user_id)
    with door().password_tries.turn():
        password_hash = passwords.hashed(said.password)
    joined = password_links.redeem(said.token, password_hash, front().now())
    if joined is None:
        raise Problem(LINK_OVER)
    return _in_person(joined)


@routes.post("/new-password")
def new_password() -> Response:
    """Put a password in place of another, and end the user's other sessions."""
    who = auth.caller()
    if who.session_id is None:
        raise Problem(NO_KEY, "A password is changed on the page, in a session of its user.")
    said = parse(NewPassword, json_body.read(json_body.SMALL_BYTES))
    _user_with(who.user_id, said.current)
    _require_good(said.password, who.user_id)
    with door().password_tries.turn():
        password_hash = passwords.hashed(said.password)
    auth.require_still(who, Scope.READ)  # to hash it takes a turn, for which others may be waiting
    passwords.set_own(who.user_id, password_hash, who.session_id, front().now())
    return Response(status=204)


def _user_with(user_id: str, password: str) -> User:
    """Return the user whose password it is.

    Raises:
        Problem: 401, it is not, or there is no such user; 429 after too many tries.
    """
    here, now, address = door(), front().now(), request.remote_addr
    entries.tries_as(user_id)
    known = known_browsers.known_to(user_id)
    wait_s = here.password_tries.wait_s(user_id, address, known, now)
    if known is None:
        wait_s = max(wait_s, here.guesses.wait_s(address, now))
    if wait_s:
        raise too_many_tries(wait_s)
    with here.password_tries.turn():
        user = passwords.user_with(user_id, password)
    if user is None:
        here.password_tries.failed(user_id, address, known, now)
        if known is None:
            here.guesses.failed(address, now)
        raise Problem(WRONG_PASSWORD)
    return user


def _invited(token: str) -> User:
    here, now = door(), front().now()
    if wait_s := here.guesses.wait_s(request.remote_addr, now):
        raise too_many_tries(wait_s)
    user = password_links.user_of(token, now)
    if user is None:
        here.guesses.failed(request.remote_addr, now)
        raise Problem(LINK_OVER)
    return user


def _require_good(password: str, user_id: str) -> None:
    if (objection := objection_to_password(password, user_id)) is not None:
        raise RequestInvalid(("/password", objection))


def _in_person(user: User) -> Response:
    """Return who is signed in, in a browser that is known from now on."""
    response = answer(signed_in(in_person(user, session_id="")))
    sessions.begin(response, user.user_id, None, Entry.PASSWORD)
    known_browsers.remember(response, user.user_id)
    return response
