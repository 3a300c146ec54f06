"""Users' files, their pieces, the batches that need them, and their way into Metricool."""

from __future__ import annotations

from typing import Any

_STATEMENTS = (
    "CREATE TABLE files ("
    "id TEXT NOT NULL PRIMARY KEY,"
    " user_id TEXT NOT NULL,"
    " name TEXT NOT NULL,"
    " size BIGINT NOT NULL,"
    " received BIGINT NOT NULL,"
    " sha256 TEXT,"
    " state TEXT NOT NULL,"
    " options TEXT NOT NULL,"
    " facts TEXT,"
    " problems TEXT,"
    " plan TEXT,"
    " poster TEXT,"
    " strip TEXT,"
    " progress DOUBLE PRECISION NOT NULL,"
    " worker TEXT,"
    " next_at TEXT,"
    " created_at TEXT NOT NULL,"
    " touched_at TEXT NOT NULL,"
    " marked_at TEXT)",
    "CREATE INDEX files_of_user ON files (user_id, sha256)",
    "CREATE INDEX files_due ON files (next_at) WHERE next_at IS NOT NULL",
    "CREATE TABLE file_pieces ("
    "file_id TEXT NOT NULL REFERENCES files (id),"
    " number INTEGER NOT NULL,"
    " name TEXT NOT NULL,"
    " sha256 TEXT NOT NULL,"
    " length_s DOUBLE PRECISION,"
    " measured TEXT NOT NULL,"
    " PRIMARY KEY (file_id, number))",
    "CREATE TABLE file_uses ("
    "file_id TEXT NOT NULL REFERENCES files (id),"
    " batch_id TEXT NOT NULL,"
    " PRIMARY KEY (file_id, batch_id))",
    "CREATE TABLE transfers ("
    "clip_id BIGINT NOT NULL,"
    " send INTEGER NOT NULL,"
    " transfer TEXT NOT NULL,"
    " next_at TEXT,"
    " taken_by TEXT,"
    " PRIMARY KEY (clip_id, send))",
    "CREATE INDEX transfers_due ON transfers (next_at) WHERE next_at IS NOT NULL",
)


def up(migrator: Any, db: Any) -> None:
    """Make them, empty."""
    for statement in _STATEMENTS:
        db.execute_sql(statement)
