"""Clips: reading one, moving one, and what is due."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

import peewee
import structlog

from storyclip.domain.batch import Batch
from storyclip.domain.clip import IN_FLIGHT, Clip, Event, State, after
from storyclip.domain.crashpoint import crashpoint
from storyclip.domain.errors import LostRace, NotFound, NotItsTurn
from storyclip.store import events, lanes, turns
from storyclip.store.database import lock_row, reading, run, writing
from storyclip.store.instants import to_text
from storyclip.store.rows import (
    BATCH,
    BATCH_COLUMNS,
    CLIP,
    SELECT_CLIP,
    batch_of,
    clip_of,
    columns_of,
)

log = structlog.get_logger("storyclip")

FRESH_S = 5.0  # due for no longer than this is today's work; older is a backlog, rung in portions
_SENDING = frozenset({Event.CLAIMED, Event.INTENDED})


def find(clip_id: int) -> Clip:
    """Return a clip as its row is now.

    Raises:
        NotFound: there is none with this id.
        StoreUnavailable: the database does not answer.
    """
    with reading():
        row = run(f"{SELECT_CLIP} WHERE c.id = ?", (clip_id,)).fetchone()
    if row is None:
        raise NotFound(f"no clip {clip_id}")
    return clip_of(row)


def of_batch(batch_id: str) -> Sequence[Clip]:
    """Return the clips of a batch in their order, none if there is no such batch."""
    with reading():
        rows = run(
            f"{SELECT_CLIP} WHERE c.batch_id = ? ORDER BY c.clip_index", (batch_id,)
        ).fetchall()
    return [clip_of(row) for row in rows]


def next_in_batch(clip: Clip) -> int | None:
    """Return the id of the clip after this one if it has yet to be prepared, else None."""
    with reading():
        row = run(
            "SELECT id FROM publish_batch_clips WHERE batch_id = ? AND clip_index = ?"
            " AND status = 'pending' AND media_url IS NULL AND next_at IS NULL",
            (clip.batch_id, clip.index + 1),
        ).fetchone()
    return None if row is None else int(row[0])


def record(clip: Clip, event: Event, *, at: datetime, **changes: Any) -> Clip:
    """Move a clip along its edge, with event, counters, status and the next turn in one commit.

    Returns the clip as it is now.

    Raises:
        LostRace: somebody else changed it since `clip` was read; nothing was written.
        NotItsTurn: CLAIMED or INTENDED while the batch is paused or cancelled, or while another
            clip comes first; nothing was written.
        NoSuchEdge: the state has no such edge.
        StoreUnavailable: nothing was written.
    """
    with writing():
        lock_row("lanes", clip.lane.id)
        before = locked_batch(clip.batch_id)
        now, moved = move(before, clip, event, at, changes)
        if moved.state is State.PENDING and now.cancel_requested_at is not None:
            ending = {"next_at": None, "rung_at": None}
            now, moved = move(now, moved, Event.WITHDRAWN, at, ending)
        changed = now.status is not before.status
        opened = turns.pass_on(now, clip, moved, at, changed=changed)
        if opened == moved.id:
            moved = clip_of(run(f"{SELECT_CLIP} WHERE c.id = ?", (moved.id,)).fetchone())
    crashpoint(event.value)
    tell(now, moved, event, opened)
    return moved


def move(
    before: Batch, clip: Clip, event: Event, at: datetime, changes: dict[str, Any]
) -> tuple[Batch, Clip]:
    """Move a clip within the caller's transaction, which holds the lane's lock, and its batch.

    Raises:
        LostRace, NotItsTurn, NoSuchEdge: as `record`.
    """
    state = after(clip.state, event)
    if state is not State.UPLOADING:
        changes = {**changes, "worker": None}
    moved = replace(clip, state=state, revision=clip.revision + 1, **changes)
    if event in _SENDING:
        turns.check_turn(clip, event, before, at)
    _compare_and_set(clip, moved, before, event, at)
    now = before.after(clip, moved, at)
    save_batch(before, now)
    events.append(before, now, moved, at)
    return now, moved


def tell(batch: Batch, clip: Clip, event: Event, opened: int | None) -> None:
    """Log an edge that was committed, and tell whoever listens."""
    log.info(
        event.value,
        batch=clip.batch_id,
        clip=clip.index,
        status=clip.state.value,
        attempts=clip.attempts,
        error_code=clip.error_code,
    )
    events.announce(events.Change(batch.batch_id, batch.last_seq, clip, opened))


def locked_batch(batch_id: str) -> Batch:
    """Return a batch as it is in the caller's transaction, which holds its lane's lock."""
    select = f"SELECT {BATCH_COLUMNS} FROM publish_batches b WHERE b.batch_id = ?"
    return batch_of(run(select, (batch_id,)).fetchone())


def store_media(clip: Clip, media_url: str) -> None:
    """Keep the media prepared ahead of a clip's turn, unless somebody was quicker.

    No revision: the turn must not be lost to it, and a clip once claimed keeps its own media.
    """
    with writing():
        run(
            "UPDATE publish_batch_clips SET media_url = ?"
            " WHERE id = ? AND status = 'pending' AND media_url IS NULL",
            (media_url, clip.id),
        )


def note(clip: Clip, **changes: Any) -> Clip:
    """Write what was learned about a clip that did not move; nobody else is told.

    Raises:
        LostRace: somebody else changed it since it was read; nothing was written.
        StoreUnavailable: nothing was written.
    """
    noted = replace(clip, revision=clip.revision + 1, **changes)
    with writing():
        _update(clip, columns_of(CLIP, clip, noted))
    return noted


def save_batch(before: Batch, now: Batch) -> None:
    """Write what changed of a batch, in the caller's transaction that holds its lane's lock."""
    columns = columns_of(BATCH, before, now)
    run(
        _update_sql("publish_batches", tuple(columns), "batch_id = ?"),
        (*columns.values(), now.batch_id),
    )


def make_due(at: datetime, portion: int) -> list[int]:
    """Return the clips that are due and whose bell is to be rung now, and note that it is.

    All that became due lately, and at most `portion` of what has been waiting for longer.
    """
    again = to_text(at - timedelta(seconds=lanes.RING_AGAIN_S))
    fresh = to_text(at - timedelta(seconds=FRESH_S))
    now = to_text(at)
    with reading():
        due = run(
            "SELECT 1 FROM publish_batch_clips WHERE next_at <= ?"
            " AND (rung_at IS NULL OR rung_at <= ?) LIMIT 1",
            (now, again),
        ).fetchone()
    if due is None:
        return []
    with writing():
        rung = run(
            "UPDATE publish_batch_clips SET rung_at = ? WHERE next_at > ? AND next_at <= ?"
            " AND (rung_at IS NULL OR rung_at <= ?) RETURNING id",
            (now, fresh, now, again),
        ).fetchall()
        rung += run(
            "UPDATE publish_batch_clips SET rung_at = ? WHERE id IN ("
            "SELECT id FROM publish_batch_clips WHERE next_at <= ?"
            " AND (rung_at IS NULL OR rung_at <= ?) ORDER BY next_at LIMIT ?) RETURNING id",
            (now, fresh, again, portion),
        ).fetchall()
    return [clip_id for (clip_id,) in rung]


def rest(clip: Clip, at: datetime) -> int | None:
    """Let a clip wait for its turn; return the clip whose turn it is if its bell is to be rung."""
    with writing():
        lock_row("lanes", clip.lane.id)
        _update(clip, {"next_at": None, "rung_at": None})
        return lanes.open_next(clip.lane.id, at)


def _compare_and_set(clip: Clip, moved: Clip, batch: Batch, event: Event, at: datetime) -> None:
    columns = columns_of(CLIP, clip, moved)
    if moved.state not in IN_FLIGHT:
        columns["lane_held"] = None
    elif event in _SENDING and turns.needs_turn(clip, batch, at):
        columns["lane_held"] = clip.lane.id
    try:
        _update(clip, columns)
    except peewee.IntegrityError as taken:
        raise NotItsTurn(f"another clip is in flight on lane {clip.lane.id}") from taken


def _update(clip: Clip, columns: dict[str, Any]) -> None:
    columns = {**columns, "revision": clip.revision + 1}
    cursor = run(
        _update_sql("publish_batch_clips", tuple(columns), "id = ? AND revision = ?"),
        (*columns.values(), clip.id, clip.revision),
    )
    if cursor.rowcount == 0:
        raise LostRace(f"clip {clip.index} of {clip.batch_id} was changed by somebody else")


@lru_cache(maxsize=256)
def _update_sql(table: str, columns: tuple[str, ...], where: str) -> str:
    return f"UPDATE {table} SET {', '.join(f'{column} = ?' for column in columns)} WHERE {where}"
