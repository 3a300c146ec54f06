"""The first tables, as they were: later migrations change them, this one stays."""

from __future__ import annotations

from typing import Any

from peewee import (
    SQL,
    AutoField,
    BooleanField,
    CompositeKey,
    FloatField,
    ForeignKeyField,
    IntegerField,
    Model,
    TextField,
)


class Table(Model):
    class Meta:
        legacy_table_names = False


class LaneRow(Table):
    id = AutoField()
    account_id = TextField()
    network = TextField()
    turns = IntegerField(default=0)
    blocked_reason = TextField(null=True)
    blocked_since = TextField(null=True)
    lead_s = FloatField(null=True)
    lead_until = TextField(null=True)

    class Meta:
        table_name = "lanes"
        indexes = ((("account_id", "network"), True),)


class BatchRow(Table):
    batch_id = TextField(primary_key=True)
    job_id = TextField(null=True)
    user_id = TextField()
    lane = ForeignKeyField(LaneRow, column_name="lane_id", index=False)
    account_id = TextField()
    network = TextField()
    publish_mode = TextField()
    on_failure = TextField()
    gap_s = FloatField(default=0)
    turn = IntegerField()
    status = TextField()
    total_clips = IntegerField()
    published_clips = IntegerField(default=0)
    failed_clips = IntegerField(default=0)
    unconfirmed_clips = IntegerField(default=0)
    cancelled_clips = IntegerField(default=0)
    current_clip_index = IntegerField(default=0)
    last_seq = IntegerField(default=0)
    scheduled_for = TextField(null=True)
    error_msg = TextField(null=True)
    pause_requested_at = TextField(null=True)
    cancel_requested_at = TextField(null=True)
    created_at = TextField()
    started_at = TextField(null=True)
    completed_at = TextField(null=True)

    class Meta:
        table_name = "publish_batches"


BatchRow.add_index(
    BatchRow.index(BatchRow.lane, BatchRow.turn, name="batches_by_turn").where(
        SQL("completed_at IS NULL")
    )
)
BatchRow.add_index(
    BatchRow.index(
        BatchRow.user_id, BatchRow.created_at, BatchRow.batch_id, name="batches_active"
    ).where(SQL("completed_at IS NULL"))
)
BatchRow.add_index(
    BatchRow.index(BatchRow.user_id, BatchRow.created_at, BatchRow.batch_id, name="batches_of_user")
)
BatchRow.add_index(
    BatchRow.index(BatchRow.completed_at, name="batches_ended").where(
        SQL("completed_at IS NOT NULL")
    )
)
BatchRow.add_index(BatchRow.index(BatchRow.created_at, BatchRow.batch_id, name="batches_newest"))


class ClipRow(Table):
    id = AutoField()
    batch = ForeignKeyField(BatchRow, column_name="batch_id", index=False)
    clip_index = IntegerField()
    lane = ForeignKeyField(LaneRow, column_name="lane_id", index=False)
    lane_held = IntegerField(null=True, unique=True)
    client_id = TextField()
    clip_url = TextField()
    clip_title = TextField(default="")
    status = TextField()
    revision = IntegerField(default=0)
    attempts = IntegerField(default=0)
    next_at = TextField(null=True)
    rung_at = TextField(null=True)
    worker = TextField(null=True)
    media_url = TextField(null=True)
    intended_at = TextField(null=True)
    plans = TextField(default="")
    scheduled_at = TextField(null=True)
    metricool_post_id = TextField(null=True)
    facebook_post_id = TextField(null=True)
    public_url = TextField(null=True)
    checks = IntegerField(default=0)
    missing_since = TextField(null=True)
    postponed_since = TextField(null=True)
    postponements = IntegerField(default=0)
    error_msg = TextField(null=True)
    error_code = TextField(null=True)
    retry_safety = TextField(null=True)
    uploaded_at = TextField(null=True)
    published_at = TextField(null=True)

    class Meta:
        table_name = "publish_batch_clips"
        indexes = ((("batch_id", "clip_index"), True),)


ClipRow.add_index(
    ClipRow.index(ClipRow.next_at, name="clips_due").where(SQL("next_at IS NOT NULL"))
)
ClipRow.add_index(
    ClipRow.index(ClipRow.worker, name="clips_in_hand").where(SQL("worker IS NOT NULL"))
)
ClipRow.add_index(
    ClipRow.index(ClipRow.lane, ClipRow.scheduled_at, name="clips_sent").where(
        SQL("scheduled_at IS NOT NULL")
    )
)
ClipRow.add_index(
    ClipRow.index(ClipRow.metricool_post_id, name="clips_by_post").where(
        SQL("metricool_post_id IS NOT NULL")
    )
)


class EventRow(Table):
    batch_id = TextField()
    seq = IntegerField()
    body = TextField()

    class Meta:
        table_name = "publish_batch_events"
        primary_key = CompositeKey("batch_id", "seq")


class WorkerRow(Table):
    name = TextField(primary_key=True)
    beats = IntegerField(default=0)

    class Meta:
        table_name = "workers"


class IncidentRow(Table):
    id = AutoField()
    kind = TextField()
    subject = TextField()
    detail = TextField()
    created_at = TextField()

    class Meta:
        table_name = "incidents"
        indexes = ((("kind", "subject"), True),)


class ApiKeyRow(Table):
    key_id = TextField(primary_key=True)
    secret_hash = TextField()
    user_id = TextField()
    scopes = TextField()
    accounts = TextField(null=True)
    created_at = TextField()
    expires_at = TextField(null=True)
    revoked_at = TextField(null=True)
    last_used_at = TextField(null=True)

    class Meta:
        table_name = "api_keys"


class IdempotencyRow(Table):
    user_id = TextField()
    key = TextField()
    body_hash = TextField()
    batch_id = TextField()
    created_at = TextField(index=True)

    class Meta:
        table_name = "idempotency_keys"
        primary_key = CompositeKey("user_id", "key")


class InstallationRow(Table):
    name = TextField(primary_key=True)
    value = TextField()
    is_shown = BooleanField(default=False)

    class Meta:
        table_name = "installation"


TABLES = (
    LaneRow,
    BatchRow,
    ClipRow,
    EventRow,
    WorkerRow,
    IncidentRow,
    ApiKeyRow,
    IdempotencyRow,
    InstallationRow,
)


def up(migrator: Any, db: Any) -> None:
    """Make all tables and indexes."""
    with db.bind_ctx(TABLES):
        db.create_tables(TABLES, safe=False)
