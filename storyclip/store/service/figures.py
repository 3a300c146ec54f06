"""What there is to count: few rows each, whatever the history holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from peewee import Expression, Field, fn

from storyclip.store.database import reading
from storyclip.store.models import BatchRow, ClipRow, IncidentRow, LaneRow, WorkerRow


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
    due = ClipRow.next_at.is_null(False)
    with reading():
        return Figures(
            batches=_counted(BatchRow.status, BatchRow.completed_at.is_null()),
            clips=_counted(ClipRow.status, due),
            oldest_due=ClipRow.select(fn.MIN(ClipRow.next_at)).where(due).scalar(),
            blocked_lanes=LaneRow.select().where(LaneRow.blocked_reason.is_null(False)).count(),
            incidents=_counted(IncidentRow.kind, IncidentRow.ended_at.is_null()),
            workers=WorkerRow.select().count(),
        )


def _counted(kind: Field[str], *which: Expression) -> dict[str, int]:
    rows = kind.model.select(kind, fn.COUNT(kind)).group_by(kind)
    return dict((rows.where(*which) if which else rows).tuples())
