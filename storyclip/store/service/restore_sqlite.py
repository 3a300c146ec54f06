"""A SQLite file put in another's place: while the one is there, or the other, and never neither."""

from __future__ import annotations

import fcntl
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path

from config.addresses import sqlite_file
from config.on_disk import sync
from storyclip.store.database import turnstile_of
from storyclip.store.instants import to_text
from storyclip.store.schema import refuse_newer
from storyclip.store.service.backup import copy_sqlite, stamp
from storyclip.store.service.standing import RESTORED_AT, STOP_THEM, RestoreRefused, Standing

_WITH_WAL = ("-wal", "-shm")
_HEADER = b"SQLite format 3\0"


class SqlitePlace:
    """Where a SQLite file stands."""

    def __init__(self, url: str) -> None:
        self._path = sqlite_file(url)

    def standing(self) -> Standing | None:
        """Return what is there, None if no file is."""
        if not self._path.exists():
            return None
        if not self._is_readable():
            return Standing(trouble="it is no SQLite file")
        try:
            with _opened(self._path) as db:
                counted = "SELECT COUNT(*), MAX(created_at) FROM publish_batches"
                batches, newest = db.execute(counted).fetchone()
                beats = dict(db.execute("SELECT name, beats FROM workers").fetchall())
        except sqlite3.Error as failure:
            return Standing(trouble=str(failure))
        return Standing(batches, newest, beats)

    def examine(self, file: Path) -> None:
        """Look at the copy.

        Raises:
            RestoreRefused: it is none of ours, or cannot be read.
            SchemaTooNew: a newer program made it.
        """
        if self._path.exists() and file.resolve() == self._path.resolve():
            raise RestoreRefused(f"{file} is the database itself")
        try:
            with _opened(file) as db:
                names = db.execute("SELECT name FROM schema_migration").fetchall()
        except sqlite3.Error as failure:
            raise RestoreRefused(f"{file} is no copy of a StoryClip database: {failure}") from None
        refuse_newer([name for (name,) in names])

    def replace(self, file: Path, at: datetime) -> Path | None:
        """Put the copy here; the replaced file keeps its name with a time behind it.

        Raises:
            RestoreRefused: a process has the database open, there is no room, or the copy is
                damaged; nothing was changed.
        """
        incoming = self._path.with_name(f".{self._path.name}.restoring")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._nobody_writing():
                _remove(incoming)
                self._prepare(file, incoming, at)
                aside = self._swap(incoming, at)
            sync(self._path.parent)
        except (OSError, sqlite3.Error) as failure:
            raise RestoreRefused(str(failure)) from failure
        finally:
            _remove(incoming)
        return aside

    def _prepare(self, file: Path, incoming: Path, at: datetime) -> None:
        os.close(os.open(incoming, os.O_CREAT | os.O_EXCL, 0o600))
        copy_sqlite(file, incoming)
        with _opened(incoming) as db:
            db.execute(
                "INSERT INTO installation (name, value, is_shown) VALUES (?, ?, ?)"
                " ON CONFLICT (name) DO UPDATE SET value = excluded.value",
                (RESTORED_AT, to_text(at), False),
            )
        # The service may be another user than whoever restores
        like = self._path if self._path.exists() else self._path.parent
        owner = like.stat()
        if os.geteuid() == 0:
            os.chown(incoming, owner.st_uid, owner.st_gid)
        if like == self._path:
            incoming.chmod(owner.st_mode & 0o777)
        sync(incoming)

    def _swap(self, incoming: Path, at: datetime) -> Path | None:
        if not self._path.exists():
            self._put_aside_wal(self._path.with_name(f"{self._path.name}.replaced-{stamp(at)}"))
            incoming.rename(self._path)
            return None
        aside = self._path.with_name(f"{self._path.name}.replaced-{stamp(at)}")
        if aside.exists():
            raise RestoreRefused(f"{aside} is there already")
        if self._folded():
            os.link(self._path, aside)  # a second name: there is a database at every moment
        else:
            self._path.rename(aside)
            self._put_aside_wal(aside)
        incoming.rename(self._path)
        return aside

    def _folded(self) -> bool:
        """Have its WAL written into the file and no process in it; False if it is too damaged."""
        if not self._is_readable():
            return False
        try:
            with _opened(self._path) as db:
                # SQLite leaves WAL only for who is alone: every process that has the file open
                # holds a lock on it, however idle it is
                db.execute("PRAGMA journal_mode = DELETE").fetchone()
        except sqlite3.OperationalError as failure:
            raise RestoreRefused(
                f"a process has the database open ({failure}): {STOP_THEM}"
            ) from None
        except sqlite3.DatabaseError:
            return False
        return not any(self._beside(suffix).exists() for suffix in _WITH_WAL)

    def _is_readable(self) -> bool:
        """Not opened to find out: SQLite deletes a WAL that does not belong to its file."""
        with self._path.open("rb") as file:
            return file.read(len(_HEADER)) in (_HEADER, b"")

    def _put_aside_wal(self, aside: Path) -> None:
        """Take away what belonged to the replaced file, or it would be read into the new one."""
        for suffix in _WITH_WAL:
            if self._beside(suffix).exists():
                self._beside(suffix).rename(aside.with_name(aside.name + suffix))

    def _beside(self, suffix: str) -> Path:
        return self._path.with_name(self._path.name + suffix)

    @contextmanager
    def _nobody_writing(self) -> Iterator[None]:
        """Hold the writers' turnstile: who starts meanwhile waits there first of all."""
        with turnstile_of(self._path).open("ab") as gate:
            try:
                fcntl.flock(gate, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise RestoreRefused(f"a process writes into the database: {STOP_THEM}") from None
            yield


@contextmanager
def _opened(file: Path) -> Iterator[sqlite3.Connection]:
    address = f"{file.resolve().as_uri()}?mode=rw"
    with closing(sqlite3.connect(address, uri=True, isolation_level=None, timeout=1)) as db:
        yield db


def _remove(file: Path) -> None:
    for suffix in ("", "-journal", *_WITH_WAL):
        file.with_name(file.name + suffix).unlink(missing_ok=True)
