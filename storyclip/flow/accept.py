"""A valid request becomes a batch, recorded before anybody is told."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from storyclip.domain.batch import Batch
from storyclip.domain.crashpoint import crashpoint
from storyclip.store import batches
from storyclip.store.new_batch import IdempotencyKey, NewBatch


def accept(
    new: NewBatch,
    at: datetime,
    idempotency: IdempotencyKey | None = None,
    check_clips: Callable[[Sequence[str]], None] | None = None,
) -> Batch:
    """Record the batch; its first bell rings with the commit, unless another is ahead of it.

    `check_clips` is given the clips' URLs before anything is written, and outside of any
    transaction. A repeated request is not checked again: its first answer stands.

    Returns the batch, or the one that the same Idempotency-Key and body made before.

    Raises:
        IdempotencyKeyReused, ClipsUnusable, StoreUnavailable: nothing was recorded, nothing will
            be sent.
    """
    if check_clips is not None and not batches.is_known(new.user_id, idempotency):
        check_clips([clip.source_url for clip in new.clips])
    batch = batches.create(new, at, idempotency)
    crashpoint("answer_ready")
    return batch
