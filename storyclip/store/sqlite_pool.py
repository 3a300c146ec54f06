"""SQLite's connections, as this service wants them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import peewee
from playhouse.pool import PooledSqliteDatabase

from storyclip.store.sqlite_direct import Direct
from storyclip.store.turnstile import BUSY_TIMEOUT_S

MAX_CONNECTIONS = 160  # more threads than the web process has; SQLite handles cost little


class _Pool(Direct, PooledSqliteDatabase):  # type: ignore[misc]  # peewee has no types
    """The connections to a file."""


class _InMemory(Direct, peewee.SqliteDatabase):
    """The one connection to a database that is nowhere else."""


def in_memory() -> Any:
    """Return a database for one thread."""
    return _InMemory(
        ":memory:", thread_safe=False, pragmas={"foreign_keys": 1}, cached_statements=1000
    )


def of(path: Path) -> Any:
    """Return the pool of connections to a file: WAL, and a commit is on disk before it counts."""
    return _Pool(
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
