"""What open streams read: events after a place, how far batches are, and which of them run."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from storyclip.domain.reach import Reach
from storyclip.store.access.reach import within
from storyclip.store.database import marks, reading, run
from storyclip.store.instants import to_text

_PORTION = 500  # ids in one statement

_PLACE = "b.user_id, b.account_id, b.batch_id, b.lane_id, b.turn, b.last_seq"


@dataclass(frozen=True, slots=True)
class Place:
    """A batch by its short name, which is its lane and its turn in there; and its last event."""

    user_id: str
    account_id: str
    batch_id: str
    lane_id: int
    turn: int
    last_seq: int


def last_seqs(batch_ids: Collection[str]) -> dict[str, int]:
    """Return the number of the last event of each of these batches.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    found: dict[str, int] = {}
    with reading():
        for some in _portions(batch_ids):
            rows = run(
                f"SELECT batch_id, last_seq FROM publish_batches WHERE batch_id IN ({marks(some)})",
                some,
            ).fetchall()
            found.update(rows)
    return found


def running_within(reach: Reach) -> Sequence[Place]:
    """Return the batches that are not finished, newest first.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    claim, values = within(reach)
    with reading():
        rows = run(
            f"SELECT {_PLACE} FROM publish_batches b WHERE {claim} AND b.completed_at IS NULL"
            " ORDER BY b.created_at DESC",
            values,
        ).fetchall()
    return [Place(*row) for row in rows]


def ended_after(reach: Reach, instant: datetime, limit: int) -> Sequence[Place]:
    """Return the batches that ended after `instant`, latest first, at most `limit`.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    claim, values = within(reach)
    with reading():
        rows = run(
            f"SELECT {_PLACE} FROM publish_batches b WHERE b.completed_at > ? AND {claim}"
            " ORDER BY b.completed_at DESC LIMIT ?",
            (to_text(instant), *values, limit),
        ).fetchall()
    return [Place(*row) for row in rows]


def whose(batch_ids: Collection[str]) -> set[tuple[str, str]]:
    """Return the users and accounts of these batches.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    found: set[tuple[str, str]] = set()
    with reading():
        for some in _portions(batch_ids):
            rows = run(
                "SELECT DISTINCT user_id, account_id FROM publish_batches"
                f" WHERE batch_id IN ({marks(some)})",
                some,
            ).fetchall()
            found.update(rows)
    return found


def _portions(ids: Collection[str]) -> Iterator[list[str]]:
    every = list(ids)
    for start in range(0, len(every), _PORTION):
        yield every[start : start + _PORTION]
