"""Which media processes live, what keeps a file waiting, and when an incident was over."""

from __future__ import annotations

from typing import Any

_STATEMENTS = (
    "CREATE TABLE media_processes (name TEXT NOT NULL PRIMARY KEY, alive_at TEXT NOT NULL)",
    "ALTER TABLE files ADD COLUMN trouble TEXT",
    "ALTER TABLE incidents ADD COLUMN ended_at TEXT",
)


def up(migrator: Any, db: Any) -> None:
    """Add them; nothing is known of what was before."""
    for statement in _STATEMENTS:
        db.execute_sql(statement)
