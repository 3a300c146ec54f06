"""Which clips of a stopped batch are looked at, and when."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from storyclip.domain.batch import Batch
from storyclip.domain.clip import Clip, State
from storyclip.domain.errors import ErrorCode
from storyclip.domain.order import SOON, is_being_taken_back
from tests.model.twin.rows import Rows

_THERE = (State.WAITING_CONFIRMATION, State.VERIFYING)


def look_from_the_last(rows: Rows, batch: Batch, at: datetime) -> Rows:
    """Make due what `store.recalls.look_from_the_last` does."""
    if batch.pause_requested_at is None:
        return rows
    is_last = True
    for clip in reversed(rows.clips_of(batch.batch_id)):
        is_last = is_last and not clip.was_sent
        if clip.state not in _THERE:
            continue
        due_at = at
        if clip.state is State.WAITING_CONFIRMATION:
            due_at = at if is_last else max(at, (clip.planned_for or at) - SOON)
            is_last = False
        if clip.next_at is None or clip.next_at > due_at or due_at == at:
            rows = rows.having(_looked_at(clip, due_at))
    return rows


def look_at_once(rows: Rows, batch: Batch, at: datetime) -> Rows:
    """Make due what `store.recalls.look_at_once` does."""
    there = (clip for clip in rows.clips_of(batch.batch_id) if clip.state in _THERE)
    return rows.having(*(_looked_at(clip, at) for clip in there))


def look_at_failed(rows: Rows, batch: Batch, at: datetime) -> Rows:
    """Make due what `store.recalls.look_at_failed` does."""

    def may_go_out(one: Clip) -> bool:
        is_there = one.post_id is not None and one.error_code != ErrorCode.DELETED_IN_METRICOOL
        return one.is_unconfirmed or (one.state is State.FAILED and is_there)

    failed = filter(may_go_out, rows.clips_of(batch.batch_id))
    return rows.having(*(_looked_at(clip, at) for clip in failed))


def make_way(rows: Rows, clip: Clip, at: datetime) -> Rows:
    """Have taken back what `store.recalls.make_way` does."""

    def is_in_the_way(one: Clip) -> bool:
        waits = one.state is State.WAITING_CONFIRMATION and not is_being_taken_back(one)
        ahead = one.planned_for is not None and one.planned_for > at
        return one.index > clip.index and waits and ahead

    later = filter(is_in_the_way, rows.clips_of(clip.batch_id))
    wished = (replace(one, recall_wished_at=at) for one in later)
    return rows.having(*(_looked_at(one, at) for one in wished))


def _looked_at(clip: Clip, at: datetime) -> Clip:
    """A new revision: who looks at it right now must not put it off with what he knew."""
    return replace(clip, next_at=at, revision=clip.revision + 1)
