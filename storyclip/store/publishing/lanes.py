"""A lane is one network of one account: whose turn it is there, and what holds it up."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from storyclip.domain.batch import Status
from storyclip.domain.changing import replace
from storyclip.domain.clip import UNCERTAIN, UNDECIDED, State
from storyclip.domain.dates.mode import Mode
from storyclip.domain.errors import NotFound
from storyclip.domain.lane import Lane
from storyclip.domain.network import Network
from storyclip.store.database import lock_row, marks, reading, run, writing
from storyclip.store.instants import to_instant, to_text
from storyclip.store.publishing.awaited import MAY_BE_AWAITED, is_any_awaited
from storyclip.store.publishing.rows import LANE, LANE_COLUMNS, columns_of, lane_of
from storyclip.store.service import newest

AUDITED_FOR = timedelta(hours=2)  # after a batch's end its posts are still compared with our rows
BEFORE_THE_NEXT = tuple(sorted(UNDECIDED))
RING_AGAIN_S = 1.0  # a bell that nobody heard is rung again after this

# `c` is pending, and all before it have gone: what is uncertain would come after it
_NEXT_OF_BATCH = (
    f"c.batch_id = b.batch_id AND c.status = '{State.PENDING}' AND NOT EXISTS"
    " (SELECT 1 FROM publish_batch_clips d WHERE d.batch_id = b.batch_id"
    f" AND d.clip_index < c.clip_index AND (d.status IN ({marks(BEFORE_THE_NEXT)})"
    # What is being taken back, or was not looked at yet, may have to be planned anew before it
    f" OR (d.status = '{State.WAITING_CONFIRMATION.value}' AND (d.seen_at IS NULL"
    " OR d.taken_back_at IS NOT NULL OR d.recall_wished_at IS NOT NULL))))"
)

# While others had their turn nobody asked Metricool to take it: that counts as no outage of it
_UNCOUNTED = "postponed_since = NULL, postponements = 0"


# With when a clip without a date of its own had its turn, or would have had it: not before its
# batch was asked for, for nobody wished for it then
_OPEN = (
    f"UPDATE publish_batch_clips SET next_at = ?, rung_at = ?, noted_at = ?, {_UNCOUNTED},"
    " wished_for = COALESCE((SELECT CASE WHEN b.created_at > ? THEN b.created_at ELSE ? END"
    " FROM publish_batches b WHERE b.batch_id = publish_batch_clips.batch_id"
    f" AND b.publish_mode = '{Mode.NOW}'), wished_for) WHERE id = ?"
)

# Whose turn it is in a lane, and whether more has to be asked before it is theirs
_HEAD = (
    f"SELECT id, batch_id, next_at, {MAY_BE_AWAITED} FROM publish_batch_clips n"
    f" WHERE n.status = '{State.PENDING}' AND n.batch_id ="
    " (SELECT batch_id FROM publish_batches b WHERE lane_id = ? AND completed_at IS NULL"
    f" AND status = '{Status.PROCESSING}' AND cancel_requested_at IS NULL"
    # One whose last clip was moved far ahead waits for nothing here
    " AND EXISTS (SELECT 1 FROM publish_batch_clips c"
    f" WHERE c.batch_id = b.batch_id AND c.status = '{State.PENDING}'"
    f" AND ((publish_mode = '{Mode.NOW}' AND NOT EXISTS (SELECT 1 FROM publish_batch_clips d"
    " WHERE d.batch_id = b.batch_id AND d.clip_index < c.clip_index"
    f" AND d.status IN ({marks(UNCERTAIN)})))"
    f" OR ({_NEXT_OF_BATCH} AND c.wished_for <= ?))) ORDER BY place LIMIT 1)"
    " ORDER BY n.clip_index LIMIT 1"
)


def next_turn(lane_id: int) -> int:
    """Return the next batch's place in the lane; nobody else moves its clips until the commit."""
    row = run("UPDATE lanes SET turns = turns + 1 WHERE id = ? RETURNING turns", (lane_id,))
    return int(row.fetchone()[0])


def lane_for(account_id: str, network: Network) -> int:
    """Return the id of the lane, made if it is new; in a transaction of the caller's.

    A lane that is new to us is not so to Metricool if rows were lost.
    """
    by_name = "SELECT id FROM lanes WHERE account_id = ? AND network = ?"
    found = run(by_name, (account_id, network)).fetchone()
    if found is None:
        rows = newest.here()
        run(
            "INSERT INTO lanes (account_id, network, turns, doubted_since, doubted_until)"
            " VALUES (?, ?, 0, ?, ?) ON CONFLICT (account_id, network) DO NOTHING",
            (account_id, network, to_text(rows.lost_since), to_text(rows.lost_until)),
        )
        found = run(by_name, (account_id, network)).fetchone()
    return int(found[0])


def head(lane_id: int, at: datetime) -> tuple[int, str, datetime | None] | None:
    """Return (clip id, batch id, next_at) of the clip whose turn it is, None if nobody's.

    First in, first out over the batches that run; a paused one lets the others by, and so does a
    planned one as long as its next clip can still go out on its own date. Nobody's while a story
    without a date of its own waits to be live that never had the lane: it was adopted.
    """
    values = (lane_id, lane_id, *sorted(UNCERTAIN), *BEFORE_THE_NEXT, to_text(at))
    row = run(_HEAD, values).fetchone()
    if row is None or (row[3] and is_any_awaited(lane_id)):
        return None
    return row[0], row[1], to_instant(row[2])


def is_held(lane_id: int) -> bool:
    """Return whether a clip that needed its turn is in flight on the lane."""
    held = run("SELECT 1 FROM publish_batch_clips WHERE lane_held = ?", (lane_id,))
    return held.fetchone() is not None


@dataclass(frozen=True, slots=True)
class Ended:
    """What the clip that just ended means for the next one.

    `gap_s` is the least pause in seconds within its batch. `due_at` is when the next one would
    have had its turn if nothing had stood still; None when that is now.
    """

    batch_id: str
    gap_s: float
    due_at: datetime | None = None


def open_next(lane_id: int, at: datetime, ended: Ended | None = None) -> int | None:
    """Make the clip whose turn it is due, and return its id if its bell is to be rung now.

    In the transaction that ended the clip before it, so that no crash can lose the turn.
    """
    if is_held(lane_id):
        return None
    first = head(lane_id, at)
    if first is None or first[2] is not None:
        return None
    clip_id, batch_id, _ = first
    gap_s = ended.gap_s if ended and ended.batch_id == batch_id else 0.0
    next_at = at + timedelta(seconds=gap_s)
    came_at = to_text((ended.due_at if ended else None) or next_at)
    rung_at = to_text(None if gap_s else at)
    run(_OPEN, (to_text(next_at), rung_at, to_text(at), came_at, came_at, clip_id))
    return None if gap_s else clip_id


def open_planned(batch_id: str, at: datetime) -> int | None:
    """Make the next clip of a planned batch due if it can go out on its own date; return its id.

    Nothing while one before it may still turn out not to be there: it would come after.
    """
    row = run(
        f"UPDATE publish_batch_clips SET next_at = ?, rung_at = ?, noted_at = ?, {_UNCOUNTED}"
        " WHERE next_at IS NULL AND id ="
        " (SELECT c.id FROM publish_batch_clips c JOIN publish_batches b"
        f" ON b.batch_id = c.batch_id WHERE b.batch_id = ? AND b.publish_mode <> '{Mode.NOW}'"
        f" AND b.status = '{Status.PROCESSING}' AND b.cancel_requested_at IS NULL"
        f" AND {_NEXT_OF_BATCH} AND c.wished_for > ?) RETURNING id",
        (*[to_text(at)] * 3, batch_id, *BEFORE_THE_NEXT, to_text(at)),
    ).fetchone()
    return None if row is None else int(row[0])


def write(before: Lane, now: Lane) -> None:
    """Write what changed of a lane, in the caller's transaction that holds its lock."""
    columns = columns_of(LANE, before, now)
    if columns:
        sets = ", ".join(f"{column} = ?" for column in columns)
        run(f"UPDATE lanes SET {sets} WHERE id = ?", (*columns.values(), before.id))


def learn(lane: Lane) -> None:
    """Write that the lane's lists show our media otherwise: no URL of it proves an absence now.

    Raises:
        StoreUnavailable: nothing was written.
    """
    with writing():
        lock_row("lanes", lane.id)
        write(lane, replace(lane, changes_media=True))


def active(at: datetime) -> list[int]:
    """Return the lanes with a batch that runs, or that ended within AUDITED_FOR, or with a date
    ahead that Metricool was asked for: whatever became of its clip, something may come of it.
    """
    since = to_text(at - AUDITED_FOR)
    with reading():
        rows = run(
            "SELECT lane_id FROM publish_batches WHERE completed_at IS NULL"
            " UNION SELECT lane_id FROM publish_batches WHERE completed_at >= ?"
            " UNION SELECT lane_id FROM publish_sends WHERE planned_for >= ?",
            (since, since),
        ).fetchall()
    return [lane_id for (lane_id,) in rows]


def in_doubt(limit: int = 100) -> list[int]:
    """Return lanes that nobody has looked at since the doubt, first those with a batch that runs.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    with reading():
        rows = run(
            "SELECT id FROM lanes l WHERE doubted_since IS NOT NULL ORDER BY NOT EXISTS"
            " (SELECT 1 FROM publish_batches b WHERE b.lane_id = l.id AND b.completed_at IS NULL),"
            " id LIMIT ?",
            (limit,),
        ).fetchall()
    return [lane_id for (lane_id,) in rows]


def find(lane_id: int) -> Lane:
    """Return a lane that exists.

    Raises:
        NotFound: there is none with this id.
        StoreUnavailable: the database does not answer.
    """
    with reading():
        return here(lane_id)


def named(account_id: str, network: Network) -> Lane:
    """Return the lane of an account and a network.

    Raises:
        NotFound: nothing was ever published there.
        StoreUnavailable: the database does not answer.
    """
    with reading():
        row = run(
            f"SELECT {LANE_COLUMNS} FROM lanes l WHERE l.account_id = ? AND l.network = ?",
            (account_id, network),
        ).fetchone()
    if row is None:
        raise NotFound(f"no lane {account_id}/{network}")
    return lane_of(row)


def here(lane_id: int) -> Lane:
    """Do the same on the caller's connection."""
    row = run(f"SELECT {LANE_COLUMNS} FROM lanes l WHERE l.id = ?", (lane_id,)).fetchone()
    if row is None:
        raise NotFound(f"no lane {lane_id}")
    return lane_of(row)
