"""What a client of tus said of a file, in its own words: it may ask for them again."""

from __future__ import annotations

from typing import Any


def up(migrator: Any, db: Any) -> None:
    """Add the column; of earlier files the words were not kept."""
    db.execute_sql("ALTER TABLE files ADD COLUMN metadata TEXT")
