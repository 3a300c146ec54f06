"""A user's history by status, and by when it ended, is found by an index, however long it is."""

from __future__ import annotations

from typing import Any

from peewee import SqliteDatabase

# PostgreSQL builds them beside the writers
atomic = False

_ON_SQLITE = (
    "CREATE INDEX IF NOT EXISTS batches_by_status"
    " ON publish_batches (user_id, status, created_at, batch_id)",
    "CREATE INDEX IF NOT EXISTS batches_by_end"
    " ON publish_batches (user_id, completed_at) WHERE completed_at IS NOT NULL",
)
_ON_POSTGRESQL = (
    "DROP INDEX CONCURRENTLY IF EXISTS batches_by_status",  # what broke off is of no use
    "CREATE INDEX CONCURRENTLY batches_by_status"
    " ON publish_batches (user_id, status, created_at, batch_id)",
    "DROP INDEX CONCURRENTLY IF EXISTS batches_by_end",
    "CREATE INDEX CONCURRENTLY batches_by_end"
    " ON publish_batches (user_id, completed_at) WHERE completed_at IS NOT NULL",
)


def up(migrator: Any, db: Any) -> None:
    """Build them; SQLite's writers wait meanwhile, less than a second for each."""
    for statement in _ON_SQLITE if isinstance(db, SqliteDatabase) else _ON_POSTGRESQL:
        db.execute_sql(statement)
