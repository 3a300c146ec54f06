"""A lane is one network of one account: whose turn it is there, and what holds it up."""

from __future__ import annotations

from datetime import datetime, timedelta

from storyclip.domain.errors import NotFound
from storyclip.domain.lane import Lane
from storyclip.store.database import lock_row, reading, run, writing
from storyclip.store.instants import to_instant, to_text
from storyclip.store.rows import LANE_COLUMNS, lane_of

AUDITED_FOR = timedelta(hours=2)  # after a batch's end its posts are still compared with our rows
RING_AGAIN_S = 1.0  # a bell that nobody heard is rung again after this


def next_turn(lane_id: int) -> int:
    """Return the next batch's place in the lane; nobody else moves its clips until the commit."""
    row = run("UPDATE lanes SET turns = turns + 1 WHERE id = ? RETURNING turns", (lane_id,))
    return int(row.fetchone()[0])


def lane_for(account_id: str, network: str) -> int:
    """Return the id of the lane, made if it is new; in a transaction of the caller's."""
    run(
        "INSERT INTO lanes (account_id, network, turns) VALUES (?, ?, 0)"
        " ON CONFLICT (account_id, network) DO NOTHING",
        (account_id, network),
    )
    found = run("SELECT id FROM lanes WHERE account_id = ? AND network = ?", (account_id, network))
    return int(found.fetchone()[0])


def head(lane_id: int) -> tuple[int, str, datetime | None] | None:
    """Return (clip id, batch id, next_at) of the clip whose turn it is, None if nobody's.

    First in, first out over the batches that run; a paused one lets the others by.
    """
    turn = run(
        "SELECT batch_id FROM publish_batches WHERE lane_id = ? AND completed_at IS NULL"
        " AND status = 'processing' AND cancel_requested_at IS NULL ORDER BY turn LIMIT 1",
        (lane_id,),
    ).fetchone()
    if turn is None:
        return None
    row = run(
        "SELECT id, batch_id, next_at FROM publish_batch_clips"
        " WHERE batch_id = ? AND status = 'pending' ORDER BY clip_index LIMIT 1",
        turn,
    ).fetchone()
    return None if row is None else (row[0], row[1], to_instant(row[2]))


def is_held(lane_id: int) -> bool:
    """Return whether a clip of the lane is in flight."""
    held = run("SELECT 1 FROM publish_batch_clips WHERE lane_held = ?", (lane_id,))
    return held.fetchone() is not None


def open_next(lane_id: int, at: datetime, ended: tuple[str, float] | None = None) -> int | None:
    """Make the clip whose turn it is due, and return its id if its bell is to be rung now.

    In the transaction that ended the clip before it, so that no crash can lose the turn.

    Args:
        ended: batch and least gap in seconds after the clip that just ended there.
    """
    if is_held(lane_id):
        return None
    first = head(lane_id)
    if first is None or first[2] is not None:
        return None
    clip_id, batch_id, _ = first
    gap_s = ended[1] if ended and ended[0] == batch_id else 0.0
    rung_at = None if gap_s else at
    run(
        "UPDATE publish_batch_clips SET next_at = ?, rung_at = ? WHERE id = ?",
        (to_text(at + timedelta(seconds=gap_s)), to_text(rung_at), clip_id),
    )
    return None if gap_s else clip_id


def block(lane_id: int, reason: str, at: datetime) -> None:
    """Say why nothing goes through on this lane; the first time it says so counts as its start."""
    with writing():
        run(
            "UPDATE lanes SET blocked_reason = ?, blocked_since = COALESCE(blocked_since, ?)"
            " WHERE id = ?",
            (reason, to_text(at), lane_id),
        )


def unblock(lane_id: int) -> None:
    """Say that something went through again."""
    with writing():
        run(
            "UPDATE lanes SET blocked_reason = NULL, blocked_since = NULL WHERE id = ?",
            (lane_id,),
        )


def remember_lead(lane_id: int, lead_s: float, until: datetime) -> None:
    """Plan this lane's stories at least `lead_s` seconds ahead until then."""
    with writing():
        run(
            "UPDATE lanes SET lead_s = ?, lead_until = ? WHERE id = ?",
            (lead_s, to_text(until), lane_id),
        )


def active(at: datetime) -> list[int]:
    """Return the lanes with a batch that runs, or that ended within AUDITED_FOR."""
    since = to_text(at - AUDITED_FOR)
    with reading():
        rows = run(
            "SELECT lane_id FROM publish_batches WHERE completed_at IS NULL"
            " UNION SELECT lane_id FROM publish_batches WHERE completed_at >= ?",
            (since,),
        ).fetchall()
    return [lane_id for (lane_id,) in rows]


def reopen_stalled(at: datetime) -> list[int]:
    """Make due what has its turn and is not due; return those clips, none unless we have a bug.

    The turn is passed on in the transaction that ends a clip, so nothing should ever stall; a
    lane that does anyway must not wait for a person.
    """
    with reading():
        running = run(
            "SELECT DISTINCT lane_id FROM publish_batches"
            " WHERE completed_at IS NULL AND status = 'processing'"
        ).fetchall()
    opened = []
    for (lane_id,) in running:
        with writing():
            lock_row("lanes", lane_id)
            opened.append(open_next(lane_id, at))
    return [clip_id for clip_id in opened if clip_id is not None]


def find(lane_id: int) -> Lane:
    """Return a lane that exists.

    Raises:
        NotFound: there is none with this id.
        StoreUnavailable: the database does not answer.
    """
    with reading():
        row = run(f"SELECT {LANE_COLUMNS} FROM lanes l WHERE l.id = ?", (lane_id,)).fetchone()
    if row is None:
        raise NotFound(f"no lane {lane_id}")
    return lane_of(row)
