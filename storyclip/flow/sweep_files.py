"""Removing files that are over: their rows are marked, their bytes go, and then the rows.

Who dies in between leaves bytes that no row knows, which the next sweep removes.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import structlog

from storyclip.spool.local import Known, Spool
from storyclip.store.files import sweeping
from storyclip.store.service import newest
from storyclip.store.service.place import place_of_this

log = structlog.get_logger("storyclip")

HOURLY_S = 3600.0
SOON_S = 30.0  # for what somebody removed by hand
YOUNG = timedelta(hours=1)  # what was just made has no row yet


class Sweep:
    """Sweeps at its first look, hourly, and soon after somebody removed a file."""

    def __init__(self, spool: Spool, now: Callable[[], datetime], monotonic: Callable[[], float]):
        """Prepare; `now` has to be the clock of this machine's files, or near it."""
        self._spool = spool
        self._now = now
        self._monotonic = monotonic
        self._look_at = self._sweep_at = monotonic()

    def look(self) -> None:
        """Sweep if it is time to.

        Raises:
            StoreUnavailable, OSError: it is tried again.
        """
        now = self._monotonic()
        if now < self._look_at:
            return
        self._look_at = now + SOON_S
        if not _is_ours():
            return
        if now >= self._sweep_at or sweeping.is_anything_marked():
            sweep(self._now(), self._spool)
            self._sweep_at = now + HOURLY_S


def _is_ours() -> bool:
    """Return whether this is the database whose rows tell what the spool has to keep.

    A copy of it, begun elsewhere with the same bucket, knows nothing of what came since. The media
    process may be the first to begin, so it does not wait until somebody else has noticed.
    """
    here = newest.find()
    return here.elsewhere is None and here.place in (None, place_of_this())


def sweep(at: datetime, spool: Spool, young: timedelta = YOUNG) -> None:
    """Remove all files that are over, and bytes older than `young` that no row knows.

    Raises:
        StoreUnavailable, OSError: what was not removed is the next time.
    """
    sweeping.mark_over(at)

    def known() -> Known:
        return Known(sweeping.arriving(), sweeping.whole())

    gone = spool.sweep(known, (at - young).timestamp())
    sweeping.forget_marked()
    if gone:
        log.info("files_swept", files=gone)
