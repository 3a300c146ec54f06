"""When each clip is meant to go out, and what was asked for and chosen."""

from __future__ import annotations

from typing import Any

from peewee import TextField


def up(migrator: Any, db: Any) -> None:
    """Add the columns, and find what is still to come by its lane."""
    migrator.migrate(
        migrator.add_column("publish_batch_clips", "wished_for", TextField(null=True)),
        migrator.add_column("publish_batches", "schedule", TextField(null=True)),
    )
    db.execute_sql(
        "CREATE INDEX clips_to_come ON publish_batch_clips (lane_id, wished_for)"
        " WHERE status = 'pending'"
    )
