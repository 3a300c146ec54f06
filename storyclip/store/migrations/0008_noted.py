"""By which moment a clip's row was decided, so that a clock that was ahead then is found out."""

from __future__ import annotations

from typing import Any


def up(migrator: Any, db: Any) -> None:
    """Add it, empty: what was noted before is believed."""
    db.execute_sql("ALTER TABLE publish_batch_clips ADD COLUMN noted_at TEXT")
