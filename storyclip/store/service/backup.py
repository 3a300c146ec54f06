"""A copy of the database in one file: whole, checked, and there under its name or not at all."""

from __future__ import annotations

import fcntl
import os
import re
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from config.addresses import sqlite_file
from config.on_disk import sync
from storyclip.store.service import postgres_tools
from storyclip.store.service.postgres_tools import ToolFailed

OURS = re.compile(r"storyclip-(\d{8}T\d{6}Z)\.(db|dump)")
UNFINISHED = ".part"
_STAMP = "%Y%m%dT%H%M%SZ"


class BackupFailed(Exception):
    """There is no copy; the message says why, and nothing is left of it."""


def stamp(at: datetime) -> str:
    """Return a moment as it stands in the names of files: they sort by time."""
    return at.astimezone(UTC).strftime(_STAMP)


def name_for(url: str, at: datetime) -> str:
    """Return what a copy of the database at `url` is called that begins at `at`."""
    return f"storyclip-{stamp(at)}.{'db' if url.startswith('sqlite') else 'dump'}"


def back_up(url: str, file: Path) -> None:
    """Copy the database at `url` into `file`, which only its owner may read.

    The service may run meanwhile and waits for nothing: the copy is of one moment.

    Raises:
        BackupFailed: no room, no right, a damaged database, or the file is there already.
    """
    try:
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if file.exists():
            raise BackupFailed(f"{file} is there already, and nothing is overwritten")
        with _unfinished(file) as part:
            if url.startswith("sqlite"):
                copy_sqlite(sqlite_file(url), part)
            else:
                postgres_tools.dump(url, part)
            sync(part)
            part.rename(file)
        sync(file.parent)
    except (OSError, sqlite3.Error, ToolFailed) as failure:
        raise BackupFailed(str(failure)) from failure


def backups(folder: Path) -> Sequence[Path]:
    """Return our own copies in a folder, the newest first; none if there is no folder."""
    found = folder.iterdir() if folder.is_dir() else []
    return sorted(
        (file for file in found if OURS.fullmatch(file.name) and file.is_file()),
        key=lambda file: file.name,
        reverse=True,
    )


def made_at(file: Path) -> datetime:
    """Return when one of our copies was begun, by its name."""
    found = OURS.fullmatch(file.name)
    assert found is not None
    return datetime.strptime(found[1], _STAMP).replace(tzinfo=UTC)


def is_due(folder: Path, now: datetime, hour: int) -> bool:
    """Tell whether the folder has no copy since `hour` o'clock UTC came last."""
    since = now.astimezone(UTC).replace(hour=hour, minute=0, second=0, microsecond=0)
    if since > now:
        since -= timedelta(days=1)
    newest = next(iter(backups(folder)), None)
    return newest is None or made_at(newest) < since


def keep_newest(folder: Path, count: int) -> Sequence[Path]:
    """Delete our own copies but the `count` newest, and what killed ones left; return the former.

    Raises:
        BackupFailed: a file cannot be deleted.
    """
    try:
        for part in folder.glob(f".storyclip-*{UNFINISHED}"):
            if OURS.fullmatch(part.name.removeprefix(".").removesuffix(UNFINISHED)):
                _delete_orphan(part)
        older = backups(folder)[count:]
        for file in older:
            file.unlink(missing_ok=True)
    except OSError as failure:
        raise BackupFailed(str(failure)) from failure
    return older


def copy_sqlite(source: Path, target: Path) -> None:
    """Copy a SQLite database page by page, what only its WAL has included, and check the copy.

    In one step: in several, each commit of another process would begin it anew.

    Raises:
        FileNotFoundError: there is none.
        sqlite3.Error: it cannot be read, or the copy is damaged.
    """
    if not source.exists():
        raise FileNotFoundError(f"there is no database at {source}")
    # Not made if it went away, but writable: who reads a WAL has to note how far
    address = f"{source.resolve().as_uri()}?mode=rw"
    with closing(sqlite3.connect(address, uri=True)) as original, closing(_open(target)) as copy:
        original.backup(copy)
        copy.execute("PRAGMA journal_mode = DELETE")  # else two files would come beside it
        check_sqlite(copy)


def check_sqlite(copy: sqlite3.Connection) -> None:
    """Raise sqlite3.DatabaseError, with SQLite's first words, if a database is damaged."""
    (found,) = copy.execute("PRAGMA integrity_check(1)").fetchone()
    if found != "ok":
        raise sqlite3.DatabaseError(f"the copy is damaged: {found}")


def _open(file: Path) -> sqlite3.Connection:
    return sqlite3.connect(file, isolation_level=None)


@contextmanager
def _unfinished(file: Path) -> Iterator[Path]:
    """Make the file under another name, held while we live; gone if it was not renamed."""
    part = file.with_name(f".{file.name}{UNFINISHED}")
    _delete_orphan(part)
    handle = os.open(part, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield part
    finally:
        for beside in ("", "-journal", "-wal", "-shm"):
            part.with_name(part.name + beside).unlink(missing_ok=True)
        os.close(handle)


def _delete_orphan(part: Path) -> None:
    """Delete what a killed process began; what a living one makes stays."""
    try:
        handle = os.open(part, os.O_RDWR)
    except FileNotFoundError:
        return
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return
    else:
        part.unlink(missing_ok=True)
    finally:
        os.close(handle)
