"""A batch's place in its lane, apart from its number; and what we began to delete upstream."""

from __future__ import annotations

from typing import Any

from peewee import IntegerField, TextField


def up(migrator: Any, db: Any) -> None:
    """Begin with the order of today."""
    migrator.migrate(
        migrator.add_column("publish_batches", "place", IntegerField(default=0)),
        migrator.add_column("publish_batch_clips", "taken_back_at", TextField(null=True)),
    )
    db.execute_sql("UPDATE publish_batches SET place = turn")
    db.execute_sql("DROP INDEX batches_by_turn")
    db.execute_sql(
        "CREATE INDEX batches_by_place ON publish_batches (lane_id, place)"
        " WHERE completed_at IS NULL"
    )
