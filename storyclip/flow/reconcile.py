"""Somebody wants to know now: the workers look at what is open upstream, as they would later."""

from __future__ import annotations

import threading
from datetime import datetime

from storyclip.domain.batch import Batch
from storyclip.flow.control import Patience
from storyclip.store.history import events
from storyclip.store.publishing import looks

LOOKED_WITHIN_S = 5.0  # a look is one call or two; who asks again is told what came of it

_waiting = threading.BoundedSemaphore(8)  # of a process's threads; others are answered at once


def reconcile(batch: Batch, at: datetime, patience: Patience) -> None:
    """Have what is open of a batch looked at now, and wait a while for what comes of it.

    It decides nothing: each clip is merely due sooner, to whichever worker takes it.

    Raises:
        StoreUnavailable: nothing was changed; or what is looked at was not waited for.
    """
    for clip_id in looks.bring_forward(batch.batch_id, at):
        events.announce(events.Change(batch.batch_id, batch.last_seq, None, clip_id))
    if not _waiting.acquire(blocking=False):
        return
    try:
        patience.until(lambda: not looks.are_due(batch.batch_id, at), LOOKED_WITHIN_S)
    finally:
        _waiting.release()
