"""Links from the terminal into a browser: each signs in once, as a key's holder."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from storyclip.domain.act import Action
from storyclip.domain.holder import Holder, Scope
from storyclip.store import acts
from storyclip.store.access import api_keys, tokens
from storyclip.store.database import reading, writing
from storyclip.store.models import SessionRow

SIGNIN_LASTS = timedelta(minutes=10)

_WIDEST_FIRST = (Scope.ADMIN, Scope.PUBLISH, Scope.READ)
_SIGNIN = "signin"  # beside the sessions, of another purpose


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


def issue(key_id: str, at: datetime) -> str:
    """Return a token that signs a browser in, once and within SIGNIN_LASTS, as the key's holder.

    Raises:
        StoreUnavailable: none was issued.
    """
    token = tokens.new()
    with writing():
        acts.write(Action.SIGNIN_ISSUE, key_id, at)
        SessionRow.insert(
            token_hash=tokens.digest(token),
            purpose=_SIGNIN,
            key_id=key_id,
            expires_at=at + SIGNIN_LASTS,
        ).execute()
    return token


def redeem(token: str, at: datetime) -> str | None:
    """Use a token up and return its key's id; None if it is unknown, used or expired.

    Raises:
        StoreUnavailable: it was not used.
    """
    with reading():  # anybody may show some, and only a real one may have all writers wait
        if not SessionRow.select().where(_is(token)).exists():
            return None
    with writing():
        used = SessionRow.delete().where(_is(token), SessionRow.expires_at > at)
        key_ids = [str(key_id) for (key_id,) in used.returning(SessionRow.key_id).tuples()]
        for key_id in key_ids:
            user_id = next((key.user_id for key in api_keys.with_ids([key_id])), None)
            who = replace(acts.actor(), user_id=user_id, key_id=key_id)
            acts.write(Action.SIGNIN_USE, key_id, at, by=who)
    return next(iter(key_ids), None)


def _is(token: str) -> Any:
    return (SessionRow.token_hash == tokens.digest(token)) & (SessionRow.purpose == _SIGNIN)
