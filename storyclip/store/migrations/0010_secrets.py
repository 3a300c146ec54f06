"""With which pepper each key is hashed, and the webhook secrets that were exchanged."""

from __future__ import annotations

from typing import Any

from peewee import AutoField, Model, TextField


class WebhookSecretRow(Model):
    id = AutoField()
    user_id = TextField(index=True)
    salt = TextField()
    pepper_id = TextField()
    made_at = TextField()
    ends_at = TextField(null=True)

    class Meta:
        legacy_table_names = False
        table_name = "webhook_secrets"


def up(migrator: Any, db: Any) -> None:
    """Add both: a key without a pepper's name has the first one."""
    with db.bind_ctx([WebhookSecretRow]):
        db.create_tables([WebhookSecretRow], safe=False)
    db.execute_sql("ALTER TABLE api_keys ADD COLUMN pepper_id TEXT")
