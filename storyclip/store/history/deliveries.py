"""How far the webhooks of each batch got; the events of the batch are what is to be told.

A delivery is claimed and moved by compare-and-set on `revision`. A claim is `next_at` pushed
ahead: of a worker that was killed, it is simply due again.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from storyclip.domain.errors import LostRace
from storyclip.domain.network import Network
from storyclip.store.database import lock_row, marks, reading, run, try_lock_row, writing
from storyclip.store.instants import to_instant, to_text


@dataclass(frozen=True, slots=True)
class Delivery:
    """The cursor of one batch as its row said when it was read, and whose batch it is.

    `next_seq` is the event to be told next and `part` which of its messages; `attempts` and
    `failing_since` count the failures in a row.
    """

    id: int
    batch_id: str
    url: str
    receiver: str
    next_seq: int
    part: int
    revision: int
    attempts: int
    failing_since: datetime | None
    user_id: str
    job_id: str | None
    account_id: str
    network: Network


_FIELDS = tuple(field.name for field in fields(Delivery))
_COLUMNS = (
    "d.id, d.batch_id, d.url, d.receiver, d.next_seq, d.part, d.revision, d.attempts,"
    " d.failing_since, b.user_id, b.job_id, b.account_id, b.network"
)


def begin(batch_id: str, url: str) -> None:
    """Have a batch report to `url`; in the transaction that makes the batch."""
    run(
        "INSERT INTO webhook_deliveries"
        " (batch_id, url, receiver, next_seq, part, revision, attempts)"
        " VALUES (?, ?, ?, 1, 0, 0, 0)",
        (batch_id, url, urlsplit(url).netloc.lower()),
    )


def wake(batch_id: str, at: datetime) -> bool:
    """Make the delivery of a batch due if it rests; return whether it has one that is due now.

    With the event's own commit.
    """
    woken = run(
        "UPDATE webhook_deliveries SET next_at = COALESCE(next_at, ?)"
        " WHERE batch_id = ? AND stopped_at IS NULL",
        (to_text(at), batch_id),
    )
    return bool(woken.rowcount)


def due(
    at: datetime,
    limit: int,
    *,
    busy: Collection[str] = (),
    busy_users: Collection[str] = (),
    retrying: Collection[str] = (),
    fresh_only: bool = False,
) -> Sequence[Delivery]:
    """Return deliveries that are due, the longest waiting first.

    Args:
        busy: receivers that have enough to do already; `busy_users` are users for whom enough is
            done, `retrying` those of whom nothing more that failed is to be tried now.
        fresh_only: leave out all whose last attempt failed.
    """
    where = f" AND d.receiver NOT IN ({marks(busy)})" if busy else ""
    if busy_users:
        where += f" AND b.user_id NOT IN ({marks(busy_users)})"
    if retrying:
        where += f" AND (d.attempts = 0 OR b.user_id NOT IN ({marks(retrying)}))"
    if fresh_only:
        where += " AND d.attempts = 0"
    with reading():
        rows = run(
            f"SELECT {_COLUMNS} FROM webhook_deliveries d"
            " JOIN publish_batches b ON b.batch_id = d.batch_id"
            f" WHERE d.next_at <= ?{where} ORDER BY d.next_at LIMIT ?",
            (to_text(at), *busy, *busy_users, *retrying, limit),
        ).fetchall()
    return [_delivery_of(row) for row in rows]


def claim(delivery: Delivery, at: datetime, until: datetime) -> int:
    """Take a delivery until then, and return its new revision.

    Raises:
        LostRace: somebody else has it; nothing was written.
        StoreUnavailable: nothing was written.
    """
    with writing():
        if not try_lock_row("webhook_deliveries", delivery.id):
            raise LostRace(f"the webhooks of {delivery.batch_id} are in somebody else's hand")
        _update(delivery, delivery.revision, {"next_at": to_text(until)}, due_at=at)
    return delivery.revision + 1


def move_on(delivery: Delivery, revision: int, next_seq: int, part: int, at: datetime) -> bool:
    """Note what is told, and return whether there may be more, in which case it is due.

    Raises:
        LostRace: the claim had expired and somebody else moved it.
        StoreUnavailable: nothing was written; it is told again.
    """
    with writing():
        # First its row: an event that is being committed waits for us, or we see it.
        lock_row("webhook_deliveries", delivery.id)
        (last_seq,) = run(
            "SELECT last_seq FROM publish_batches WHERE batch_id = ?", (delivery.batch_id,)
        ).fetchone()
        has_more = last_seq >= next_seq
        columns = {
            "next_seq": next_seq,
            "part": part,
            "next_at": to_text(at) if has_more else None,
            "attempts": 0,
            "failing_since": None,
            "last_error": None,
        }
        _update(delivery, revision, columns)
    return bool(has_more)


def put_off(
    delivery: Delivery, revision: int, reason: str, since: datetime, next_at: datetime
) -> None:
    """Note a failed attempt, and when the next one is due.

    Raises:
        LostRace, StoreUnavailable: as `move_on`.
    """
    columns = {
        "attempts": delivery.attempts + 1,
        "failing_since": to_text(since),
        "last_error": reason,
        "next_at": to_text(next_at),
    }
    with writing():
        _update(delivery, revision, columns)


def stop(delivery: Delivery, revision: int, reason: str, at: datetime) -> None:
    """Tell the receiver of this batch nothing more.

    Raises:
        LostRace, StoreUnavailable: as `move_on`.
    """
    columns = {"next_at": None, "stopped_at": to_text(at), "last_error": reason}
    with writing():
        _update(delivery, revision, columns)


def _delivery_of(row: Sequence[Any]) -> Delivery:
    facts = dict(zip(_FIELDS, row, strict=True))
    facts["failing_since"] = to_instant(facts["failing_since"])
    facts["network"] = Network(facts["network"])
    return Delivery(**facts)


def _update(
    delivery: Delivery, revision: int, columns: dict[str, Any], due_at: datetime | None = None
) -> None:
    sets = ", ".join(f"{column} = ?" for column in columns)
    where = "id = ? AND revision = ?"
    values = [*columns.values(), revision + 1, delivery.id, revision]
    if due_at is not None:
        where += " AND next_at <= ?"
        values.append(to_text(due_at))
    cursor = run(f"UPDATE webhook_deliveries SET {sets}, revision = ? WHERE {where}", values)
    if cursor.rowcount == 0:
        raise LostRace(f"the webhooks of {delivery.batch_id} were moved by somebody else")
