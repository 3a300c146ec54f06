"""Sessions of the page, and links that sign in once: both stand for an API key.

A row each, so that a link works once and a session ends for everybody who copied its cookie.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Any

from storyclip.domain.act import SESSION_SHOWN, Action, Actor, Via
from storyclip.domain.holder import Badge, Holder, Scope
from storyclip.store import acts
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
        token = _issue(_SESSION, key_id, at + SESSION_LASTS)
        begun = _digest(token)
        acts.write(Action.SESSION_BEGIN, _shown(begun), at, by=_by(key_id, None))
        return token


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


def end(token: str, at: datetime) -> None:
    """End the session, if it is one.

    Raises:
        StoreUnavailable: it goes on.
    """
    if not _is_there(token, _SESSION):
        return
    with writing():
        ended = SessionRow.delete().where(_is(token, _SESSION)).returning(SessionRow.key_id)
        for (key_id,) in ended.tuples():
            digest = _digest(token)
            acts.write(Action.SESSION_END, _shown(digest), at, by=_by(key_id, digest))


def who_signs_in(at: datetime, user_id: str | None = None) -> Holder | None:
    """Return who a new link signs in: by the oldest key in use that lets them do the most.

    Args:
        user_id: by whose; None for an admin's, else anybody's that may publish.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    holders = [key.holder(session_id=None) for key in api_keys.every() if key.is_in_use(at)]
    scopes = _WIDEST_FIRST[:2] if user_id is None else _WIDEST_FIRST
    theirs = [one for one in holders if user_id in (None, one.user_id)]
    by_what_they_may = (one for scope in scopes for one in theirs if one.may(scope))
    return next(by_what_they_may, None)


_WIDEST_FIRST = (Scope.ADMIN, Scope.PUBLISH, Scope.READ)


def issue_signin(key_id: str, at: datetime) -> str:
    """Return a token that signs a browser in, once and within SIGNIN_LASTS, as the key's holder.

    Raises:
        StoreUnavailable: none was issued.
    """
    with writing():
        acts.write(Action.SIGNIN_ISSUE, key_id, at)
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
        for key_id in key_ids:
            acts.write(Action.SIGNIN_USE, key_id, at, by=_by(key_id, None))
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


def _by(key_id: str, session_id: str | None) -> Actor:
    """Return who acts with a session or for one: its cookie alone tells nobody who they are."""
    user_id = next((key.user_id for key in api_keys.with_ids([key_id])), None)
    here = acts.actor()
    via = here.via if session_id is None else Via.PAGE
    return replace(here, via=via, user_id=user_id, key_id=key_id, session_id=session_id)


def _shown(digest: str) -> str:
    return digest[:SESSION_SHOWN]


def _is(token: str, purpose: str) -> Any:
    return (SessionRow.token_hash == _digest(token)) & (SessionRow.purpose == purpose)


def _digest(token: str) -> str:
    # 256 random bits cannot be guessed from their hash; a stolen database opens no session.
    return blake2b(token.encode(errors="replace"), digest_size=32).hexdigest()
