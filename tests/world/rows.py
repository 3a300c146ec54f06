"""What the rows say: for the simulated clock, and for readers, as the API shows it."""

from __future__ import annotations

import json
from collections.abc import Collection
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from storyclip.domain.reach import EVERYTHING
from storyclip.domain.views import clip_view, summary_view
from storyclip.store import database
from storyclip.store.history import events
from storyclip.store.instants import to_instant, to_text
from storyclip.store.publishing import ahead, batches, clips, forbidden, lanes, stalled
from storyclip.store.service import newest, workers


def make_due(now: datetime) -> list[int]:
    """Return the clips whose bell the clock rings now."""
    return clips.make_due(now, portion=50)


def soonest_due() -> datetime | None:
    """Return when the next clip is due, None for never."""
    row = database.run(
        "SELECT next_at FROM publish_batch_clips WHERE next_at IS NOT NULL ORDER BY next_at LIMIT 1"
    ).fetchone()
    return to_instant(row[0]) if row else None


def due_since(moment: datetime) -> list[tuple[int, int]]:
    """Return the clips that were due by then and are still, each with its lane."""
    rows = database.run(
        "SELECT c.id, b.lane_id FROM publish_batch_clips c JOIN publish_batches b"
        " ON b.batch_id = c.batch_id WHERE c.next_at <= ?",
        (to_text(moment),),
    ).fetchall()
    return [(clip_id, lane_id) for clip_id, lane_id in rows]


def is_to_move(clip_id: int, worker: str, now: datetime) -> bool:
    """Return whether a clip is due, or in the hand of a worker."""
    row = database.run(
        "SELECT 1 FROM publish_batch_clips WHERE id = ? AND (next_at <= ? OR worker = ?)",
        (clip_id, to_text(now), worker),
    ).fetchone()
    return row is not None


def put_back(clip_id: int, name: str, now: datetime) -> bool:
    """Make due what a living worker could not write, as its clock does."""
    return workers.put_back(clip_id, name, now)


def in_hand() -> set[str]:
    """Return the workers that have a clip in hand, as the rows say, living or dead."""
    rows = database.run(
        "SELECT DISTINCT worker FROM publish_batch_clips WHERE worker IS NOT NULL"
    ).fetchall()
    return {name for (name,) in rows}


def bury(names: Collection[str], now: datetime) -> None:
    """Find out that workers are dead, as the clock does."""
    workers.bury(names, now)


def lanes_to_audit(now: datetime) -> list[int]:
    """Return the lanes that the clock has compared with Metricool's lists."""
    return lanes.active(now)


def reopen_stalled(now: datetime) -> list[int]:
    """Return the clips that had their turn and were not due: none unless there is a bug."""
    return [clip for batch in stalled.running() for clip in stalled.reopen(batch, now)]


def forbid(now: datetime) -> None:
    """Make due what users are to publish who may not any more."""
    forbidden.make_due(now)


def put_right(now: datetime) -> list[int]:
    """Return the clips that were put off by a clock ahead of this one; they are due now."""
    return ahead.make_due(now)


def known_uuids() -> set[str]:
    """Return the uuids of all posts that a clip holds, or that are known to be of a send."""
    rows = database.run(
        "SELECT post_uuid FROM publish_batch_clips UNION SELECT post_uuid FROM publish_sends"
    )
    return {uuid for (uuid,) in rows.fetchall() if uuid is not None}


def all_batches() -> list[str]:
    """Return the ids of all batches there are, told to anybody or not."""
    rows = database.run("SELECT batch_id FROM publish_batches ORDER BY created_at, batch_id")
    return [batch_id for (batch_id,) in rows.fetchall()]


def clip_names() -> dict[int, tuple[str, int]]:
    """Return batch id and index of each clip by the id of its row."""
    rows = database.run("SELECT id, batch_id, clip_index FROM publish_batch_clips").fetchall()
    return {clip_id: (batch_id, index) for clip_id, batch_id, index in rows}


def events_told(batch_id: str) -> list[dict[str, Any]]:
    """Return all events of a batch, as a reader could see them."""
    told: list[dict[str, Any]] = []
    while page := events.events_after(batch_id, len(told)):
        told += [_event(body) for _, body, _ in page]
    return told


@lru_cache(4096)  # a batch that is shown on its way is shown with what was told before
def _event(body: str) -> dict[str, Any]:
    event: dict[str, Any] = json.loads(body)
    return event


def whole_shown(batch_id: str, now: datetime) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Return a batch and its clips as the API shows them."""
    seen, its = batches.find_whole(batch_id, EVERYTHING)
    summary = summary_view(seen.batch, seen.current, now, 120.0, seen.blocked)
    return {**summary}, [{**clip_view(clip, seen.batch.mode)} for clip in its]


def kept() -> bytes:
    """Return a copy of everything there is, as an online backup makes one."""
    return bytes(database.database.obj.connection().serialize())


def restore(backup: bytes) -> None:
    """Have everything as it was when a copy was made of it."""
    database.database.obj.connection().deserialize(backup)


def lived_on(passed: timedelta, signs: int, now: datetime) -> datetime:
    """Write the last of so many signs of life, all given in time; return of when it is."""
    before = newest.find()
    assert before.alive_at is not None
    alive_at = max(before.alive_at, min(before.alive_at + passed, now))
    with database.writing():
        database.run(
            "UPDATE service SET mark = mark + ?, alive_at = ? WHERE id = 1",
            (signs, to_text(alive_at)),
        )
    return alive_at


def are_lanes_in_doubt() -> bool:
    """Return whether any lane that may be sent on has to be looked at before."""
    row = database.run("SELECT 1 FROM lanes WHERE doubted_since IS NOT NULL LIMIT 1").fetchone()
    return row is not None


def is_in_doubt(lane_id: int) -> bool:
    """Return whether a lane has to be looked at before anything is sent on it."""
    return lanes.find(lane_id).doubted_since is not None


def held_lanes() -> list[int]:
    """Return the lanes that wait for a person's word."""
    rows = database.run("SELECT id FROM lanes WHERE held_at IS NOT NULL").fetchall()
    return [lane_id for (lane_id,) in rows]


def last_seqs() -> dict[str, int]:
    """Return the number of the last event of each batch."""
    return dict(database.run("SELECT batch_id, last_seq FROM publish_batches").fetchall())


def is_held(batch_id: str) -> bool:
    """Return whether a batch waits for a person's word."""
    row = database.run(
        "SELECT 1 FROM publish_batches WHERE batch_id = ? AND held_at IS NOT NULL", (batch_id,)
    ).fetchone()
    return row is not None
