"""A valid request becomes a batch, recorded before anybody is told."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from storyclip.domain.batch import Batch
from storyclip.domain.crashpoint import crashpoint
from storyclip.store.once_more import once_more
from storyclip.store.publishing import batches
from storyclip.store.publishing.new_batch import IdempotencyKey, NewBatch


def accept(
    new: NewBatch,
    at: datetime,
    idempotency: IdempotencyKey | None = None,
    quota_24h: int | None = None,
    require: Callable[[], None] | None = None,
) -> Batch:
    """Record the batch; its first bell rings with the commit, unless another is ahead of it.

    Returns the batch, or the one that the same Idempotency-Key and body made before.

    Args:
        require: raises if who asks may not any more; what is so then is so at the commit.

    Raises:
        IdempotencyKeyReused, QuotaExceeded, RequestInvalid, StoreUnavailable: nothing was
            recorded, nothing will be sent.
        CommitUnanswered: nobody knows whether it is recorded.
    """
    batch = once_more(lambda: batches.create(new, at, idempotency, quota_24h, require))
    crashpoint("answer_ready")
    return batch
