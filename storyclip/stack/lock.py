"""One stack for one data directory."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from config import private


class DataTaken(Exception):
    """Another stack works in this data directory, or is still being killed."""


def take(data_dir: Path) -> int:
    """Lock the directory and return the open lock; closing it, and dying, unlocks.

    Raises:
        DataTaken: with the process id of who has it.
    """
    data_dir.mkdir(parents=True, exist_ok=True, mode=private.FOLDER)
    path = data_dir / "stack.lock"
    lock = os.open(path, os.O_RDWR | os.O_CREAT, private.FILE)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = os.read(lock, 32).decode(errors="replace").strip()
        os.close(lock)
        raise DataTaken(
            f"Another StoryClip (process {holder or 'unknown'}) works in {data_dir}."
            " Stop it first, or give this one another directory."
        ) from None
    os.ftruncate(lock, 0)
    os.write(lock, b"%d\n" % os.getpid())
    return lock
