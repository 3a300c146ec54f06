"""Who did what: rows that nobody changes, and that go only when they were kept long enough."""

from __future__ import annotations

from typing import Any

from peewee import AutoField, IntegerField, Model, SqliteDatabase, TextField


class ActRow(Model):
    id = AutoField()
    at = TextField(index=True)
    via = TextField()
    user_id = TextField(null=True)
    key_id = TextField(null=True)
    session_id = TextField(null=True)
    address = TextField(null=True)
    action = TextField()
    subject = TextField()
    detail = TextField(null=True)
    outcome = TextField()
    times = IntegerField()

    class Meta:
        legacy_table_names = False
        table_name = "audit"
        indexes = ((("user_id", "id"), False),)


class RetentionRow(Model):
    id = IntegerField(primary_key=True)
    before_at = TextField()

    class Meta:
        legacy_table_names = False
        table_name = "audit_retention"


_ON_SQLITE = (
    "CREATE TRIGGER audit_stays BEFORE UPDATE ON audit"
    " BEGIN SELECT RAISE(ABORT, 'the table audit is only added to'); END",
    "CREATE TRIGGER audit_is_kept BEFORE DELETE ON audit"
    " WHEN NOT EXISTS (SELECT 1 FROM audit_retention WHERE OLD.at < before_at)"
    " BEGIN SELECT RAISE(ABORT, 'the table audit is only added to'); END",
    # INSERT OR REPLACE deletes without asking the trigger above
    "CREATE TRIGGER audit_is_added_to BEFORE INSERT ON audit"
    " WHEN EXISTS (SELECT 1 FROM audit WHERE id = NEW.id)"
    " BEGIN SELECT RAISE(ABORT, 'the table audit is only added to'); END",
)
_ON_POSTGRES = (
    "CREATE FUNCTION audit_is_kept() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
    " IF TG_OP = 'DELETE' AND TG_LEVEL = 'ROW' THEN"
    " IF EXISTS (SELECT 1 FROM audit_retention WHERE OLD.at < before_at) THEN RETURN OLD; END IF;"
    " END IF;"
    " RAISE EXCEPTION 'the table audit is only added to'; END $$",
    "CREATE TRIGGER audit_rows_stay BEFORE UPDATE OR DELETE ON audit"
    " FOR EACH ROW EXECUTE FUNCTION audit_is_kept()",
    "CREATE TRIGGER audit_stays BEFORE TRUNCATE ON audit"
    " FOR EACH STATEMENT EXECUTE FUNCTION audit_is_kept()",
)


def up(migrator: Any, db: Any) -> None:
    """Make the tables, and what keeps the rows of the first."""
    with db.bind_ctx([ActRow, RetentionRow]):
        db.create_tables([ActRow, RetentionRow], safe=False)
    for statement in _ON_SQLITE if isinstance(db, SqliteDatabase) else _ON_POSTGRES:
        db.execute_sql(statement)
