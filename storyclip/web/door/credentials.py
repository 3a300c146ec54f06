"""What a request shows of who sends it. Nothing of it is checked here, or believed."""

from __future__ import annotations

from enum import StrEnum

from flask import request

from storyclip.web.door import browser


class Shown(StrEnum):
    """What kind of word it is; those who show the like, from one address, share their turns."""

    KEY = "a key"
    TICKET = "a ticket"
    SESSION = "a session"
    NOTHING = "nothing"


def shown() -> tuple[Shown, str]:
    """Return what the request shows, and the word itself: the first that is looked at."""
    if word := key():
        return Shown.KEY, word
    if word := request.args.get("ticket", ""):
        return Shown.TICKET, word
    if word := browser.session_token():
        return Shown.SESSION, word
    return Shown.NOTHING, ""


def key() -> str:
    """Return the key in the request's headers, empty without one."""
    word = request.headers.get("X-Api-Key", "").strip()
    if word:
        return word
    scheme, _, said = request.headers.get("Authorization", "").partition(" ")
    return said.strip() if scheme.lower() == "bearer" else ""
