"""How often work on a file was lost, so that one that is to blame is not tried for ever."""

from __future__ import annotations

from typing import Any


def up(migrator: Any, db: Any) -> None:
    """Add the column; of what is under way none was lost."""
    db.execute_sql("ALTER TABLE files ADD COLUMN losses INTEGER")
