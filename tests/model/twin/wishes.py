"""The user's hand on a batch."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from storyclip.domain import moves, refusals, wish
from storyclip.domain.batch import Batch
from storyclip.domain.clip import State
from tests.model.twin import lanes, recalls, turns, writer
from tests.model.twin.rows import Rows


def pause(rows: Rows, batch_id: str, at: datetime) -> Rows:
    """Do what `store.wishes.pause` does.

    Raises:
        ActionRefused: the batch has ended, or is being cancelled.
    """
    before = rows.batch(batch_id)
    wish.refuse_if_over(before, "paused")
    if before.pause_requested_at is not None:
        return rows
    now = replace(before, pause_requested_at=at).settled(at)
    rows = rows.having_batch(now)
    for note in wish.silenced(rows.clips_of(batch_id)):
        rows, _ = writer.moved_in(rows, note, at)
    if lanes.is_planned(now):
        rows = recalls.look_from_the_last(rows, now, at)
    rows = recalls.look_at_failed(rows, now, at)
    return _passed_on(rows, now, at)


def resume(rows: Rows, batch_id: str, at: datetime, first_date: datetime) -> Rows:
    """Do what `store.wishes.resume` does.

    Raises:
        ActionRefused: the batch is not paused, or the order would change.
    """
    before, every = rows.batch(batch_id), rows.clips_of(batch_id)
    wish.refuse_if_over(before, "resumed")
    if before.pause_requested_at is None:
        raise refusals.not_paused()
    notes = wish.planned_anew(before, every, first_date)
    if late := wish.come_late(notes, every):
        raise refusals.order_would_change(late)
    back = replace(before, pause_requested_at=None, place=lanes.next_turn(rows))
    now = back.settled(at)
    rows = rows.having_batch(now)
    for note in notes:
        rows, _ = writer.moved_in(rows, note, at)
    if lanes.is_planned(now):
        rows = recalls.look_at_once(rows, now, at)
    return _passed_on(rows, now, at)


def cancel(rows: Rows, batch_id: str, at: datetime) -> Rows:
    """Do what `store.wishes.cancel` does.

    Raises:
        ActionRefused: the batch has ended by itself, and nothing of it may go out any more.
    """
    before = rows.batch(batch_id)
    if before.cancel_requested_at is not None:
        return rows
    wish.refuse_if_nothing_goes_out(before, rows.clips_of(batch_id))
    now = replace(before, cancel_requested_at=at).settled(at)
    rows = rows.having_batch(now)
    for clip in rows.clips_of(batch_id):
        if clip.state is State.PENDING:
            rows, _ = writer.moved_in(rows, moves.withdrawn(clip), at)
    rows = recalls.look_at_failed(recalls.look_at_once(rows, now, at), now, at)
    return _passed_on(rows, now, at)


def _passed_on(rows: Rows, batch: Batch, at: datetime) -> Rows:
    return turns.pass_on(rows, batch, None, None, at, changed=True)[0]
