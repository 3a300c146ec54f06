"""Links with which a user sets a password: an invitation, or for who forgot theirs. Each once."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from storyclip.domain.act import Action
from storyclip.domain.errors import NotFound, UserDisabled
from storyclip.domain.user import User
from storyclip.store import acts
from storyclip.store.access import passwords, sessions, tokens, users
from storyclip.store.database import reading, run, writing
from storyclip.store.instants import to_text

GOOD_FOR = timedelta(days=3)  # over a weekend

_FIND = "SELECT user_id FROM password_links WHERE token_hash = ? AND expires_at > ?"
_INSERT = (
    "INSERT INTO password_links (token_hash, user_id, made_at, expires_at) VALUES (?, ?, ?, ?)"
)


def issue(user_id: str, at: datetime) -> str:
    """Return the token of a link for a user, in place of one that they may have.

    Raises:
        NotFound: there is no such user.
        UserDisabled: it would open nothing.
        StoreUnavailable: none was issued.
    """
    token = tokens.new()
    with writing():
        user = users.find(user_id)
        if user is None:
            raise NotFound(f"There is no user {user_id}.")
        if user.disabled_at is not None:
            raise UserDisabled(f"{user_id} is disabled")
        run("DELETE FROM password_links WHERE user_id = ?", (user_id,))
        values = (tokens.digest(token), user_id, to_text(at), to_text(at + GOOD_FOR))
        run(_INSERT, values)
        acts.write(Action.PASSWORD_LINK, user_id, at)
    return token


def user_of(token: str, at: datetime) -> User | None:
    """Return for whom a link is, None if it was used, is too old or they may do nothing.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    with reading():
        row = run(_FIND, (tokens.digest(token), to_text(at))).fetchone()
        user = None if row is None else users.find(row[0])
    return None if user is None or user.disabled_at is not None else user


def redeem(token: str, password_hash: str, at: datetime) -> User | None:
    """Use a link up: its user has this password, and no session of before; None as `user_of`.

    Raises:
        StoreUnavailable: it was not used.
    """
    digest = tokens.digest(token)
    with writing():
        user = user_of(token, at)
        used = run("DELETE FROM password_links WHERE token_hash = ?", (digest,)) if user else None
        if user is None or used is None or used.rowcount != 1:
            return None
        who = replace(acts.actor(), user_id=user.user_id)
        passwords.keep(user.user_id, password_hash, at, who)
        sessions.end_others_of(user.user_id, None, at, by=who)
    return user


def withdraw(user_id: str) -> None:
    """Have a link that a user did not use be good no more.

    Raises:
        StoreUnavailable: it may be.
    """
    with writing():
        run("DELETE FROM password_links WHERE user_id = ?", (user_id,))


def waiting(at: datetime) -> dict[str, datetime]:
    """Return the users who have a link that they did not use, with when it expires.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    with reading():
        open_ones = "SELECT user_id, expires_at FROM password_links WHERE expires_at > ?"
        rows = run(open_ones, (to_text(at),)).fetchall()
    return {user_id: datetime.fromisoformat(until) for user_id, until in rows}
