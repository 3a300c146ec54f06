"""One move, with all that hangs on it."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import datetime

from storyclip.domain.clip import IN_FLIGHT, Clip, State
from storyclip.domain.errors import LostRace, NotItsTurn
from storyclip.domain.moves import Move, withdrawn
from storyclip.store.publishing import writer
from storyclip.store.publishing.turns import needs_turn
from tests.model.twin import lanes, recalls, sends, turns
from tests.model.twin.rows import Rows

_COLUMNS = tuple(field.name for field in fields(Clip) if field.name not in ("lane", "revision"))


def write(rows: Rows, move: Move, at: datetime) -> tuple[Rows, Clip]:
    """Write a move as `store.writer.write` does.

    Raises:
        LostRace, NotItsTurn: nothing was written.
    """
    if writer._is_silent(move):
        return _update(rows, move), _moved(move)
    before = rows.batch(move.before.batch_id)
    rows, moved = moved_in(rows, move, at)
    if moved.state is State.PENDING and before.cancel_requested_at is not None:
        rows, moved = moved_in(rows, withdrawn(moved), at)
    now = rows.batch(before.batch_id)
    changed = now.status is not before.status
    if writer._lets_go(before, now, move):
        rows = recalls.look_from_the_last(rows, now, at)
    rows, opened = turns.pass_on(rows, now, move.before, moved, at, changed=changed)
    return rows, rows.clip(moved.id) if opened == moved.id else moved


def moved_in(rows: Rows, move: Move, at: datetime) -> tuple[Rows, Clip]:
    """Write one move with its counters, sends and lane.

    Raises:
        LostRace, NotItsTurn: as `write`.
    """
    moved = _moved(move)
    batch = rows.batch(moved.batch_id)
    if move.event in writer._SENDING:
        turns.check_turn(rows, move, at)
    rows = sends.keep(_update(_lane_held(rows, move, at), move), move, at)
    if move.lane is not None:
        rows = lanes.write(rows, move.before.lane, move.lane)
        moved = replace(moved, lane=move.lane)
    if move.event is None and not writer._shows(move, batch):
        return rows, moved
    now = batch.after(move.before, moved, at, _still_failed(rows, move))
    return rows.having_batch(now), moved


def rest(rows: Rows, clip: Clip, at: datetime) -> Rows:
    """Let a clip wait for its turn, as `store.writer.rest` does.

    Raises:
        LostRace: somebody else changed the clip.
    """
    rows = _update(rows, Move(clip, clip, None))
    rows = rows.having(replace(rows.clip(clip.id), next_at=None))
    rows, planned = lanes.open_planned(rows, clip.batch_id, at)
    return rows if planned else lanes.open_next(rows, at)[0]


def bury(rows: Rows, worker: str, at: datetime) -> Rows:
    """Make due what a dead worker had in hand, as `store.workers.bury` does."""
    in_hand = (clip for clip in rows.clips if clip.worker == worker)
    return rows.having(*(replace(clip, next_at=at) for clip in in_hand))


def _still_failed(rows: Rows, move: Move) -> str | None:
    """Return what the last other clip says that is failed still, when one ceases to be."""
    others = (clip for clip in rows.clips_of(move.before.batch_id) if clip.id != move.before.id)
    said = [clip.error for clip in others if clip.state is State.FAILED]
    return said[-1] if said and move.before.state is State.FAILED else None


def _moved(move: Move) -> Clip:
    return replace(move.after, rung_at=None, revision=move.before.revision + 1)


def _lane_held(rows: Rows, move: Move, at: datetime) -> Rows:
    """Take the lane, or leave it; that only one clip holds it is an index of the table."""
    before, after = move.before, move.after
    if after.state not in IN_FLIGHT or after.is_let_go:
        return replace(rows, holder=None) if rows.holder == before.id else rows
    batch, is_held = rows.batch(before.batch_id), lanes.is_held(rows)
    if move.event in writer._SENDING and needs_turn(before, batch, at):
        is_taken = is_held and rows.holder != before.id
        if is_taken and not _is_stale(rows.clip(before.id), before):
            raise NotItsTurn("another clip is in flight on the lane")
        return replace(rows, holder=before.id)
    if writer.takes_lane(move, batch) and not is_held:
        return replace(rows, holder=before.id)
    return rows


def _update(rows: Rows, move: Move) -> Rows:
    row, before, after = rows.clip(move.before.id), move.before, move.after
    if _is_stale(row, before):
        raise LostRace(f"clip {row.index} was changed by somebody else")
    changes = {
        name: getattr(after, name)
        for name in _COLUMNS
        if getattr(after, name) != getattr(before, name)
    }
    return rows.having(replace(row, **{**changes, "rung_at": None}, revision=row.revision + 1))


def _is_stale(row: Clip, read: Clip) -> bool:
    return row.revision != read.revision
