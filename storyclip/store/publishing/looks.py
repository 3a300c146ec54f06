"""Looks at Metricool brought forward: what the clock would ring for later is due now."""

from __future__ import annotations

from datetime import datetime, timedelta

from storyclip.domain.clip import State
from storyclip.domain.errors import RetrySafety
from storyclip.store.database import free_of, reading, run, writing
from storyclip.store.instants import to_text

REST = timedelta(seconds=15)  # a clip that was looked at within this is not looked at again

# In Metricool, or it may be; what is being sent is in a worker's hand
_OPEN = (
    f"(status IN ('{State.WAITING_CONFIRMATION}', '{State.VERIFYING}')"
    f" OR (status = '{State.FAILED}' AND retry_safety = '{RetrySafety.CHECK_FIRST}'))"
)
_RESTED = (
    f"SELECT id FROM publish_batch_clips WHERE batch_id = ? AND {_OPEN}"
    " AND (next_at IS NULL OR next_at > ?) AND (noted_at IS NULL OR noted_at <= ?)"
)


def bring_forward(batch_id: str, at: datetime) -> list[int]:
    """Make due what is open upstream of a batch, and return those clips; each wait begins anew.

    No revision, and no row that somebody holds: who looks at one right now is as good.

    Raises:
        StoreUnavailable: nothing was written.
    """
    these = (batch_id, to_text(at), to_text(at - REST))
    with reading():  # anybody may ask, and only what is there to be done may have all writers wait
        if run(f"{_RESTED} LIMIT 1", these).fetchone() is None:
            return []
    with writing():
        rows = run(
            "UPDATE publish_batch_clips SET next_at = ?, rung_at = ?, noted_at = ?"
            f" WHERE id {free_of(_RESTED)} RETURNING id",
            (*[to_text(at)] * 3, *these),
        ).fetchall()
    return [clip_id for (clip_id,) in rows]


def are_due(batch_id: str, at: datetime) -> bool:
    """Return whether something of a batch was due to be looked at by then, and was not yet.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    with reading():
        row = run(
            f"SELECT 1 FROM publish_batch_clips WHERE batch_id = ? AND {_OPEN}"
            " AND next_at <= ? LIMIT 1",
            (batch_id, to_text(at)),
        ).fetchone()
    return row is not None
