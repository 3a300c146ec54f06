"""Browsers in which somebody was signed in with a password: a signed cookie, no right to anything.

It only has them tried apart from strangers (`password_tries`): who can forge one, having the
pepper, gains a few more guesses.
"""

from __future__ import annotations

from datetime import timedelta

from flask import Response, request
from itsdangerous import BadData

from storyclip.web.door.password_tries import new_browser
from storyclip.web.door.signed import signer

KNOWN_FOR = timedelta(days=400)  # as long as browsers keep a cookie

_PURPOSE = "known-browser"


def known_to(user_id: str) -> str | None:
    """Return the word of the request's browser, None if the user was not signed in there.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    cookie = request.cookies.get(_name(), "")
    if not cookie:
        return None
    try:
        whose, word = signer(_PURPOSE).loads(cookie)
    except (BadData, ValueError, TypeError):
        return None
    return str(word) if whose == user_id else None


def remember(response: Response, user_id: str) -> None:
    """Have the browser be known as one in which this user was signed in.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    word = known_to(user_id) or new_browser()
    response.set_cookie(
        _name(),
        str(signer(_PURPOSE).dumps([user_id, word])),
        max_age=KNOWN_FOR,
        path="/",
        secure=request.is_secure,
        httponly=True,
        samesite="Strict",
    )


def _name() -> str:
    return "__Host-storyclip-known" if request.is_secure else "storyclip-known"
