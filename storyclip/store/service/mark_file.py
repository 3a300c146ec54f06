"""The sign of life beside a SQLite file: it tells that the file is an older one, or is missing."""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

import structlog

from storyclip.domain.installation import Mark
from storyclip.store import database
from storyclip.store.instants import to_text

log = structlog.get_logger("storyclip")


class MarkFile:
    """`storyclip.db.mark` beside `storyclip.db`; where the database is no file, there is none."""

    def read(self, place: str) -> Mark | None:  # noqa: ARG002  # the file lies where it belongs
        """Return what was left last, None if there is nothing that can be read."""
        file = database.file()
        return None if file is None else read(file.mark)

    def leave(self, place: str, mark: Mark) -> None:  # noqa: ARG002
        """Leave a sign; where that fails, the log says so."""
        file = database.file()
        if file is None:
            return
        said = {**asdict(mark), "alive_at": to_text(mark.alive_at)}
        fresh = file.mark.with_name(f"{file.mark.name}.{os.getpid()}")  # each worker leaves its own
        try:
            fresh.write_text(json.dumps(said))
            fresh.replace(file.mark)
        except OSError as failure:
            log.warning("mark_not_left", file=str(file.mark), reason=str(failure))


def read(path: Path) -> Mark | None:
    """Return the sign that a file holds, None if it holds none."""
    try:
        said = json.loads(path.read_text())
        alive_at = datetime.fromisoformat(said["alive_at"])
        return Mark(str(said["installation"]), int(said["mark"]), int(said["epoch"]), alive_at)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as failure:
        log.warning("mark_unreadable", file=str(path), reason=str(failure))
        return None
