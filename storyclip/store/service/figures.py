"""What there is to count: few rows each, whatever the history holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from storyclip.store.database import reading, run
from storyclip.store.instants import to_instant


@dataclass(frozen=True, slots=True)
class Figures:
    """How it stands as of one moment.

    `batches` are those that run, by status; `clips` those with a step to come, by state.
    `oldest_due` is since when the step has been due that has waited longest.
    """

    batches: Mapping[str, int]
    clips: Mapping[str, int]
    oldest_due: datetime | None
    blocked_lanes: int
    incidents: Mapping[str, int]
    workers: int


def figures() -> Figures:
    """Count.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    with reading():
        batches = run(
            "SELECT status, COUNT(*) FROM publish_batches WHERE completed_at IS NULL"
            " GROUP BY status"
        ).fetchall()
        clips = run(
            "SELECT status, COUNT(*) FROM publish_batch_clips WHERE next_at IS NOT NULL"
            " GROUP BY status"
        ).fetchall()
        oldest = run(
            "SELECT MIN(next_at) FROM publish_batch_clips WHERE next_at IS NOT NULL"
        ).fetchone()
        blocked = run("SELECT COUNT(*) FROM lanes WHERE blocked_reason IS NOT NULL").fetchone()
        incidents = run("SELECT kind, COUNT(*) FROM incidents GROUP BY kind").fetchall()
        workers = run("SELECT COUNT(*) FROM workers").fetchone()
    return Figures(
        dict(batches), dict(clips), to_instant(oldest[0]), blocked[0], dict(incidents), workers[0]
    )
