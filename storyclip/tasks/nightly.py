"""The nightly copy of the database, made beside the clock: no tick waits for it."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta
from pathlib import Path

import structlog

from storyclip.domain.errors import StoreUnavailable
from storyclip.domain.incident import Incident
from storyclip.store.service import backup
from storyclip.store.service.backup import BackupFailed
from storyclip.store.service.incidents import raise_incident

log = structlog.get_logger("storyclip")

HOUR_UTC = 3
TRY_AGAIN = timedelta(hours=1)
FAILED = "backup_failed"


class Nightly:
    """Makes a copy whenever the folder has none since 03:00 UTC came last.

    Args:
        folder: gets the copies; None: none are made.
        keep: how many stay; our own older ones are deleted.
    """

    def __init__(self, url: str, folder: Path | None, keep: int) -> None:
        self._url, self._folder, self._keep = url, folder, keep
        self._not_before: datetime | None = None
        self._thread: threading.Thread | None = None

    def look(self, now: datetime) -> None:
        """Begin a copy if one is due; what fails is tried again in an hour, and told once."""
        if self._folder is None or (self._thread is not None and self._thread.is_alive()):
            return
        if self._not_before is not None and now < self._not_before:
            return
        self._not_before = now + TRY_AGAIN
        arguments = (self._folder, now)
        # A daemon: a copy that was not finished is none, and nobody waits for it at the end
        self._thread = threading.Thread(
            target=self._make, args=arguments, name="backup", daemon=True
        )
        self._thread.start()

    def _make(self, folder: Path, now: datetime) -> None:
        try:
            if backup.is_due(folder, now, HOUR_UTC):
                file = folder / backup.name_for(self._url, now)
                backup.back_up(self._url, file)
                deleted = backup.keep_newest(folder, self._keep)
                log.info("backup_made", file=str(file), deleted=len(deleted))
        except (BackupFailed, OSError) as failure:
            log.error("backup_failed", folder=str(folder), reason=str(failure))
            self._tell(folder, failure, now)

    def _tell(self, folder: Path, failure: Exception, now: datetime) -> None:
        words = f"No backup was made: {failure}. Put it right, or back up by hand: storyclip backup"
        try:
            raise_incident(Incident(FAILED, str(folder), words), now)
        except StoreUnavailable as silence:
            log.error("store_unavailable", reason=str(silence))
