"""One database for the process: connecting, reading, and the one way to write."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any

import peewee
import psycopg
from playhouse.pool import MaxConnectionsExceeded

from config.addresses import sqlite_file
from config.capacity import POOL_LIFETIME_S, POOL_SIZE
from storyclip.domain.errors import CommitUnanswered, StoreUnavailable
from storyclip.store import postgres, schema, sqlite_pool
from storyclip.store.shared_commit import committed
from storyclip.store.sqlite_file import SqliteFile
from storyclip.store.turnstile import turnstile
from storyclip.store.urgent import patient

IN_MEMORY = "sqlite:///:memory:"  # for one thread, and gone with its process

database = peewee.DatabaseProxy()
_turnstile_path: Path | None = None
_file: SqliteFile | None = None
_is_sqlite = True
_GONE_WRONG = (peewee.DatabaseError, peewee.InterfaceError, psycopg.Error)
_OF_WHAT_WE_ASKED = (peewee.IntegrityError, peewee.ProgrammingError, peewee.DataError)


def connect(
    url: str,
    pool_size: int = POOL_SIZE,
    pool_lifetime_s: float = POOL_LIFETIME_S,
    *,
    may_begin_anew: bool = False,
) -> Sequence[str]:
    """Bind this process to the database at `url` and bring its tables up to date.

    PostgreSQL: at most `pool_size` connections, each closed after `pool_lifetime_s`.

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
        database.initialize(sqlite_pool.in_memory())
        database.connect()  # kept: with its last connection the database would end
    elif _is_sqlite:
        path = sqlite_file(url)
        with _AsOurs():
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        _turnstile_path = turnstile_of(path)
        _file = SqliteFile(path)
        if not may_begin_anew:
            _file.require_history()
        database.initialize(sqlite_pool.of(path))
    else:
        _turnstile_path = None
        database.initialize(postgres.Pool(url, pool_size, pool_lifetime_s))
    migrated = _migrate()
    if _file is not None:
        with _AsOurs():
            _file.opened()
    return migrated


def disconnect() -> None:
    """Close this process's connections; what another thread has of SQLite's goes with that."""
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
    everything), so they queue at a lock first, which the kernel frees for a killed process. Those
    of one process that wait for each other share a commit.

    Raises:
        StoreUnavailable: down, full or locked; nothing was written.
        CommitUnanswered: it went away over the commit; nobody knows whether it is written.
        RuntimeError: the block swallowed that a statement failed; nothing was written.
    """
    with reading():
        store = database.obj
        if store.in_transaction():
            raise RuntimeError("a transaction inside another would wait for itself")
        store.has_failed = False
        is_said = False
        try:
            with _begun():
                yield
                _require_whole(store)
                is_said = True
        except peewee.DatabaseError as failure:
            if is_said and not _is_sqlite and postgres.sqlstate_of(failure) is None:
                raise CommitUnanswered(f"no answer to the commit: {failure}") from failure
            raise


def _require_whole(store: Any) -> None:
    """Let nobody go on past a statement that failed: PostgreSQL has undone all of the block by then
    and takes the commit without a word, SQLite perhaps.
    """
    if _is_sqlite:
        is_whole = not store.has_failed
    else:
        status = store.connection().pgconn.transaction_status
        is_whole = status != psycopg.pq.TransactionStatus.INERROR
    if not is_whole:
        raise RuntimeError("a statement failed, and its block went on: nothing of it is written")


def _begun() -> AbstractContextManager[Any]:
    store = database.obj
    if _turnstile_path is not None:
        return committed(store, _turnstile_path)
    begun: AbstractContextManager[Any] = (
        store.transaction("IMMEDIATE") if _is_sqlite else store.transaction()
    )
    return begun


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


def is_postgres() -> bool:
    """Return whether the database is PostgreSQL's, and not SQLite's."""
    return not _is_sqlite


def looked_at(server: str) -> None:
    """Take it that the rows of this run of this server were looked at; others are refused first."""
    if not _is_sqlite:
        database.obj.looked_at(server)


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


def try_lock_row(table: str, row_id: int) -> bool:
    """Hold a row until the transaction ends, and return whether nobody else holds it."""
    if _is_sqlite:
        return True
    found = run(f"SELECT 1 FROM {table} WHERE id = ? FOR UPDATE SKIP LOCKED", (row_id,))
    return found.fetchone() is not None


def skip_locked() -> str:
    """Return what ends a SELECT in a write that leaves the rows which somebody else holds."""
    return "" if _is_sqlite else " FOR UPDATE SKIP LOCKED"


def free_of(select: str) -> str:
    """Return SQL for "is among these", of what such a SELECT of one column finds.

    An array, for an IN may be evaluated more than once, and then finds more than its LIMIT.
    """
    return f"IN ({select})" if _is_sqlite else f"= ANY(ARRAY({select}{skip_locked()}))"


class _AsOurs:
    """Raises what goes wrong in its block as StoreUnavailable, unless it is about what we asked.

    A class, and not a generator: it is entered some twenty times a clip.
    """

    def __enter__(self) -> None:
        """Wait for what may go wrong."""

    def __exit__(self, kind: object, failure: BaseException | None, trace: object) -> None:
        if failure is None or isinstance(failure, _OF_WHAT_WE_ASKED):
            return
        if isinstance(failure, _GONE_WRONG):
            raise StoreUnavailable(f"the database cannot be used: {failure}") from failure
        if isinstance(failure, MaxConnectionsExceeded | OSError):
            raise StoreUnavailable(f"the database cannot be reached: {failure}") from failure


class _Reading(_AsOurs):
    """Has a connection for its block; one inside another has the same."""

    def __enter__(self) -> None:
        if _file is not None:
            _file.require_same()
        with _AsOurs():  # most have one already
            self._is_mine = database.obj.is_closed() and database.connect(reuse_if_open=True)

    def __exit__(self, kind: object, failure: BaseException | None, trace: object) -> None:
        if self._is_mine:
            with _AsOurs():
                database.close()
        super().__exit__(kind, failure, trace)


def _migrate() -> Sequence[str]:
    gate = nullcontext() if _turnstile_path is None else turnstile(_turnstile_path)
    # The gate first: to switch a new file to WAL, SQLite does not wait for another's lock.
    with _AsOurs(), gate, patient(), reading():
        return schema.bring_up_to_date(database.obj)
