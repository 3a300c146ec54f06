"""The table `audit`: each act is written in the transaction that does it, and never changed.

Who acts is set once, where somebody comes in, and stands for all that is done there and then.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from storyclip.domain.act import DONE, SERVICE, SESSION_SHOWN, Act, Action, Actor, Via
from storyclip.domain.names import EVERY, Names
from storyclip.store.database import database, reading, run, writing
from storyclip.store.instants import to_text
from storyclip.store.models import ActRow

PORTION = 5000  # rows forgotten in one transaction: well below a second

_COLUMNS = "at, via, user_id, key_id, session_id, address, action, subject, detail, outcome, times"
_INSERT = f"INSERT INTO audit ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"

_actor: ContextVar[Actor] = ContextVar("actor", default=SERVICE)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which acts are asked for; None means any.

    `action` is one, or what stands before the dot. `after` and `before` are ids, both exclusive.
    `theirs`: of these users alone, and of nobody who acted on the machine or at the door.
    """

    user_id: str | None = None
    action: str | None = None
    since: datetime | None = None
    before: int | None = None
    after: int | None = None
    theirs: Names = EVERY


def acts_as(who: Actor) -> None:
    """Have everything that this thread does from now on be done by them."""
    _actor.set(who)


def actor() -> Actor:
    """Return who acts here."""
    return _actor.get()


def write(
    action: Action,
    subject: str,
    at: datetime,
    *,
    detail: str | None = None,
    by: Actor | None = None,
    outcome: str = DONE,
    times: int = 1,
) -> None:
    """Write that somebody did this; in the transaction that does it, so that neither is alone.

    Args:
        by: who, where it is not the one who acts here.

    Raises:
        RuntimeError: there is no transaction to be part of.
    """
    if not database.obj.in_transaction():
        raise RuntimeError(f"{action} of {subject} would be written apart from what it did")
    who = by or _actor.get()
    session = None if who.session_id is None else who.session_id[:SESSION_SHOWN]
    said = (who.via.value, who.user_id, who.key_id, session, who.address)
    run(_INSERT, (to_text(at), *said, action.value, subject, detail, outcome, times))


def newest(wanted: Wanted, limit: int) -> Sequence[Act]:
    """Return the last acts of those wanted, the newest first.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    found = ActRow.select().where(*_claims(wanted)).order_by(ActRow.id.desc()).limit(limit)
    with reading():
        rows: Any = found.tuples()
        return [_act(*row) for row in rows]


def forget(before: datetime, at: datetime) -> int:
    """Delete acts of before then, and write that they were; return how many. Nobody else can.

    The table's own triggers let go only of what is older than the one row of `audit_retention`.

    Raises:
        StoreUnavailable: what was not deleted is the next time.
    """
    forgotten = 0
    while True:
        with writing():
            run("INSERT INTO audit_retention (id, before_at) VALUES (1, ?)", (to_text(before),))
            old = "SELECT id FROM audit WHERE at < ? ORDER BY id LIMIT ?"
            gone = run(f"DELETE FROM audit WHERE id IN ({old})", (to_text(before), PORTION))
            run("DELETE FROM audit_retention")
            if gone.rowcount:
                write(Action.AUDIT_FORGET, f"before {to_text(before)}", at, times=gone.rowcount)
        count = int(gone.rowcount)
        forgotten += count
        if count < PORTION:
            return forgotten


def _claims(wanted: Wanted) -> list[Any]:
    claims: list[Any] = [ActRow.id > (wanted.after or 0)]
    if wanted.user_id is not None:
        claims.append(ActRow.user_id == wanted.user_id)
    if wanted.action is not None:
        kind = wanted.action.rstrip(".")
        claims.append((ActRow.action == kind) | ActRow.action.startswith(f"{kind}."))
    if wanted.since is not None:
        claims.append(ActRow.at >= wanted.since)
    if wanted.before is not None:
        claims.append(ActRow.id < wanted.before)
    if not wanted.theirs.is_every:
        by_themselves = ActRow.via.in_([Via.API.value, Via.PAGE.value])
        claims += [ActRow.user_id.in_(sorted(wanted.theirs.named)), by_themselves]
    return claims


def _act(number: int, at: datetime, via: str, *said: Any) -> Act:
    who, what = said[:4], said[4:]
    return Act(number, at, Actor(Via(via), *who), *what)
