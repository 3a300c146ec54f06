"""Lanes that should move and do not: the clock looks for them, batch by batch."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from storyclip.domain.batch import Status
from storyclip.domain.errors import StoreUnavailable
from storyclip.store.database import reading, run, try_lock_row, writing
from storyclip.store.postgres import is_held_by_another
from storyclip.store.publishing import lanes


class Running(NamedTuple):
    """A batch that runs, and its lane."""

    lane_id: int
    batch_id: str


def running() -> Sequence[Running]:
    """Return all batches that run."""
    with reading():
        rows = run(
            "SELECT lane_id, batch_id FROM publish_batches"
            f" WHERE completed_at IS NULL AND status = '{Status.PROCESSING}'"
        ).fetchall()
    return [Running(*row) for row in rows]


def reopen(batch: Running, at: datetime) -> list[int]:
    """Make due what has its turn and is not due; return those clips, none unless we have a bug.

    The turn is passed on in the transaction that ends a clip, so nothing should ever stall; a
    lane that does anyway must not wait for a person. One that somebody holds is left to him.
    """
    opened: list[int | None] = []
    try:
        with writing():
            if try_lock_row("lanes", batch.lane_id):
                opened = [
                    lanes.open_next(batch.lane_id, at),
                    lanes.open_planned(batch.batch_id, at),
                ]
    except StoreUnavailable as failure:
        if not is_held_by_another(failure):
            raise
    return [clip_id for clip_id in opened if clip_id is not None]
