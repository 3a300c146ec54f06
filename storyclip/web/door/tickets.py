"""Tickets: what a browser shows instead of a key where it can send no header."""

from __future__ import annotations

from datetime import datetime

from itsdangerous import BadData, URLSafeSerializer

from storyclip.store.access import pepper

# A stock EventSource reconnects with the address it was given: five minutes of that.
GOOD_FOR_S = 300

_PURPOSE = "stream-ticket"


def issue(key_id: str, now: datetime) -> str:
    """Return a ticket for whoever holds this key.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    return str(_signer().dumps([key_id, int(now.timestamp()) + GOOD_FOR_S]))


def key_id_of(ticket: str, now: datetime) -> str | None:
    """Return whose ticket it is, None if it was made up, changed or has expired.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    try:
        key_id, expires_at = _signer().loads(ticket)
    except (BadData, ValueError, TypeError, LookupError):
        return None
    return str(key_id) if now.timestamp() < expires_at else None


def _signer() -> URLSafeSerializer:
    return URLSafeSerializer(pepper.secrets_for(_PURPOSE), salt=_PURPOSE)
