"""Sessions of the page, and the links that sign in once."""

from __future__ import annotations

from typing import Any

from peewee import Model, TextField


class SessionRow(Model):
    token_hash = TextField(primary_key=True)
    purpose = TextField()
    key_id = TextField()
    expires_at = TextField(index=True)

    class Meta:
        legacy_table_names = False
        table_name = "sessions"


def up(migrator: Any, db: Any) -> None:
    """Make the table."""
    with db.bind_ctx([SessionRow]):
        db.create_tables([SessionRow], safe=False)
