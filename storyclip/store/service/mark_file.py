"""The sign of life beside a SQLite file: it tells that the file is an older one, or is missing."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

import structlog

from storyclip.domain.installation import Mark, Sending
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
        alive_at, written_ns = to_text(mark.alive_at), file.written_ns()
        _write(file.mark, {**asdict(mark), "alive_at": alive_at, "written_ns": written_ns})

    def read_sending(self, place: str) -> Sending | None:  # noqa: ARG002
        """Return for which intent a story was asked for last, None if nothing can be read."""
        file = database.file()
        said = None if file is None else _read(file.sending)
        if said is None:
            return None
        try:
            at = datetime.fromisoformat(said["at"])
            return Sending(int(said["clip_id"]), int(said["number"]), at)
        except (ValueError, KeyError, TypeError) as failure:
            log.warning("sending_unreadable", reason=str(failure))
            return None

    def leave_sending(self, place: str, sending: Sending) -> None:  # noqa: ARG002
        """Leave an intent; where that fails, the log says so."""
        if (file := database.file()) is not None:
            _write(file.sending, {**asdict(sending), "at": to_text(sending.at)})


def read(path: Path) -> Mark | None:
    """Return the sign that a file holds, None if it holds none."""
    said = _read(path)
    if said is None:
        return None
    try:
        alive_at = datetime.fromisoformat(said["alive_at"])
        return Mark(str(said["installation"]), int(said["mark"]), int(said["epoch"]), alive_at)
    except (ValueError, KeyError, TypeError) as failure:
        log.warning("mark_unreadable", file=str(path), reason=str(failure))
        return None


def _read(path: Path) -> Any:
    try:
        return json.loads(path.read_text())
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as failure:
        log.warning("mark_unreadable", file=str(path), reason=str(failure))
        return None


def _write(path: Path, said: Mapping[str, Any]) -> None:
    fresh = path.with_name(f"{path.name}.{os.getpid()}.{threading.get_ident()}")  # each its own
    try:
        fresh.write_text(json.dumps(said))
        fresh.replace(path)
    except OSError as failure:
        log.warning("mark_not_left", file=str(path), reason=str(failure))
        with suppress(OSError):
            fresh.unlink(missing_ok=True)
