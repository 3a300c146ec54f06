"""What open streams read: events after a place, how far batches are, and which of them run."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from storyclip.store.database import marks, reading, run
from storyclip.store.instants import to_text

_PORTION = 500  # ids in one statement

_PLACE = "user_id, batch_id, lane_id, turn, last_seq"


@dataclass(frozen=True, slots=True)
class Place:
    """A batch by its short name, which is its lane and its turn in there, and its last event."""

    user_id: str
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


def running_of(user_ids: Collection[str]) -> Sequence[Place]:
    """Return these users' batches that are not finished, newest first.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    found: list[Place] = []
    with reading():
        for some in _portions(user_ids):
            rows = run(
                f"SELECT {_PLACE} FROM publish_batches WHERE user_id IN ({marks(some)})"
                " AND completed_at IS NULL ORDER BY created_at DESC",
                some,
            ).fetchall()
            found += [Place(*row) for row in rows]
    return found


def ended_after(user_id: str, instant: datetime, limit: int) -> Sequence[Place]:
    """Return the user's batches that ended after `instant`, latest first, at most `limit`.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    with reading():
        rows = run(
            f"SELECT {_PLACE} FROM publish_batches WHERE completed_at > ? AND user_id = ?"
            " ORDER BY completed_at DESC LIMIT ?",
            (to_text(instant), user_id, limit),
        ).fetchall()
    return [Place(*row) for row in rows]


def owners(batch_ids: Collection[str]) -> set[str]:
    """Return whose these batches are.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    found: set[str] = set()
    with reading():
        for some in _portions(batch_ids):
            rows = run(
                f"SELECT DISTINCT user_id FROM publish_batches WHERE batch_id IN ({marks(some)})",
                some,
            ).fetchall()
            found.update(user_id for (user_id,) in rows)
    return found


def _portions(ids: Collection[str]) -> Iterator[list[str]]:
    every = list(ids)
    for start in range(0, len(every), _PORTION):
        yield every[start : start + _PORTION]
