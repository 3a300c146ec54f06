"""Sessions of the page: a row each, so that one ends for everybody who copied its cookie.

One stands for the key that it began with, or for a user who came in by themselves.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import structlog

from storyclip.domain.act import SESSION_SHOWN, Action, Actor, Via
from storyclip.domain.errors import NotFound, StoreUnavailable
from storyclip.domain.holder import Badge, Holder, in_person
from storyclip.domain.session import Entry, Session, Visit
from storyclip.store import acts
from storyclip.store.access import api_keys, tokens, users
from storyclip.store.database import marks, reading, run, writing
from storyclip.store.instants import to_instant, to_text
from storyclip.store.models import SessionRow

log = structlog.get_logger("storyclip")

SEEN_STEP = timedelta(minutes=1)

_SESSION = "session"
_MOST_NOTED = 10_000  # sessions whose last note this process remembers

# By hand: asked for with each request of the page
_FIND = (
    "SELECT key_id, user_id, seen_at, ends_at, idle_s FROM sessions"
    " WHERE token_hash = ? AND purpose = ? AND expires_at > ?"
)
_LISTED = (
    "SELECT s.token_hash, COALESCE(s.user_id, k.user_id), s.key_id, s.entry, s.begun_at, s.seen_at,"
    " s.expires_at, s.address, s.browser FROM sessions s LEFT JOIN api_keys k"
    " ON k.key_id = s.key_id WHERE s.purpose = ? AND s.expires_at > ?"
)
_LIVE = "SELECT token_hash, user_id FROM sessions WHERE purpose = ? AND expires_at > ?"
_SEEN = "UPDATE sessions SET seen_at = ?, expires_at = ? WHERE token_hash = ? AND expires_at > ?"

_noted_at: dict[str, datetime] = {}


def begin(user_id: str, key_id: str | None, at: datetime, visit: Visit) -> str:
    """Begin a session, for the key if there is one, and return its token.

    Expired ones are swept out meanwhile.

    Raises:
        StoreUnavailable: no session was begun.
    """
    token, lasting = tokens.new(), visit.lasting
    digest = tokens.digest(token)
    with writing():
        SessionRow.delete().where(SessionRow.expires_at <= at).execute()
        SessionRow.insert(
            token_hash=digest,
            purpose=_SESSION,
            key_id=key_id or "",
            user_id=user_id,
            entry=visit.entry.value,
            begun_at=at,
            seen_at=at,
            expires_at=at + min(lasting.idle, lasting.at_most),
            ends_at=at + lasting.at_most,
            idle_s=round(lasting.idle.total_seconds()),
            address=visit.address,
            browser=visit.browser,
        ).execute()
        who = replace(acts.actor(), user_id=user_id, key_id=key_id)
        acts.write(Action.SESSION_BEGIN, _shown(digest), at, detail=visit.entry.value, by=who)
    return token


def holder_of(token: str, at: datetime) -> Holder | None:
    """Return who is in by the session; None if it, its key or its user is not good any more.

    That it was used is written once a minute.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    digest = tokens.digest(token)
    with reading():
        row = run(_FIND, (digest, _SESSION, to_text(at))).fetchone()
        if row is None:
            return None
        key_id, user_id, *seen = row
        badge = Badge(key_id or None, digest)
        found = _holders({badge: user_id}, at).get(badge)
    if found is not None:
        _note_seen(digest, at, *seen)
    return found


def still_in(badges: Collection[Badge], at: datetime) -> Mapping[Badge, Holder]:
    """Return who is in by these now, with what they may now; those that are not good are left out.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    named = [badge.session_id for badge in badges if badge.session_id is not None]
    live: dict[str | None, str | None] = {None: None}
    with reading():
        if named:
            values = (_SESSION, to_text(at), *named)
            rows = run(f"{_LIVE} AND token_hash IN ({marks(named)})", values).fetchall()
            live.update(rows)
        good = {badge: live[badge.session_id] for badge in badges if badge.session_id in live}
        return _holders(good, at)


def end(token: str, at: datetime) -> None:
    """End the session, if it is one.

    Raises:
        StoreUnavailable: it goes on.
    """
    digest = tokens.digest(token)
    with reading():  # anybody may show some, and only a real one may have all writers wait
        row = run(_FIND, (digest, _SESSION, to_text(at))).fetchone()
    if row is None:
        return
    key_id, user_id, *_ = row
    if user_id is None:
        user_id = next((key.user_id for key in api_keys.with_ids([key_id])), None)
    # Its cookie alone has told nobody who they are
    whose = Actor(Via.PAGE, user_id, key_id or None, digest, acts.actor().address)
    with writing():
        _delete([digest], at, whose)


def end_named(session_id: str, at: datetime) -> None:
    """End a session by the part of its id that is shown.

    Raises:
        NotFound: there is none.
        StoreUnavailable: it goes on.
    """
    with writing():
        found = run(
            "SELECT token_hash FROM sessions WHERE purpose = ? AND substr(token_hash, 1, ?) = ?"
            " AND expires_at > ?",
            (_SESSION, SESSION_SHOWN, session_id, to_text(at)),
        ).fetchall()
        if not found:
            raise NotFound(f"There is no session {session_id}.")
        _delete([digest for (digest,) in found], at)


def end_all_of(user_id: str, at: datetime) -> int:
    """End a user's sessions, and return how many.

    Raises:
        StoreUnavailable: they go on.
    """
    with writing():
        return end_others_of(user_id, None, at)


def end_others_of(user_id: str, but: str | None, at: datetime, by: Actor | None = None) -> int:
    """End a user's sessions but one, in the caller's write transaction; return how many."""
    rows = run(_LISTED, (_SESSION, to_text(at))).fetchall()
    theirs = [row[0] for row in rows if row[1] == user_id and row[0] != but]
    _delete(theirs, at, by)
    return len(theirs)


def every(at: datetime) -> Sequence[Session]:
    """Return the sessions that are good, the newest first.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    with reading():
        newest_first = " ORDER BY s.begun_at DESC, s.token_hash"
        rows = run(_LISTED + newest_first, (_SESSION, to_text(at))).fetchall()
    return [_session(*row) for row in rows]


def _holders(good: Mapping[Badge, str | None], at: datetime) -> dict[Badge, Holder]:
    """Return who is in by badges that are good themselves: by their keys, else their users."""
    key_ids = {badge.key_id for badge in good if badge.key_id is not None}
    user_ids = {user_id for badge, user_id in good.items() if badge.key_id is None and user_id}
    found = api_keys.with_ids(key_ids) if key_ids else ()
    keys = {key.key_id: key for key in found if key.is_in_use(at)}
    people = {user.user_id: user for user in users.with_ids(user_ids) if user.disabled_at is None}
    holders: dict[Badge, Holder] = {}
    for badge, user_id in good.items():
        if badge.key_id is not None:
            if badge.key_id in keys:
                holders[badge] = keys[badge.key_id].holder(badge.session_id)
        elif badge.session_id is not None and user_id in people:
            holders[badge] = in_person(people[user_id], badge.session_id)
    return holders


def _delete(digests: Sequence[str], at: datetime, by: Actor | None = None) -> None:
    for digest in digests:
        gone = SessionRow.delete().where(SessionRow.token_hash == digest).execute()
        if gone:
            acts.write(Action.SESSION_END, _shown(digest), at, by=by)


def _note_seen(
    digest: str, at: datetime, seen_at: str | None, ends_at: str | None, idle_s: int | None
) -> None:
    """Write that a session was used: once a minute, and never at the cost of the request."""
    seen, ends = to_instant(seen_at), to_instant(ends_at)
    if seen is None or ends is None or idle_s is None or at - seen < SEEN_STEP:
        return
    if at - _noted_at.get(digest, seen) < SEEN_STEP:
        return
    if len(_noted_at) >= _MOST_NOTED:
        _noted_at.clear()
    _noted_at[digest] = at  # before the try: a database that fails is not asked again at once
    until = min(ends, at + timedelta(seconds=idle_s))
    try:
        with writing():
            run(_SEEN, (to_text(at), to_text(until), digest, to_text(at)))
    except StoreUnavailable as failure:
        log.warning("session_seen_not_written", session=_shown(digest), reason=str(failure))


def _session(
    digest: str, user_id: str | None, key_id: str, entry: str | None, *said: Any
) -> Session:
    begun_at, seen_at, expires_at, address, browser = said
    return Session(
        session_id=_shown(digest),
        user_id=user_id,
        key_id=key_id or None,
        entry=Entry(entry) if entry else None,
        begun_at=to_instant(begun_at),
        seen_at=to_instant(seen_at),
        expires_at=datetime.fromisoformat(expires_at),
        address=address,
        browser=browser,
    )


def _shown(digest: str) -> str:
    return digest[:SESSION_SHOWN]
