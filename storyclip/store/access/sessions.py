"""Sessions of the page, and links that sign in once: both stand for an API key.

A row each, so that a link works once and a session ends for everybody who copied its cookie.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Any

from storyclip.domain.holder import Badge, Holder, Scope
from storyclip.store.access import api_keys, keys
from storyclip.store.database import marks, reading, run, writing
from storyclip.store.instants import to_text
from storyclip.store.models import SessionRow

SESSION_LASTS = timedelta(hours=12)  # a working day; the key itself may end it earlier
SIGNIN_LASTS = timedelta(minutes=10)  # from the terminal into a browser

_SESSION, _SIGNIN = "session", "signin"

# By hand: asked for with each request of the page
_FIND = "SELECT key_id FROM sessions WHERE token_hash = ? AND purpose = ? AND expires_at > ?"


def begin(key_id: str, at: datetime) -> str:
    """Begin a session for the key and return its token; expired ones are swept out meanwhile.

    Raises:
        StoreUnavailable: no session was begun.
    """
    with writing():
        SessionRow.delete().where(SessionRow.expires_at <= at).execute()
        return _issue(_SESSION, key_id, at + SESSION_LASTS)


def holder_of(token: str, at: datetime) -> Holder | None:
    """Return who holds the key behind the session, None if session or key is not good any more.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    with reading():
        digest = _digest(token)
        row = run(_FIND, (digest, _SESSION, to_text(at))).fetchone()
        return None if row is None else keys.holder_with_id(row[0], digest, at)


def still_in(badges: Collection[Badge], at: datetime) -> Mapping[Badge, Holder]:
    """Return who is in by these now, with what they may now; those that are not good are left out.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    named = [badge.session_id for badge in badges if badge.session_id is not None]
    known: set[str | None] = {None}
    with reading():
        found = {key.key_id: key for key in api_keys.with_ids({badge.key_id for badge in badges})}
        if named:
            live = f"SELECT token_hash FROM sessions WHERE token_hash IN ({marks(named)})"
            rows = run(f"{live} AND expires_at > ?", (*named, to_text(at))).fetchall()
            known.update(token_hash for (token_hash,) in rows)
    return {
        badge: key.holder(badge.session_id)
        for badge in badges
        if (key := found.get(badge.key_id)) is not None
        and key.is_in_use(at)
        and badge.session_id in known
    }


def end(token: str) -> None:
    """End the session, if it is one.

    Raises:
        StoreUnavailable: it goes on.
    """
    if not _is_there(token, _SESSION):
        return
    with writing():
        SessionRow.delete().where(_is(token, _SESSION)).execute()


def key_to_sign_in(at: datetime) -> str | None:
    """Return the id of an admin's oldest key in use, else of the oldest that may publish.

    None if there is none.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    holders = [key.holder(session_id=None) for key in api_keys.every() if key.is_in_use(at)]
    of_admins = [one for one in holders if one.may(Scope.ADMIN)]
    may_publish = [one for one in holders if one.may(Scope.PUBLISH)]
    return next((one.key_id for one in (*of_admins, *may_publish)), None)


def issue_signin(key_id: str, at: datetime) -> str:
    """Return a token that signs a browser in, once and within SIGNIN_LASTS, as the key's holder.

    Raises:
        StoreUnavailable: none was issued.
    """
    with writing():
        return _issue(_SIGNIN, key_id, at + SIGNIN_LASTS)


def redeem_signin(token: str, at: datetime) -> str | None:
    """Use a sign-in token up and return its key's id; None if it is unknown, used or expired.

    Raises:
        StoreUnavailable: it was not used.
    """
    if not _is_there(token, _SIGNIN):
        return None
    with writing():
        used = SessionRow.delete().where(_is(token, _SIGNIN), SessionRow.expires_at > at)
        key_ids = [str(key_id) for (key_id,) in used.returning(SessionRow.key_id).tuples()]
    return next(iter(key_ids), None)


def _is_there(token: str, purpose: str) -> bool:
    """Return whether there is such a token: anybody may show some, and only a real one may have
    all writers wait.
    """
    with reading():
        return SessionRow.select().where(_is(token, purpose)).exists()


def _issue(purpose: str, key_id: str, expires_at: datetime) -> str:
    token = secrets.token_urlsafe(32)
    SessionRow.insert(
        token_hash=_digest(token), purpose=purpose, key_id=key_id, expires_at=expires_at
    ).execute()
    return token


def _is(token: str, purpose: str) -> Any:
    return (SessionRow.token_hash == _digest(token)) & (SessionRow.purpose == purpose)


def _digest(token: str) -> str:
    # 256 random bits cannot be guessed from their hash; a stolen database opens no session.
    return blake2b(token.encode(errors="replace"), digest_size=32).hexdigest()
