"""Which clips of a stopped batch are looked at, and when, so that they are taken back in time."""

from __future__ import annotations

from datetime import datetime

from storyclip.domain.batch import Batch
from storyclip.domain.clip import Clip, State
from storyclip.domain.errors import ErrorCode, RetrySafety
from storyclip.domain.order import SOON
from storyclip.store.database import lock_row, marks, run, writing
from storyclip.store.instants import to_instant, to_text

_THERE = (State.WAITING_CONFIRMATION.value, State.VERIFYING.value)  # in Metricool, or it may be


def look_from_the_last(batch: Batch, at: datetime) -> list[int]:
    """Make due the last clip of a paused batch that waits in Metricool, and what may be there.

    They are taken back from the last to the first: at every moment what is there is a beginning of
    the batch. The others are due when they go out soon, for the last one may be slow to go. In the
    caller's transaction.
    """
    if batch.pause_requested_at is None:
        return []
    rows = run(
        "SELECT id, status, scheduled_at, next_at, intended_at FROM publish_batch_clips"
        f" WHERE batch_id = ? AND status IN (?, {marks(_THERE)}) ORDER BY clip_index DESC",
        (batch.batch_id, State.UPLOADING.value, *_THERE),
    ).fetchall()
    made_due, is_last = [], True
    for clip_id, status, planned_for, next_at, intended_at in rows:
        if status == State.UPLOADING.value:
            is_last = is_last and intended_at is None  # being sent: it is the last one soon
            continue
        due_at = at
        if status == State.WAITING_CONFIRMATION.value:
            due_at = at if is_last else max(at, (to_instant(planned_for) or at) - SOON)
            is_last = False
        known = to_instant(next_at)
        if known is None or known > due_at or due_at == at:
            _look(clip_id, due_at, at)
        if due_at == at:
            made_due.append(clip_id)
    return made_due


def look_at_once(batch: Batch, at: datetime) -> list[int]:
    """Make due what Metricool has or may have of a stopped batch; return those clips.

    In the caller's transaction. A new revision: who looks at one of them right now must not put it
    off with what he knew.
    """
    rows = run(
        "UPDATE publish_batch_clips SET next_at = ?, rung_at = ?, noted_at = ?,"
        " revision = revision + 1 WHERE batch_id = ?"
        f" AND status IN ({marks(_THERE)}) RETURNING id",
        (*[to_text(at)] * 3, batch.batch_id, *_THERE),
    ).fetchall()
    return [clip_id for (clip_id,) in rows]


def look_at_failed(batch: Batch, at: datetime) -> list[int]:
    """Make due what was called failed and may go out all the same; return those clips.

    So may a post that the network refused, once somebody gives it another date. In the caller's
    transaction.
    """
    rows = run(
        "UPDATE publish_batch_clips SET next_at = ?, rung_at = ?, noted_at = ?,"
        " revision = revision + 1 WHERE batch_id = ? AND status = ? AND (retry_safety = ?"
        " OR (metricool_post_id IS NOT NULL AND error_code <> ?)) RETURNING id",
        (
            *[to_text(at)] * 3,
            batch.batch_id,
            State.FAILED.value,
            RetrySafety.CHECK_FIRST.value,
            ErrorCode.DELETED_IN_METRICOOL.value,
        ),
    ).fetchall()
    return [clip_id for (clip_id,) in rows]


def make_way(clip: Clip, at: datetime, there: datetime) -> None:
    """Have all later clips of the batch that wait for their date taken back: one before them comes.

    Args:
        there: what time it is by Metricool's clock, which its dates are compared with.

    Raises:
        StoreUnavailable: nothing was written.
    """
    with writing():
        lock_row("lanes", clip.lane.id)
        run(
            "UPDATE publish_batch_clips SET recall_wished_at = ?, next_at = ?, noted_at = ?,"
            " rung_at = NULL, revision = revision + 1"
            " WHERE batch_id = ? AND clip_index > ? AND status = ?"
            " AND recall_wished_at IS NULL AND taken_back_at IS NULL AND scheduled_at > ?",
            (
                *[to_text(at)] * 3,
                clip.batch_id,
                clip.index,
                State.WAITING_CONFIRMATION.value,
                to_text(there),
            ),
        )


def _look(clip_id: int, due_at: datetime, at: datetime) -> None:
    rung_at = at if due_at == at else None
    run(
        "UPDATE publish_batch_clips SET next_at = ?, rung_at = ?, noted_at = ?,"
        " revision = revision + 1 WHERE id = ?",
        (to_text(due_at), to_text(rung_at), to_text(at), clip_id),
    )
