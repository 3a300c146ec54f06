"""What a restore finds and leaves, in either kind of database."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

# The row that comes with the copy, in one act: whoever starts next knows by it that these may not
# be the newest rows there ever were
RESTORED_AT = "restored_at"
STOP_THEM = "stop web, workers and media first"


class RestoreRefused(Exception):
    """Nothing was changed; the message says why."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What is in a database that is to be replaced; `trouble` says why it cannot be read.

    `beats` are its workers' counters: one that moves is alive.
    """

    batches: int = 0
    newest: str | None = None
    beats: Mapping[str, int] | None = None
    trouble: str | None = None


class Place(Protocol):
    """Where a database stands, for whoever puts another in its place."""

    def standing(self) -> Standing | None:
        """Return what is there, None if nothing is.

        Raises:
            RestoreRefused: the server cannot be asked.
        """

    def examine(self, file: Path) -> None:
        """Look at a copy that is to be put here.

        Raises:
            RestoreRefused: it is none of ours, or damaged.
            SchemaTooNew: a newer program made it.
        """

    def replace(self, file: Path, at: datetime) -> Path | None:
        """Put a copy here with its mark, and return what keeps the replaced, None if none was.

        Raises:
            RestoreRefused: the service runs, there is no room, or the copy is damaged.
        """
