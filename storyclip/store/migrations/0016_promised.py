"""What an announced file is to be, so that who announces it again goes on with what is there."""

from __future__ import annotations

from typing import Any


def up(migrator: Any, db: Any) -> None:
    """Add the column; what was announced before has none."""
    db.execute_sql("ALTER TABLE files ADD COLUMN promised TEXT")
