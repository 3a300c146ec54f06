"""How much of the part under way has left for Metricool, for those who watch."""

from __future__ import annotations

from typing import Any


def up(migrator: Any, db: Any) -> None:
    """Add the column; of what is under way it is not known."""
    db.execute_sql("ALTER TABLE transfers ADD COLUMN sent BIGINT")
