"""Where batches report to, and how far they got."""

from __future__ import annotations

from typing import Any

from peewee import SQL, AutoField, IntegerField, Model, TextField


class DeliveryRow(Model):
    id = AutoField()
    batch_id = TextField(unique=True)
    url = TextField()
    receiver = TextField()
    next_seq = IntegerField(default=1)
    part = IntegerField(default=0)
    next_at = TextField(null=True)
    revision = IntegerField(default=0)
    attempts = IntegerField(default=0)
    failing_since = TextField(null=True)
    last_error = TextField(null=True)
    stopped_at = TextField(null=True)

    class Meta:
        legacy_table_names = False
        table_name = "webhook_deliveries"


DeliveryRow.add_index(
    DeliveryRow.index(DeliveryRow.next_at, name="deliveries_due").where(SQL("next_at IS NOT NULL"))
)


def up(migrator: Any, db: Any) -> None:
    """Make the cursors, and give keys a receiver."""
    with db.bind_ctx([DeliveryRow]):
        db.create_tables([DeliveryRow], safe=False)
    migrator.migrate(migrator.add_column("api_keys", "webhook_url", TextField(null=True)))
