"""A folder in memory for what tests write, where the machine has one with room.

Each commit waits until the disk has it, which takes milliseconds, tens of thousands of times. No
test pulls the plug: what a killed process wrote is there on either.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

FOLDER = Path("/dev/shm")
ROOM = 4_000_000_000  # bytes; all that a run leaves until its end is a fifth of it


def folder() -> Path | None:
    """Return it; None where it is too small, as in most containers, or runs no program."""
    try:
        flags = os.statvfs(FOLDER).f_flag
        free = shutil.disk_usage(FOLDER).free
    except OSError:
        return None
    is_usable = os.access(FOLDER, os.W_OK) and not flags & os.ST_NOEXEC
    return FOLDER if is_usable and free >= ROOM else None
