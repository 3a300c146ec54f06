"""Lanes in doubt: looked at once, and held where a person has to say whose some stories are."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

import structlog

from storyclip.domain import doubt
from storyclip.domain.batch import Batch
from storyclip.domain.changing import replace
from storyclip.domain.clip import State
from storyclip.domain.errors import LostRace
from storyclip.domain.identity import name_of
from storyclip.domain.incident import Incident
from storyclip.domain.lane import Lane
from storyclip.domain.story import Post
from storyclip.store.database import lock_row, run, writing
from storyclip.store.files import transfers
from storyclip.store.history import events
from storyclip.store.instants import to_text
from storyclip.store.publishing import lanes, strangers, turns, writer
from storyclip.store.publishing.rows import BATCH_COLUMNS, batch_of
from storyclip.store.service import incidents, newest

log = structlog.get_logger("storyclip")


def looked(
    lane: Lane,
    found: Sequence[Post],
    at: datetime,
    over: Collection[str] = (),
    *,
    is_last: bool = True,
) -> None:
    """Note that a lane in doubt was looked at; with strangers on it, it is held from now on.

    Args:
        over: names of posts that cannot be out, nor come out any more: no strangers, if they were.
        is_last: no later look shows more; else it stays in doubt, whatever a person says.

    Raises:
        LostRace: it is in doubt anew, or somebody else has looked; nothing was written.
        StoreUnavailable: nothing was written.
    """
    with writing():
        lock_row("lanes", lane.id)
        now = lanes.here(lane.id)
        if (now.doubted_since, now.doubted_until) != (lane.doubted_since, lane.doubted_until):
            raise LostRace(f"lane {lane.id} was looked at by somebody else")
        left_alone = {one.name for one in strangers.here(lane.id, is_left_alone=True)}
        fresh = [post for post in found if name_of(post) not in left_alone]
        before = {one.name for one in strangers.here(lane.id)}
        are_new = any(name_of(post) not in before for post in fresh)
        for post in fresh:
            strangers.keep(lane.id, post, at)
        strangers.forget_known(lane.id, over)
        held_at = now.held_at or (at if fresh else None)
        known = replace(now, doubted_since=None, doubted_until=None) if is_last else now
        lanes.write(now, replace(known, held_at=held_at))
        _forget_copies(lane, at)
        is_held = bool(strangers.here(lane.id))
        told = _hold_batches(lane.id, at) if is_held else []
        if held_at is not None and not is_held:
            told = let_go_on(lane.id, at)
        if are_new:
            detail = doubt.words(len(fresh))
            subject = f"{lane.account_id}/{lane.network}/{to_text(at)}"
            incidents.write(Incident("restored", subject, detail), at)
    for batch, opened in told:
        events.announce(events.Change(batch.batch_id, batch.last_seq, None, opened))
    log.info("lane_looked_at", account=lane.account_id, strangers=len(fresh))


def _forget_copies(lane: Lane, at: datetime) -> None:
    """Have files copied, or brought, anew for what waits, if rows were lost: a send may have used
    the copy.

    Two posts with one copy could not be told apart.
    """
    lost_until = newest.here().lost_until
    if lost_until is None or lane.doubted_since is None or lane.doubted_since > lost_until:
        return
    run(
        "UPDATE publish_batch_clips SET media_url = NULL, revision = revision + 1, noted_at = ?"
        f" WHERE lane_id = ? AND media_url IS NOT NULL AND (status = '{State.PENDING}'"
        f" OR (status = '{State.UPLOADING}' AND intended_at IS NULL))",
        (to_text(at), lane.id),
    )
    transfers.forget_waiting(lane.id)


def held_from_the_start(batch: Batch, at: datetime) -> Batch:
    """Return a new batch as it is on its lane: held with it; in the caller's transaction."""
    if lanes.here(batch.lane_id).held_at is None:
        return batch
    return _held(batch, at)


def _hold_batches(lane_id: int, at: datetime) -> list[tuple[Batch, int | None]]:
    rows = run(
        f"SELECT {BATCH_COLUMNS} FROM publish_batches b WHERE b.lane_id = ?"
        " AND b.completed_at IS NULL AND b.held_at IS NULL",
        (lane_id,),
    ).fetchall()
    told = list[tuple[Batch, int | None]]()
    for before in map(batch_of, rows):
        now = replace(_held(before, at), last_seq=before.last_seq + 1)
        writer.save_batch(before, now)
        events.append(before, now, None, at)
        told.append((now, None))
    return told


def _held(batch: Batch, at: datetime) -> Batch:
    words = doubt.words(len(strangers.here(batch.lane_id)))
    return replace(batch, held_at=at, error=words).settled(at)


def let_go_on(lane_id: int, at: datetime) -> list[tuple[Batch, int | None]]:
    """Let a lane go on of which everything is known now; what it waited for does not count.

    In the caller's transaction, which holds the lane's lock; returns the batches that go on, each
    with the clip whose bell is to be rung.
    """
    lane = lanes.here(lane_id)
    lanes.write(lane, replace(lane, held_at=None, reopened_at=at))
    run(
        "UPDATE publish_batch_clips SET next_at = ?, rung_at = NULL, noted_at = ?"
        " WHERE lane_id = ?"
        f" AND next_at > ? AND status IN ('{State.UPLOADING}', '{State.VERIFYING}')",
        (*[to_text(at)] * 2, lane_id, to_text(at)),
    )
    rows = run(
        f"SELECT {BATCH_COLUMNS} FROM publish_batches b WHERE b.lane_id = ?"
        " AND b.held_at IS NOT NULL ORDER BY b.place",
        (lane_id,),
    ).fetchall()
    freed = []
    for before in map(batch_of, rows):
        now = replace(before, held_at=None, last_seq=before.last_seq + 1)
        now = (replace(now, error=None) if not now.failed else now).settled(at)
        writer.save_batch(before, now)
        events.append(before, now, None, at)
        freed.append(now)
    opened = [turns.pass_on(batch, None, None, at, changed=True) for batch in freed]
    return list(zip(freed, opened, strict=True))
