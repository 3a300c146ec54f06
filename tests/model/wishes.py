"""The user's hand on the rows: what `store.wishes` does, as a value."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from storyclip.domain import moves, wish
from storyclip.domain.batch import MODE_NOW, Batch
from storyclip.domain.clip import State
from storyclip.domain.errors import ActionRefused, RefusalCode
from tests.model import rows as rows_
from tests.model.rows import Rows


def pause(rows: Rows, at: datetime, _first_date: datetime) -> Rows:
    """Start no other clip.

    Raises:
        ActionRefused: the batch has ended, or is being cancelled.
    """
    wish.refuse_if_over(rows.batch, "paused")
    if rows.batch.pause_requested_at is not None:
        return rows
    rows = _wish(rows, replace(rows.batch, pause_requested_at=at), at)
    if rows.batch.mode != MODE_NOW:
        rows = rows_.look_at_last(rows, at)
    return rows_.pass_on(rows, None, None, at, changed=True)[0]


def resume(rows: Rows, at: datetime, first_date: datetime) -> Rows:
    """Go on.

    Raises:
        ActionRefused: the batch is not paused, or the order would change.
    """
    wish.refuse_if_over(rows.batch, "resumed")
    if rows.batch.pause_requested_at is None:
        raise ActionRefused(RefusalCode.NOT_PAUSED, "it goes on by itself")
    notes = wish.planned_anew(rows.batch, rows.clips, first_date)
    if late := wish.come_late(notes, rows.clips):
        raise ActionRefused(RefusalCode.ORDER_WOULD_CHANGE, wish.order_words(late))
    rows = _wish(rows, replace(rows.batch, pause_requested_at=None), at)
    for note in notes:
        rows, _ = rows_.moved_in(rows, note, at)
    if rows.batch.mode != MODE_NOW:
        rows = rows_.look_at_once(rows, at)
    return rows_.pass_on(rows, None, None, at, changed=True)[0]


def cancel(rows: Rows, at: datetime, _first_date: datetime) -> Rows:
    """End the rest.

    Raises:
        ActionRefused: the batch has ended by itself.
    """
    if rows.batch.cancel_requested_at is not None:
        return rows
    wish.refuse_if_over(rows.batch, "cancelled")
    rows = _wish(rows, replace(rows.batch, cancel_requested_at=at), at)
    for clip in rows.clips:
        if clip.state is State.PENDING:
            rows, _ = rows_.moved_in(rows, moves.withdrawn(clip), at)
    rows = rows_.look_at_once(rows, at)
    return rows_.pass_on(rows, None, None, at, changed=True)[0]


def _wish(rows: Rows, wished: Batch, at: datetime) -> Rows:
    return rows.of_batch(wished.settled(at))


WISHES = {"pause": pause, "resume": resume, "cancel": cancel}
