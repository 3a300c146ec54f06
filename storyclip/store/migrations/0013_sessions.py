"""Sessions say whose they are, since when and from where; tickets are rows as they are.

A session of the last release goes on as it was, without an idle limit; one that has no key has an
empty one, by which the last release lets nobody in.
"""

from __future__ import annotations

from typing import Any

from peewee import Model, TextField


class TicketRow(Model):
    token_hash = TextField(primary_key=True)
    key_id = TextField(null=True)
    session_id = TextField(null=True)
    expires_at = TextField(index=True)

    class Meta:
        legacy_table_names = False
        table_name = "tickets"


_COLUMNS = (
    "ALTER TABLE sessions ADD COLUMN user_id TEXT",
    "ALTER TABLE sessions ADD COLUMN entry TEXT",
    "ALTER TABLE sessions ADD COLUMN begun_at TEXT",
    "ALTER TABLE sessions ADD COLUMN seen_at TEXT",
    "ALTER TABLE sessions ADD COLUMN ends_at TEXT",
    "ALTER TABLE sessions ADD COLUMN idle_s INTEGER",
    "ALTER TABLE sessions ADD COLUMN address TEXT",
    "ALTER TABLE sessions ADD COLUMN browser TEXT",
)


def up(migrator: Any, db: Any) -> None:
    """Add the columns, and make the table."""
    for statement in _COLUMNS:
        db.execute_sql(statement)
    with db.bind_ctx([TicketRow]):
        db.create_tables([TicketRow], safe=False)
