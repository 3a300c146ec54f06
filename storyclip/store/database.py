"""One database for the process: connecting, reading, and the one way to write."""

from __future__ import annotations

import fcntl
import threading
from collections.abc import Collection, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any

import peewee
from playhouse.db_url import parse as parse_url
from playhouse.pool import (
    MaxConnectionsExceeded,
    PooledPostgresqlDatabase,
    PooledSqliteDatabase,
)

from config.addresses import sqlite_file
from storyclip.domain.errors import StoreUnavailable
from storyclip.store import schema
from storyclip.store.sqlite_file import SqliteFile

IN_MEMORY = "sqlite:///:memory:"  # for one thread, and gone with its process
BUSY_TIMEOUT_S = 10
MAX_CONNECTIONS = 160  # more threads than the web process has; SQLite handles cost little
MAX_POSTGRES_CONNECTIONS = 32  # a stock server takes 100 from everybody together

database = peewee.DatabaseProxy()
_turnstile_path: Path | None = None
_file: SqliteFile | None = None
_is_sqlite = True
_own_turn = threading.Lock()
_OF_WHAT_WE_ASKED = (peewee.IntegrityError, peewee.ProgrammingError, peewee.DataError)


def connect(url: str, *, may_begin_anew: bool = False) -> Sequence[str]:
    """Bind this process to the database at `url` and bring its tables up to date.

    A file that is missing though there was one is not begun anew, unless that is said on purpose.

    SQLite: WAL, every commit on disk before it counts, one writer at a time in the order of
    arrival. Call it after a fork, never before: a SQLite handle must not cross one.

    Returns the names of the migrations that were missing.

    Raises:
        SchemaTooNew: a newer program has migrated it; nothing was changed.
        StoreUnavailable: it cannot be opened, another program holds it locked, or its file is gone.
    """
    global _turnstile_path, _is_sqlite, _file
    _file = None
    _is_sqlite = url.startswith("sqlite")
    if url == IN_MEMORY:
        _turnstile_path = None
        pragmas = {"foreign_keys": 1}
        database.initialize(
            peewee.SqliteDatabase(":memory:", pragmas=pragmas, cached_statements=1000)
        )
        database.connect()  # kept: with its last connection the database would end
    elif _is_sqlite:
        path = sqlite_file(url)
        with _AsOurs():
            path.parent.mkdir(parents=True, exist_ok=True)
        _turnstile_path = turnstile_of(path)
        _file = SqliteFile(path)
        if not may_begin_anew:
            _file.require_history()
        database.initialize(_sqlite(path))
    else:
        _turnstile_path = None
        database.initialize(_postgres(url))
    migrated = _migrate()
    if _file is not None:
        _file.opened()
    return migrated


def disconnect() -> None:
    """Close all connections of this process."""
    database.close_all()


def reading() -> AbstractContextManager[None]:
    """Have a connection for the block; given back to the pool at its end.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    return _Reading()


@contextmanager
def writing() -> Iterator[None]:
    """Run the block as one write transaction, committed at its end or not at all.

    SQLite's writers starve each other in its busy loop (four in a tight loop: one gets
    everything), so they queue at a lock first, which the kernel frees for a killed process.

    Raises:
        StoreUnavailable: down, full or locked; nothing was written.
    """
    with reading():
        store = database.obj
        if store.in_transaction():
            raise RuntimeError("a transaction inside another would wait for itself")
        gate = nullcontext() if _turnstile_path is None else turnstile(_turnstile_path)
        begun = store.transaction("IMMEDIATE") if _is_sqlite else store.transaction()
        with gate, begun:
            yield


def run(sql: str, parameters: Sequence[Any] = ()) -> Any:
    """Execute one statement with `?` placeholders on this thread's connection; return its cursor.

    For what each request, clip, event or message of a webhook executes: building such a statement
    through peewee costs ten times its run. The rest is asked for through `store/models.py`.
    """
    if not _is_sqlite:
        sql = sql.replace("?", "%s")
    return database.obj.execute_sql(sql, parameters)  # past the proxy, which costs as much again


def marks(values: Collection[object]) -> str:
    """Return the places for so many values in a statement's list; of none, what equals nothing."""
    return ", ".join("?" * len(values)) or "NULL"


def try_row(table: str, row_id: int) -> bool:
    """Hold a row until the transaction ends, and return whether nobody else holds it."""
    if _is_sqlite:
        return True
    held = run(f"SELECT 1 FROM {table} WHERE id = ? FOR UPDATE SKIP LOCKED", (row_id,))
    return held.fetchone() is not None


def is_postgres() -> bool:
    """Return whether the database is PostgreSQL's, and not SQLite's."""
    return not _is_sqlite


def file() -> SqliteFile | None:
    """Return the file that the database is, None where it is none."""
    return _file


def lock_row(table: str, row_id: int) -> None:
    """Hold a row until the transaction ends; SQLite's transactions have all rows to themselves."""
    if not _is_sqlite:
        run(f"SELECT 1 FROM {table} WHERE id = ? FOR UPDATE", (row_id,))


def turnstile_of(path: Path) -> Path:
    """Return the file at which the writers of a SQLite database queue."""
    return path.with_name(path.name + ".lock")


@contextmanager
def turnstile(path: Path) -> Iterator[None]:
    """Let one writer of the machine through; threads of a process queue inside it first.

    Only one thread of a process waits in the kernel, without limit: should the process that is
    through have been stopped, all others are told in time.

    Raises:
        BlockingIOError: nobody of this process got through for BUSY_TIMEOUT_S.
    """
    if not _own_turn.acquire(timeout=BUSY_TIMEOUT_S):
        raise BlockingIOError("the writer before us does not come to an end")
    try:
        with path.open("ab") as gate:
            fcntl.flock(gate, fcntl.LOCK_EX)
            yield
    finally:
        _own_turn.release()


class _AsOurs:
    """Raises what goes wrong in its block as StoreUnavailable, unless it is about what we asked.

    A class, and not a generator: it is entered some twenty times a clip.
    """

    def __enter__(self) -> None:
        """Wait for what may go wrong."""

    def __exit__(self, kind: object, failure: BaseException | None, trace: object) -> None:
        if failure is None or isinstance(failure, _OF_WHAT_WE_ASKED):
            return
        if isinstance(failure, peewee.DatabaseError | peewee.InterfaceError):
            raise StoreUnavailable(f"the database cannot be used: {failure}") from failure
        if isinstance(failure, MaxConnectionsExceeded | OSError):
            raise StoreUnavailable(f"the database cannot be reached: {failure}") from failure


class _Reading(_AsOurs):
    """Has a connection for its block; one inside another has the same."""

    def __enter__(self) -> None:
        if _file is not None:
            _file.require_same()
        with _AsOurs():
            self._is_mine = database.obj.connect(reuse_if_open=True)

    def __exit__(self, kind: object, failure: BaseException | None, trace: object) -> None:
        if self._is_mine:
            with _AsOurs():
                database.close()
        super().__exit__(kind, failure, trace)


def _sqlite(path: Path) -> Any:
    return PooledSqliteDatabase(
        str(path),
        max_connections=MAX_CONNECTIONS,
        timeout=BUSY_TIMEOUT_S,
        lock_type="IMMEDIATE",
        check_same_thread=False,  # the pool lends a connection to one thread at a time
        pragmas={
            "journal_mode": "wal",
            "synchronous": "full",
            "foreign_keys": 1,
            "busy_timeout": BUSY_TIMEOUT_S * 1000,
        },
    )


def _postgres(url: str) -> Any:
    parameters = parse_url(url.replace("postgres://", "postgresql://", 1))
    return PooledPostgresqlDatabase(
        **parameters,
        prefer_psycopg3=True,
        max_connections=MAX_POSTGRES_CONNECTIONS,
        timeout=BUSY_TIMEOUT_S,
        connect_timeout=BUSY_TIMEOUT_S,
    )


def _migrate() -> Sequence[str]:
    gate = nullcontext() if _turnstile_path is None else turnstile(_turnstile_path)
    # The gate first: to switch a new file to WAL, SQLite does not wait for another's lock.
    with _AsOurs(), gate, reading():
        return schema.bring_up_to_date(database.obj)
