"""Batches: made whole in one transaction, read by their owner alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from storyclip.domain.batch import MODE_NOW, Batch, Status
from storyclip.domain.clip import ENDED, Clip
from storyclip.domain.crashpoint import crashpoint
from storyclip.domain.errors import IdempotencyKeyReused, NotFound
from storyclip.store import events, lanes
from storyclip.store.database import reading, run, writing
from storyclip.store.instants import to_text
from storyclip.store.rows import BATCH, BATCH_COLUMNS, SELECT_CLIP, batch_of, clip_of

_ENDED = tuple(state.value for state in sorted(ENDED))


@dataclass(frozen=True, slots=True)
class NewClip:
    """A clip as it was asked for."""

    client_id: str
    source_url: str
    title: str


@dataclass(frozen=True, slots=True)
class NewBatch:
    """A batch as it was asked for, already valid; `gap_s` in seconds between two clips."""

    batch_id: str
    job_id: str | None
    user_id: str
    account_id: str
    network: str
    on_failure: str
    gap_s: float
    clips: tuple[NewClip, ...]


@dataclass(frozen=True, slots=True)
class IdempotencyKey:
    """The client's own name for a request, and a hash of what it said under it."""

    key: str
    body_hash: str


@dataclass(frozen=True, slots=True)
class Overview:
    """A batch with the clip in hand, and why its lane is blocked (None when it is not)."""

    batch: Batch
    current: Clip | None
    blocked: str | None


def create(new: NewBatch, at: datetime, idempotency: IdempotencyKey | None = None) -> Batch:
    """Record a batch with its clips, its first event and its turn, all or nothing.

    Returns the batch, or the one that the same key and body made before.

    Raises:
        IdempotencyKeyReused: the key was used for another body; nothing was written.
        StoreUnavailable: nothing was written.
    """
    with writing():
        if idempotency is not None:
            earlier = _remember(new, at, idempotency)
            if earlier is not None:
                return _batch(earlier)
        lane_id = lanes.lane_for(new.account_id, new.network)
        batch = _fresh(new, lane_id, lanes.lock(lane_id), at)
        _insert("publish_batches", [_columns(batch)])
        _insert(
            "publish_batch_clips", [_clip_columns(batch, i, c) for i, c in enumerate(new.clips, 1)]
        )
        events.append(batch, batch, None, at)
        opened = lanes.open_next(lane_id, at)
    crashpoint("batch_committed")
    events.announce(events.Change(batch.batch_id, batch.last_seq, None, opened))
    return batch


def find(batch_id: str, user_id: str) -> Overview:
    """Return the user's batch with its clip in hand.

    Raises:
        NotFound: there is none, or it is somebody else's: nobody can tell which.
        StoreUnavailable: the database does not answer.
    """
    found = _overviews("b.batch_id = ? AND b.user_id = ?", (batch_id, user_id), limit=1)
    if not found:
        raise NotFound(f"no batch {batch_id}")
    return found[0]


def active(user_id: str, limit: int = 1000) -> Sequence[Overview]:
    """Return the user's batches that are not finished, newest first."""
    return _overviews("b.user_id = ? AND b.completed_at IS NULL", (user_id,), limit=limit)


def page(
    *,
    user_id: str | None,
    status: Status | None = None,
    before: tuple[datetime, str] | None = None,
    limit: int = 50,
) -> Sequence[Overview]:
    """Return batches newest first, from just after the (created_at, batch_id) of `before`.

    Args:
        user_id: whose; None for everybody's, which is for administrators.
    """
    claims: list[tuple[str, tuple[Any, ...]]] = []
    if user_id is not None:
        claims.append(("b.user_id = ?", (user_id,)))
    if status is not None:
        claims.append(("b.status = ?", (status.value,)))
    if before is not None:
        claims.append(("(b.created_at, b.batch_id) < (?, ?)", (to_text(before[0]), before[1])))
    where = " AND ".join(claim for claim, _ in claims) or "1 = 1"
    return _overviews(where, tuple(v for _, values in claims for v in values), limit=limit)


def _overviews(where: str, parameters: tuple[Any, ...], *, limit: int) -> Sequence[Overview]:
    with reading():
        rows = run(
            f"SELECT {BATCH_COLUMNS}, l.blocked_reason FROM publish_batches b"
            f" JOIN lanes l ON l.id = b.lane_id WHERE {where}"
            " ORDER BY b.created_at DESC, b.batch_id DESC LIMIT ?",
            (*parameters, limit),
        ).fetchall()
        return [_overview(batch_of(row[:-1]), row[-1]) for row in rows]


def _overview(batch: Batch, blocked: str | None) -> Overview:
    select = f"{SELECT_CLIP} WHERE c.batch_id = ?"
    unfinished = f"{select} AND c.status NOT IN (?, ?, ?) ORDER BY c.clip_index LIMIT 1"
    row = run(unfinished, (batch.batch_id, *_ENDED)).fetchone()
    if row is None:
        row = run(f"{select} ORDER BY c.clip_index DESC LIMIT 1", (batch.batch_id,)).fetchone()
    return Overview(batch, clip_of(row) if row else None, blocked)


def _batch(batch_id: str) -> Batch:
    row = run(
        f"SELECT {BATCH_COLUMNS} FROM publish_batches b WHERE b.batch_id = ?", (batch_id,)
    ).fetchone()
    return batch_of(row)


def _remember(new: NewBatch, at: datetime, idempotency: IdempotencyKey) -> str | None:
    inserted = run(
        "INSERT INTO idempotency_keys (user_id, key, body_hash, batch_id, created_at)"
        " VALUES (?, ?, ?, ?, ?) ON CONFLICT (user_id, key) DO NOTHING",
        (new.user_id, idempotency.key, idempotency.body_hash, new.batch_id, to_text(at)),
    )
    if inserted.rowcount == 1:
        return None
    body_hash, batch_id = run(
        "SELECT body_hash, batch_id FROM idempotency_keys WHERE user_id = ? AND key = ?",
        (new.user_id, idempotency.key),
    ).fetchone()
    if body_hash != idempotency.body_hash:
        raise IdempotencyKeyReused("this Idempotency-Key was used for another request")
    return str(batch_id)


def _fresh(new: NewBatch, lane_id: int, turn: int, at: datetime) -> Batch:
    return Batch(
        batch_id=new.batch_id,
        job_id=new.job_id,
        user_id=new.user_id,
        lane_id=lane_id,
        account_id=new.account_id,
        network=new.network,
        mode=MODE_NOW,
        on_failure=new.on_failure,
        gap_s=new.gap_s,
        turn=turn,
        status=Status.PROCESSING,
        total=len(new.clips),
        published=0,
        failed=0,
        unconfirmed=0,
        cancelled=0,
        current_index=0,
        last_seq=1,
        error=None,
        scheduled_for=None,
        pause_requested_at=None,
        cancel_requested_at=None,
        created_at=at,
        started_at=None,
        completed_at=None,
    )


def _columns(batch: Batch) -> dict[str, Any]:
    return {column: write(getattr(batch, name)) for name, (column, write, _) in BATCH.items()}


def _clip_columns(batch: Batch, index: int, clip: NewClip) -> dict[str, Any]:
    return {
        "batch_id": batch.batch_id,
        "clip_index": index,
        "lane_id": batch.lane_id,
        "client_id": clip.client_id,
        "clip_url": clip.source_url,
        "clip_title": clip.title,
        "status": "pending",
        "revision": 0,
        "attempts": 0,
        "plans": "",
        "checks": 0,
        "postponements": 0,
    }


def _insert(table: str, rows: list[dict[str, Any]]) -> None:
    names = ", ".join(rows[0])
    marks = ", ".join("(" + ", ".join("?" * len(rows[0])) + ")" for _ in rows)
    run(
        f"INSERT INTO {table} ({names}) VALUES {marks}",
        [value for row in rows for value in row.values()],
    )
