"""What may be said and done while no worker has seen yet whether these are the newest rows."""

from __future__ import annotations

from datetime import datetime

from storyclip.domain.installation import EVER, MAY_BE_LOST, Mark, next_epoch
from storyclip.store import database
from storyclip.store.database import run, writing
from storyclip.store.service import newest
from storyclip.store.service.newest import RESTORED


def expect_a_look(at: datetime, outside: Mark | None) -> bool:
    """Have lanes taken for doubted where no worker has seen yet whether these are the newest rows.

    For the web, which may be up before the first of them: what it says and takes meanwhile is said
    of rows that may be lost, and numbered anew. The worker looks all the same.

    Args:
        outside: the sign of life beside the file; read before this call.

    Returns whether that was so.

    Raises:
        StoreUnavailable: nothing was written.
    """
    with writing():
        before = newest.here()
        if not is_unwatched(at, outside) or not database.try_lock_row("service", 1):
            return False
        newest.note(epoch=next_epoch(before, outside, at))
        since = EVER if before.alive_at is None else min(before.alive_at, at)
        newest.doubt_lanes(since, at)
    return True


def is_unwatched(at: datetime, outside: Mark | None) -> bool:
    """Return whether rows may be lost without any worker having seen it yet.

    The web may be up before the first of them. In the caller's transaction.

    Args:
        outside: the sign of life beside the file; read before this call.
    """
    row = run("SELECT 1 FROM installation WHERE name = ?", (RESTORED,)).fetchone()
    this = newest.here()
    if row is not None or this.alive_at is None:
        return row is not None or outside is not None
    return is_nobody_alive(at) or (outside is not None and outside.mark > this.mark)


def is_nobody_alive(at: datetime) -> bool:
    """Return whether no worker has lived for so long that rows may be lost.

    In the caller's transaction.
    """
    alive_at = newest.here().alive_at
    return alive_at is not None and at - alive_at > MAY_BE_LOST
