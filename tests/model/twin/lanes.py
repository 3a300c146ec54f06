"""A lane: whose turn it is there, and what holds it up."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import datetime, timedelta

from storyclip.domain import moves
from storyclip.domain.batch import Batch, Status
from storyclip.domain.clip import UNCERTAIN, Clip, State
from storyclip.domain.dates.mode import Mode
from storyclip.domain.lane import Lane
from storyclip.domain.order import is_being_taken_back
from storyclip.store.publishing.lanes import BEFORE_THE_NEXT, Ended
from tests.model.twin.rows import Rows


def next_turn(rows: Rows) -> int:
    """Return the next batch's place, as `store.lanes.next_turn` does."""
    return 1 + max((batch.place for batch in rows.batches), default=0)


def is_held(rows: Rows) -> bool:
    """Return whether a clip that needed its turn is in flight."""
    return rows.holder is not None


def is_planned(batch: Batch) -> bool:
    """Return whether the clips of a batch have dates of their own."""
    return batch.mode is not Mode.NOW


def head(rows: Rows, at: datetime) -> Clip | None:
    """Return the clip whose turn it is, as `store.lanes.head` does."""
    if _is_any_awaited(rows):
        return None
    for batch in sorted(rows.batches, key=lambda one: one.place):
        if not _runs(batch):
            continue
        if is_planned(batch):
            clip = _next_of(rows, batch)
            if clip is None or clip.wished_for is None or clip.wished_for > at:
                continue
        clips = rows.clips_of(batch.batch_id)
        to_come = next((clip for clip in clips if clip.state is State.PENDING), None)
        if to_come is None:
            continue
        before = (clip for clip in clips if clip.index < to_come.index)
        if is_planned(batch) or all(clip.state not in UNCERTAIN for clip in before):
            return to_come
    return None


def _is_any_awaited(rows: Rows) -> bool:
    """Return whether a story has yet to be live that was adopted beside the one in hand."""
    at_once = {one.batch_id for one in rows.batches if not (is_planned(one) or one.completed_at)}
    waiting = (one for one in rows.clips if one.state is State.WAITING_CONFIRMATION)
    return any(
        one.batch_id in at_once and one.id != rows.holder and not one.is_let_go for one in waiting
    )


def open_next(rows: Rows, at: datetime, ended: Ended | None = None) -> tuple[Rows, int | None]:
    """Make due what `store.lanes.open_next` does; return it, too, if its bell is to be rung."""
    first = None if is_held(rows) else head(rows, at)
    if first is None or first.next_at is not None:
        return rows, None
    batch = rows.batch(first.batch_id)
    gap_s = ended.gap_s if ended and ended.batch_id == batch.batch_id else 0.0
    next_at = at + timedelta(seconds=gap_s)
    due = replace(moves.uncounted(first), next_at=next_at)
    if not is_planned(batch):
        turn_came_at = (ended.due_at if ended else None) or next_at
        due = replace(due, wished_for=max(turn_came_at, batch.created_at))
    return rows.having(due), None if gap_s else first.id


def open_planned(rows: Rows, batch_id: str, at: datetime) -> tuple[Rows, int | None]:
    """Make due what `store.lanes.open_planned` does; return it, too."""
    batch = rows.batch(batch_id)
    clip = _next_of(rows, batch) if is_planned(batch) and _runs(batch) else None
    if clip is None or clip.next_at is not None:
        return rows, None
    if clip.wished_for is None or clip.wished_for <= at:
        return rows, None
    return rows.having(replace(moves.uncounted(clip), next_at=at)), clip.id


def write(rows: Rows, before: Lane, now: Lane) -> Rows:
    """Write what changed of the lane, as `store.lanes.write` does."""
    lane = rows.clips[0].lane
    changes = {
        field.name: getattr(now, field.name)
        for field in fields(Lane)
        if getattr(now, field.name) != getattr(before, field.name)
    }
    return rows.having_lane(replace(lane, **changes))


def learn(rows: Rows, lane: Lane) -> Rows:
    """Write what `store.lanes.learn` does."""
    return write(rows, lane, replace(lane, changes_media=True))


def _runs(batch: Batch) -> bool:
    return batch.status is Status.PROCESSING and batch.cancel_requested_at is None


def _next_of(rows: Rows, batch: Batch) -> Clip | None:
    """Return the first pending clip if all before it have gone, as `_NEXT_OF_BATCH` says."""
    for clip in rows.clips_of(batch.batch_id):
        if clip.state is State.PENDING:
            return clip
        waits = clip.state is State.WAITING_CONFIRMATION
        if clip.state in BEFORE_THE_NEXT or (
            waits and (clip.seen_at is None or is_being_taken_back(clip))
        ):
            return None
    return None
