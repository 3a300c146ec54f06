"""Files that nobody else on the machine may read: who has the database can act for everybody."""

import os
import stat
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

import structlog

log = structlog.get_logger("storyclip")

UMASK = 0o077
FOLDER = 0o700
FILE = 0o600
_OTHERS = 0o077
_WRITABLE = 0o022


def keep_private() -> None:
    """Have all that this process and its children make be its owner's alone; first in each main."""
    os.umask(UMASK)


def tighten(path: Path) -> None:
    """Take from others what they may do with a file or folder, if it is ours to decide.

    No link is followed, and what belongs to another user stays as it is.
    """
    found = _status(path)
    if found is None or stat.S_ISLNK(found.st_mode) or found.st_uid != os.geteuid():
        return
    if found.st_mode & _OTHERS:
        with suppress(FileNotFoundError):  # a WAL, say, that went away meanwhile
            path.chmod(stat.S_IMODE(found.st_mode) & ~_OTHERS)


def is_open_to_others(path: Path) -> bool:
    """Tell whether others may read or write a file, or put another one into a folder.

    In a folder that they may look into, the modes of its files count.
    """
    found = _status(path)
    if found is None or stat.S_ISLNK(found.st_mode):
        return False
    return bool(found.st_mode & (_WRITABLE if stat.S_ISDIR(found.st_mode) else _OTHERS))


def warn_of_open_files(paths: Collection[str]) -> None:
    """Say in the log what other users of the machine can read or change, if there is anything."""
    if paths:
        log.warning("open_to_other_users", paths=sorted(paths), do="chmod go= them")


def _status(path: Path) -> os.stat_result | None:
    try:
        return path.lstat()
    except FileNotFoundError:
        return None
