"""What a media process that died had in hand is gone on with at once, not when its time is up."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import datetime

import structlog

from storyclip.store.files import files, transfers

log = structlog.get_logger("storyclip")


class Inheritance:
    """Takes over, once, from the media processes of this machine that are no more."""

    def __init__(self, prefix: str, now: Callable[[], datetime]) -> None:
        """Prepare; the workers of this machine are called by `prefix`, their id, and more."""
        self._prefix = prefix
        self._now = now
        self._is_taken = False

    def take(self) -> None:
        """Have everything be due that is in dead hands.

        Raises:
            StoreUnavailable: it is tried again.
        """
        if self._is_taken:
            return
        for worker in {*files.hands(), *transfers.hands()}:
            if worker.startswith(self._prefix) and not self._lives(worker):
                at = self._now()
                files.release(worker, at)
                transfers.release(worker, at)
                log.info("media_inherited", worker=worker)
        self._is_taken = True

    def _lives(self, worker: str) -> bool:
        rest = worker.removeprefix(self._prefix).split("-")
        if len(rest) != 2:
            return True  # on another machine, whose name begins as ours: that one can tell
        number = int(rest[0])
        if number == os.getpid():  # of another life: we have nothing in hand yet
            return False
        try:
            os.kill(number, 0)
        except ProcessLookupError:
            return False
        except PermissionError:
            return True
        return True
