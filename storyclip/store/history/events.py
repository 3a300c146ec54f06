"""The history of a batch: one event a committed change, numbered without a gap."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from storyclip.domain.batch import Batch
from storyclip.domain.clip import Clip
from storyclip.domain.views import event_view
from storyclip.domain.webhooks import may_matter
from storyclip.store.database import reading, run
from storyclip.store.history import deliveries

PAGE = 200  # events at a time: about 120 kB

Row = tuple[int, str, int]  # an event's number, its JSON, and the epoch in which it was written


@dataclass(frozen=True, slots=True)
class Change:
    """What was just committed, for whoever carries the news; a lost one costs only a moment.

    `opened_clip_id` is the clip whose turn came with this change, None when nobody's did.
    """

    batch_id: str
    seq: int
    clip: Clip | None
    opened_clip_id: int | None


_encoded = json.JSONEncoder(ensure_ascii=False).encode  # json.dumps makes one each time
_listeners: list[Callable[[Change], None]] = []
_couriers: list[Callable[[], None]] = []
_thread = threading.local()  # has `woken`: a delivery, by an event that is not announced yet


def on_change(listener: Callable[[Change], None]) -> None:
    """Have `listener` called after every commit; it must neither block nor raise."""
    _listeners.append(listener)


def on_delivery(courier: Callable[[], None]) -> None:
    """Have `courier` called after a commit that made a webhook due; as the listeners are."""
    _couriers.append(courier)


def forget_listeners() -> None:
    """Drop all listeners, for a process that starts anew after a fork."""
    _listeners.clear()
    _couriers.clear()


def announce(change: Change) -> None:
    """Tell all listeners what was committed."""
    for listener in _listeners:
        listener(change)
    if getattr(_thread, "woken", False):  # once too often where the commit failed: a look
        _thread.woken = False
        for courier in _couriers:
            courier()


def append(before: Batch, after: Batch, clip: Clip | None, at: datetime) -> None:
    """Write the event of a change; in the transaction that writes the change itself."""
    event = event_view(before, after, clip, at)
    run(
        "INSERT INTO publish_batch_events (batch_id, seq, body, epoch)"
        " SELECT ?, ?, ?, epoch FROM service WHERE id = 1",
        (after.batch_id, after.last_seq, _encoded(event)),
    )
    if may_matter(event) and deliveries.wake(after.batch_id, at):
        _thread.woken = True


def events_after(batch_id: str, seq: int, limit: int = PAGE) -> Sequence[Row]:
    """Return the events after `seq`, oldest first, at most `limit`.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    with reading():
        rows = run(
            "SELECT seq, body, epoch FROM publish_batch_events WHERE batch_id = ? AND seq > ?"
            " ORDER BY seq LIMIT ?",
            (batch_id, seq, limit),
        ).fetchall()
    return [(int(number), str(body), int(epoch)) for number, body, epoch in rows]


def epoch_of(batch_id: str, seq: int) -> int:
    """Return in which epoch an event was written; 0 before any database was put back.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    with reading():
        row = run(
            "SELECT epoch FROM publish_batch_events WHERE batch_id = ? AND seq = ?", (batch_id, seq)
        ).fetchone()
    return 0 if row is None else int(row[0])


def known_before(batch_id: str, seq: int, epoch: int) -> tuple[int, int]:
    """Return the number and epoch of the last event that is known to who was told up to `seq`.

    With rows that were put back, numbers are given again, in a later epoch: who was told those of
    the rows that are lost goes on after the last one that both histories have.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    with reading():
        row = run(
            "SELECT seq, epoch FROM publish_batch_events WHERE batch_id = ? AND seq <= ?"
            " AND epoch <= ? ORDER BY seq DESC LIMIT 1",
            (batch_id, seq, epoch),
        ).fetchone()
    return (0, 0) if row is None else (int(row[0]), int(row[1]))


def events_since(batch_id: str, seq: int, limit: int = PAGE) -> Sequence[dict[str, Any]]:
    """Return the same, read.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    return [json.loads(body) for _, body, _ in events_after(batch_id, seq, limit)]
