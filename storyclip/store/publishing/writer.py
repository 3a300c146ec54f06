"""The one place that writes a move: with all that hangs on it, in one commit."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

import peewee
import structlog

from storyclip.domain.batch import Batch
from storyclip.domain.changing import replace
from storyclip.domain.clip import IN_FLIGHT, SOUGHT, Clip, Event, State
from storyclip.domain.crashpoint import crashpoint
from storyclip.domain.dates.mode import Mode
from storyclip.domain.errors import LostRace, NotItsTurn
from storyclip.domain.moves import Move, withdrawn
from storyclip.domain.views import clip_view
from storyclip.store.database import lock_row, run, writing
from storyclip.store.history import events
from storyclip.store.instants import to_text
from storyclip.store.publishing import clips, lanes, recalls, sends, turns
from storyclip.store.publishing.rows import BATCH, CLIP, SELECT_BATCH, batch_of, columns_of
from storyclip.store.service import incidents

log = structlog.get_logger("storyclip")

_SENDING = frozenset({Event.CLAIMED, Event.INTENDED})


def write(move: Move, at: datetime) -> Clip:
    """Write a move, with its event, counters, status, sends, lane and the next turn in one commit.

    What nobody can see of a clip is a note: it is written, and nobody is told.

    Returns the clip as it is now.

    Raises:
        LostRace: somebody else changed it since it was read; nothing was written.
        NotItsTurn: it would be sent while the batch is paused or cancelled, or while another clip
            comes first; nothing was written.
        StoreUnavailable: nothing was written.
    """
    if _is_silent(move):
        with writing():
            _update(move.before, columns_of(CLIP, move.before, move.after), at)
        return replace(move.after, revision=move.before.revision + 1)
    with writing():
        lock_row("lanes", move.before.lane.id)
        before = locked_batch(move.before.batch_id)
        now, moved = moved_in(before, move, at)
        if moved.state is State.PENDING and now.cancel_requested_at is not None:
            now, moved = moved_in(now, withdrawn(moved), at)
        changed = now.status is not before.status
        made_due = recalls.look_from_the_last(now, at) if _lets_go(before, now, move) else []
        opened = turns.pass_on(now, move.before, moved, at, changed=changed)
        if opened == moved.id:
            moved = clips.find(moved.id)
    crashpoint(move.event.value if move.event else "noted")
    tell(now, moved, move, [opened, *made_due])
    return moved


def moved_in(before: Batch, move: Move, at: datetime) -> tuple[Batch, Clip]:
    """Write a move within the caller's transaction, which holds the lane's lock, and its batch.

    Raises:
        LostRace, NotItsTurn: as `write`.
    """
    moved = replace(move.after, revision=move.before.revision + 1)
    if move.event in _SENDING:
        turns.check_turn(move, before, at)
    _compare_and_set(move, before, at)
    sends.keep(move, at)
    if move.lane is not None:
        lanes.write(move.before.lane, move.lane)
        moved = replace(moved, lane=move.lane)
    if move.incident is not None:
        incidents.write(move.incident, at)
    if move.event is None and not _shows(move, before):
        return before, moved
    now = before.after(move.before, moved, at, _still_failed(before, move))
    save_batch(before, now)
    events.append(before, now, moved, at)
    return now, moved


def rest(clip: Clip, at: datetime) -> int | None:
    """Let a clip wait for its turn; return the clip whose turn it is if its bell is to be rung.

    That may be the same one: what made it rest may be over by now.
    """
    with writing():
        lock_row("lanes", clip.lane.id)
        _update(clip, {"next_at": None, "rung_at": None}, at)
        planned = lanes.open_planned(clip.batch_id, at)
        return planned or lanes.open_next(clip.lane.id, at)


def locked_batch(batch_id: str) -> Batch:
    """Return a batch as it is in the caller's transaction, which holds its lane's lock."""
    return batch_of(run(SELECT_BATCH, (batch_id,)).fetchone())


def save_batch(before: Batch, now: Batch) -> None:
    """Write what changed of a batch, in the caller's transaction that holds its lane's lock."""
    columns = columns_of(BATCH, before, now)
    run(
        _update_sql("publish_batches", tuple(columns), "batch_id = ?"),
        (*columns.values(), now.batch_id),
    )


def tell(batch: Batch, clip: Clip, move: Move, due: Sequence[int | None]) -> None:
    """Log an edge that was committed, and tell whoever listens."""
    log.info(
        move.event.value if move.event else "noted",
        batch=clip.batch_id,
        clip=clip.index,
        status=clip.state.value,
        attempts=clip.attempts,
        error_code=clip.error_code,
    )
    for clip_id in dict.fromkeys(due or [None]):
        events.announce(events.Change(batch.batch_id, batch.last_seq, clip, clip_id))


def _is_silent(move: Move) -> bool:
    """Return whether a move changes nothing but what this clip's next look needs."""
    if move.event is not None or move.lane is not None or move.incident is not None:
        return False
    before, after = move.before, move.after
    is_first_look = before.seen_at is None and after.seen_at is not None
    return not is_first_look and before.error == after.error


def _shows(move: Move, batch: Batch) -> bool:
    """Return whether a reader of the status can see it: then it has its event."""
    return clip_view(move.before, batch.mode) != clip_view(move.after, batch.mode)


def _still_failed(batch: Batch, move: Move) -> str | None:
    """Return what another clip says that is failed still, when one ceases to be."""
    if batch.failed == 0 or move.before.state is not State.FAILED:
        return None
    said = run(
        "SELECT error_msg FROM publish_batch_clips WHERE batch_id = ?"
        f" AND status = '{State.FAILED}' AND id <> ? ORDER BY clip_index DESC LIMIT 1",
        (batch.batch_id, move.before.id),
    ).fetchone()
    return None if said is None else said[0]


def _lets_go(before: Batch, now: Batch, move: Move) -> bool:
    """Return whether clips of a batch with dates of its own may have to be taken back now.

    A failed clip pauses it; a later one has been taken back, is not being sent any more, or will
    never be known to be gone.
    """
    pauses_itself = now.pause_requested_at is not None and before.pause_requested_at is None
    is_given_up = move.before.state in IN_FLIGHT and move.after.state is State.FAILED
    is_over = move.event is Event.RECALLED or move.before.was_sent or is_given_up
    return now.mode is not Mode.NOW and (pauses_itself or is_over)


def _compare_and_set(move: Move, batch: Batch, at: datetime) -> None:
    before, after = move.before, move.after
    columns = columns_of(CLIP, before, after)
    if after.state not in IN_FLIGHT or after.is_let_go:
        columns["lane_held"] = None
    elif (move.event in _SENDING and turns.needs_turn(before, batch, at)) or (
        takes_lane(move, batch) and not lanes.is_held(before.lane.id)
    ):
        columns["lane_held"] = before.lane.id
    try:
        _update(before, columns, at)
    except peewee.IntegrityError as taken:
        raise NotItsTurn(f"another clip is in flight on lane {before.lane.id}") from taken


def takes_lane(move: Move, batch: Batch) -> bool:
    """Return whether others wait for a clip from now on: adopted, or looked for once more."""
    is_anew = move.before.state in SOUGHT
    return batch.mode is Mode.NOW and move.event is not None and is_anew


def _update(clip: Clip, columns: dict[str, Any], at: datetime) -> None:
    columns = {**columns, "noted_at": to_text(at), "revision": clip.revision + 1}
    cursor = run(
        _update_sql("publish_batch_clips", tuple(columns), "id = ? AND revision = ?"),
        (*columns.values(), clip.id, clip.revision),
    )
    if cursor.rowcount == 0:
        raise LostRace(f"clip {clip.index} of {clip.batch_id} was changed by somebody else")


@lru_cache(maxsize=512)
def _update_sql(table: str, columns: tuple[str, ...], where: str) -> str:
    return f"UPDATE {table} SET {', '.join(f'{column} = ?' for column in columns)} WHERE {where}"
