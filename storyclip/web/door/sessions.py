"""A session begins in the browser that asks, in place of the one that it had."""

from __future__ import annotations

from flask import Response

from storyclip.domain.session import Entry
from storyclip.store.access import sessions
from storyclip.web.door import browser
from storyclip.web.front import front


def begin(response: Response, user_id: str, key_id: str | None, entry: Entry) -> str:
    """Begin a session of the user's, for the key if there is one, and return its token.

    Raises:
        StoreUnavailable: none was begun.
    """
    now = front().now()
    sessions.end(browser.session_token(), now)
    token = sessions.begin(user_id, key_id, now, browser.visit(entry))
    browser.keep_session(response, token)
    return token
