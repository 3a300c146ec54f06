"""Passwords of users, and the links with which each sets one, once."""

from __future__ import annotations

from typing import Any

from peewee import Model, TextField


class PasswordRow(Model):
    user_id = TextField(primary_key=True)
    password_hash = TextField()
    set_at = TextField()

    class Meta:
        legacy_table_names = False
        table_name = "passwords"


class PasswordLinkRow(Model):
    token_hash = TextField(primary_key=True)
    user_id = TextField(index=True)
    made_at = TextField()
    expires_at = TextField()

    class Meta:
        legacy_table_names = False
        table_name = "password_links"


def up(migrator: Any, db: Any) -> None:
    """Make the tables."""
    with db.bind_ctx([PasswordRow, PasswordLinkRow]):
        db.create_tables([PasswordRow, PasswordLinkRow], safe=False)
