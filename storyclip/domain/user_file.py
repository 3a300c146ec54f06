"""A file that a user gave us: how far it is, from its first byte to what it became."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any


class FileState(StrEnum):
    """How far a file is."""

    RECEIVING = "receiving"  # bytes are missing
    CHECKING = "checking"  # it is there, and will be looked into
    PREPARING = "preparing"  # good cuts are looked for, and what was decided is being made
    READY = "ready"  # its pieces can be published
    REFUSED = "refused"  # nothing that could be published can be made of it


class Trouble(StrEnum):
    """What keeps a file waiting, and is no fault of its own: it goes on once that is over."""

    MEDIA_ABSENT = "media_absent"  # nobody looks into files, or makes anything of them
    SPOOL_GONE = "spool_gone"  # the disk, or bucket, that has its bytes cannot be reached
    NO_ROOM = "no_room"  # the disk is full
    TOOL_BROKEN = "tool_broken"  # a program that reads or makes films does not run


@dataclass(frozen=True, slots=True)
class UserFile:
    """One file of a user's; `received` of its `size` bytes are on disk.

    `name` is the user's word for it, and never a path. `options`, `facts`, `problems` and `plan`
    are as `storyclip.media` writes them. `progress` is the fraction of the mending that is done.
    `poster` and `strip` are hashes in the spool. `promised` is the SHA-256 that was announced.
    `metadata` are the words about it that its client used.
    `losses` counts how often work on it was lost. `next_at` is when somebody is to see to it.
    """

    id: str
    user_id: str
    name: str
    size: int
    received: int
    sha256: str | None
    promised: str | None
    metadata: str | None
    state: FileState
    options: dict[str, Any]
    facts: dict[str, Any] | None
    problems: list[dict[str, Any]] | None
    plan: dict[str, Any] | None
    poster: str | None
    strip: str | None
    progress: float
    losses: int | None
    trouble: Trouble | None
    next_at: datetime | None
    created_at: datetime
    touched_at: datetime
