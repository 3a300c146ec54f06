"""How long acts are kept: what is older goes once an hour, beside the clock."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta

import structlog

from storyclip.domain.errors import StoreUnavailable
from storyclip.store import acts

log = structlog.get_logger("storyclip")

EVERY = timedelta(hours=1)


class Retention:
    """Forgets acts that were kept for so many days; None: they are kept for ever."""

    def __init__(self, days: int | None) -> None:
        self._days = days
        self._not_before: datetime | None = None

    def look(self, now: datetime) -> None:
        """Begin to forget what is old enough, at most once an hour; no tick waits for it."""
        if self._days is None or (self._not_before is not None and now < self._not_before):
            return
        self._not_before = now + EVERY
        before = now - timedelta(days=self._days)
        threading.Thread(
            target=self._forget, args=(before, now), name="retention", daemon=True
        ).start()

    def _forget(self, before: datetime, now: datetime) -> None:
        try:
            if forgotten := acts.forget(before, now):
                log.info("acts_forgotten", count=forgotten, before=before.isoformat())
        except StoreUnavailable as failure:
            log.warning("acts_not_forgotten", reason=str(failure))  # again in an hour
