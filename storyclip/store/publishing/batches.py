"""Batches: made whole in one transaction, read by who they are in reach of."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from storyclip.domain.act import Action
from storyclip.domain.batch import Batch, Status, current_clip
from storyclip.domain.clip import Clip
from storyclip.domain.crashpoint import crashpoint
from storyclip.domain.errors import IdempotencyKeyReused, NotFound
from storyclip.domain.reach import EVERYTHING, Reach
from storyclip.store import acts
from storyclip.store.access.reach import of_users, within
from storyclip.store.database import marks, reading, run, skip_locked, writing
from storyclip.store.files import uses
from storyclip.store.history import deliveries, events
from storyclip.store.instants import to_text
from storyclip.store.publishing import clips, doubts, lanes, quota, turns
from storyclip.store.publishing.new_batch import IdempotencyKey, NewBatch, fresh_batch, insert
from storyclip.store.publishing.rows import (
    BATCH,
    BATCH_COLUMNS,
    CLIP_COLUMNS,
    LANE_COLUMNS,
    SELECT_BATCH,
    batch_of,
    clip_of,
)

MOST_ACTIVE = 1000  # batches of one user that run at once; nobody looks at more
SELECT_WHOLE = (
    f"SELECT {BATCH_COLUMNS}, {CLIP_COLUMNS}, {LANE_COLUMNS} FROM publish_batches b"
    " JOIN publish_batch_clips c ON c.batch_id = b.batch_id JOIN lanes l ON l.id = b.lane_id"
)


@dataclass(frozen=True, slots=True)
class Overview:
    """A batch with the clip in hand, and why its lane is blocked (None when it is not)."""

    batch: Batch
    current: Clip | None
    blocked: str | None


def create(
    new: NewBatch,
    at: datetime,
    idempotency: IdempotencyKey | None = None,
    quota_24h: int | None = None,
    require: Callable[[], None] | None = None,
) -> Batch:
    """Record a batch with its clips, its first event and its turn, all or nothing.

    Returns the batch, or the one that the same key and body made before.

    Args:
        require: raises if who asks may not any more; called in the transaction, before all else.

    Raises:
        IdempotencyKeyReused: the key was used for another body; nothing was written.
        QuotaExceeded: it would be more than `quota_24h` of Instagram's; nothing was written.
        RequestInvalid: a file of it went meanwhile; nothing was written.
        StoreUnavailable: nothing was written.
    """
    with writing():
        if require is not None:
            require()
        if idempotency is not None:
            earlier = _remember(new, at, idempotency)
            if earlier is not None:
                return _batch(earlier)
        lane_id = lanes.lane_for(new.account_id, new.network)
        turn = lanes.next_turn(lane_id)
        if quota_24h is not None:
            dates = [clip.wished_for or at for clip in new.clips]
            quota.require(lane_id, new.network, dates, quota_24h, at)
        batch = doubts.held_from_the_start(fresh_batch(new, lane_id, turn, at), at)
        insert(batch, new.clips)
        uses.hold(new.file_ids, new.user_id, new.batch_id, at)
        if new.webhook_url is not None:
            deliveries.begin(batch.batch_id, new.webhook_url)
        where = f"{batch.account_id}/{batch.network}"
        acts.write(Action.BATCH_PUBLISH, batch.batch_id, at, detail=where)
        events.append(batch, batch, None, at)
        opened = turns.pass_on(batch, None, None, at, changed=True)
    crashpoint("batch_committed")
    events.announce(events.Change(batch.batch_id, batch.last_seq, None, opened))
    return batch


def made_before(reach: Reach, idempotency: IdempotencyKey) -> Batch | None:
    """Return the batch that this key and body made for a user, None if the key is new to them.

    Raises:
        IdempotencyKeyReused: the key was used for another body.
        StoreUnavailable: the database does not answer.
    """
    with reading():
        earlier = _made_under(reach, idempotency)
        return None if earlier is None else _batch(earlier)


def find(batch_id: str, reach: Reach) -> Overview:
    """Return a batch with its clip in hand.

    Raises:
        NotFound: there is none, or it is out of reach: nobody can tell which.
        StoreUnavailable: the database does not answer.
    """
    return find_whole(batch_id, reach)[0]


def find_whole(batch_id: str, reach: Reach) -> tuple[Overview, Sequence[Clip]]:
    """Return a batch with all its clips, in order, as of one moment.

    One statement, so that the clips and `last_seq` are of the same commit in every database.

    Raises:
        NotFound, StoreUnavailable: as `find`.
    """
    claim, values = within(reach)
    with reading():
        rows = run(
            f"{SELECT_WHOLE} WHERE b.batch_id = ? AND {claim} ORDER BY c.clip_index",
            (batch_id, *values),
        ).fetchall()
    if not rows:
        raise NotFound(f"no batch {batch_id}")
    return whole_of(rows)


def whole_of(rows: Sequence[tuple[Any, ...]]) -> tuple[Overview, Sequence[Clip]]:
    """Return a batch with all its clips from the rows of SELECT_WHOLE, which are in their order."""
    theirs = [clip_of(row[len(BATCH) :]) for row in rows]
    batch = batch_of(rows[0][: len(BATCH)])
    return Overview(batch, current_clip(theirs), theirs[0].lane.blocked_reason), theirs


def active(reach: Reach, limit: int = MOST_ACTIVE) -> Sequence[Overview]:
    """Return the batches that are not finished, newest first."""
    claim, values = within(reach)
    return _overviews(f"{claim} AND b.completed_at IS NULL", values, limit=limit)


def named(batch_ids: Collection[str]) -> Sequence[Overview]:
    """Return the batches with these ids, newest first."""
    where = f"b.batch_id IN ({marks(batch_ids)})"
    return _overviews(where, tuple(batch_ids), limit=len(batch_ids))


def those_within(reach: Reach, batch_ids: Collection[str]) -> frozenset[str]:
    """Return those of the batches that are in reach.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    claim, values = within(reach)
    with reading():
        rows = run(
            f"SELECT b.batch_id FROM publish_batches b WHERE {claim} AND b.batch_id IN"
            f" ({marks(batch_ids)})",
            (*values, *batch_ids),
        ).fetchall()
    return frozenset(batch_id for (batch_id,) in rows)


def page(
    reach: Reach,
    *,
    status: Status | None = None,
    before: tuple[datetime, str] | None = None,
    limit: int,
) -> Sequence[Overview]:
    """Return batches newest first, from just after the (created_at, batch_id) of `before`."""
    claims = [within(reach)]
    if status is not None:
        claims.append(("b.status = ?", (status.value,)))
    if before is not None:
        claims.append(("(b.created_at, b.batch_id) < (?, ?)", (to_text(before[0]), before[1])))
    where = " AND ".join(claim for claim, _ in claims)
    return _overviews(where, tuple(v for _, values in claims for v in values), limit=limit)


def _overviews(where: str, parameters: tuple[Any, ...], *, limit: int) -> Sequence[Overview]:
    with reading():
        rows = run(
            f"SELECT {BATCH_COLUMNS}, l.blocked_reason FROM publish_batches b"
            f" JOIN lanes l ON l.id = b.lane_id WHERE {where}"
            " ORDER BY b.created_at DESC, b.batch_id DESC LIMIT ?",
            (*parameters, limit),
        ).fetchall()
        found = [(batch_of(row[:-1]), row[-1]) for row in rows]
        in_hand = clips.in_hand([batch.batch_id for batch, _ in found])
    return [Overview(batch, in_hand.get(batch.batch_id), blocked) for batch, blocked in found]


def _batch(batch_id: str) -> Batch:
    return batch_of(run(SELECT_BATCH, (batch_id,)).fetchone())


def _remember(new: NewBatch, at: datetime, idempotency: IdempotencyKey) -> str | None:
    inserted = run(
        "INSERT INTO idempotency_keys (user_id, key, body_hash, batch_id, created_at)"
        " VALUES (?, ?, ?, ?, ?) ON CONFLICT (user_id, key) DO NOTHING",
        (new.user_id, idempotency.key, idempotency.body_hash, new.batch_id, to_text(at)),
    )
    if inserted.rowcount == 1:
        return None
    return _made_under(EVERYTHING.of_user(new.user_id), idempotency)


def _made_under(reach: Reach, idempotency: IdempotencyKey) -> str | None:
    claim, values = of_users(reach, "user_id")
    row = run(
        f"SELECT body_hash, batch_id FROM idempotency_keys WHERE {claim} AND key = ?",
        (*values, idempotency.key),
    ).fetchone()
    if row is None:
        return None
    body_hash, batch_id = row
    if body_hash != idempotency.body_hash:
        raise IdempotencyKeyReused("this Idempotency-Key was used for another request")
    return str(batch_id)


def forget_idempotency_keys(before: datetime) -> None:
    """Delete the keys that were used before then; the batches they made stay."""
    with writing():
        old = "SELECT user_id, key FROM idempotency_keys WHERE created_at < ?" + skip_locked()
        run(f"DELETE FROM idempotency_keys WHERE (user_id, key) IN ({old})", (to_text(before),))
