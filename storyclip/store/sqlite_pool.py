"""SQLite's connections, as this service wants them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import peewee
from playhouse.pool import PooledSqliteDatabase

from storyclip.store import kernel_wait
from storyclip.store.sqlite_direct import Direct
from storyclip.store.turnstile import BUSY_TIMEOUT_S

MAX_CONNECTIONS = 160  # more threads than the web process has; SQLite handles cost little


class Pool(Direct, PooledSqliteDatabase):  # type: ignore[misc]  # peewee has no types
    """peewee's pool, whose threads may share the transaction of one of them."""

    def close_all(self) -> None:
        """Close what nobody is using; the rest goes with who has it.

        To close what another thread has SQLite work on ends the process, in C.
        """
        self.close()
        self.close_idle()

    @contextmanager
    def on_connection(self, connection: Any) -> Iterator[None]:
        """Have this thread ask on that connection for the block, in a transaction open there.

        Its own, which it must have, it keeps meanwhile; who lends one waits for the block's end.
        """
        own, self._state.conn = self._state.conn, connection
        self.push_transaction(connection)
        try:
            yield
        finally:
            self.pop_transaction()
            self._state.conn = own


class _InMemory(Direct, peewee.SqliteDatabase):
    """The one connection to a database that is nowhere else."""


def in_memory() -> Any:
    """Return a database for one thread."""
    return _InMemory(
        ":memory:", thread_safe=False, pragmas={"foreign_keys": 1}, cached_statements=1000
    )


def of(path: Path) -> Pool:
    """Return the pool of connections to a file: WAL, and a commit is on disk before it counts."""
    kernel_wait.can_be_called_off()
    return Pool(
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
