"""Whether these are the newest rows there ever were, and what a lane has to clear up before."""

from __future__ import annotations

from typing import Any

_STATEMENTS = (
    # One row: what has to be the same here and outside the database
    "CREATE TABLE service ("
    "id INTEGER PRIMARY KEY,"
    " installation TEXT,"
    " place TEXT,"
    " server TEXT,"
    " epoch INTEGER NOT NULL,"
    " mark INTEGER NOT NULL,"
    " alive_at TEXT,"
    " lost_since TEXT,"
    " lost_until TEXT,"
    " elsewhere TEXT,"
    " rival TEXT,"
    " paused_at TEXT)",
    "INSERT INTO service (id, epoch, mark) VALUES (1, 0, 0)",
    "ALTER TABLE lanes ADD COLUMN doubted_since TEXT",
    "ALTER TABLE lanes ADD COLUMN doubted_until TEXT",
    "ALTER TABLE lanes ADD COLUMN held_at TEXT",
    "ALTER TABLE publish_batches ADD COLUMN held_at TEXT",
    "ALTER TABLE publish_batch_events ADD COLUMN epoch INTEGER NOT NULL DEFAULT 0",
    "CREATE TABLE strangers ("
    "lane_id INTEGER NOT NULL REFERENCES lanes (id),"
    " name TEXT NOT NULL,"
    " post_id TEXT NOT NULL,"
    " post_uuid TEXT,"
    " media TEXT NOT NULL,"
    " planned_for TEXT,"
    " status TEXT NOT NULL,"
    " public_url TEXT,"
    " made_at TEXT,"
    " found_at TEXT NOT NULL,"
    " is_left_alone INTEGER NOT NULL DEFAULT 0,"
    " PRIMARY KEY (lane_id, name))",
)


def up(migrator: Any, db: Any) -> None:
    """Make the tables, and add the columns: all may be empty, or have a constant default."""
    for statement in _STATEMENTS:
        db.execute_sql(statement)
