"""What may be said and done while no worker has seen yet whether these are the newest rows."""

from __future__ import annotations

from datetime import datetime

from storyclip.domain.installation import MAY_BE_LOST, Mark
from storyclip.store.database import run
from storyclip.store.service import newest
from storyclip.store.service.newest import RESTORED


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
