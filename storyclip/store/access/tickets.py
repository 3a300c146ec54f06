"""Tickets: what a browser shows instead of a key where it can send no header.

A row each, of the key or the session that it was given to, and good no longer than that.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from storyclip.domain.holder import Badge
from storyclip.store.access import tokens
from storyclip.store.database import reading, run, writing
from storyclip.store.instants import to_text

# A stock EventSource reconnects with the address it was given: five minutes of that.
GOOD_FOR = timedelta(minutes=5)

# By hand: one with each stream of a page elsewhere
_INSERT = "INSERT INTO tickets (token_hash, key_id, session_id, expires_at) VALUES (?, ?, ?, ?)"
_SWEEP = "DELETE FROM tickets WHERE expires_at <= ?"
_FIND = "SELECT key_id, session_id FROM tickets WHERE token_hash = ? AND expires_at > ?"


def issue(badge: Badge, at: datetime) -> str:
    """Return a ticket for whoever came in with this; expired ones are swept out meanwhile.

    Raises:
        StoreUnavailable: none was issued.
    """
    token = tokens.new()
    with writing():
        run(_SWEEP, (to_text(at),))
        run(_INSERT, (tokens.digest(token), *badge, to_text(at + GOOD_FOR)))
    return token


def badge_of(ticket: str, at: datetime) -> Badge | None:
    """Return what its owner came in with, None if it was made up or has expired.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    with reading():
        row = run(_FIND, (tokens.digest(ticket), to_text(at))).fetchone()
    return None if row is None else Badge(*row)
