"""The rows. Times are text, `2026-12-01T18:00:00.000000Z`: they sort as they pass, everywhere."""

from __future__ import annotations

from peewee import (
    SQL,
    AutoField,
    CompositeKey,
    FloatField,
    ForeignKeyField,
    IntegerField,
    TextField,
)

from storyclip.domain.clip import State
from storyclip.store.instants import Table, UTCField
from storyclip.store.service_tables import (
    ApiKeyRow,
    DeliveryRow,
    IdempotencyRow,
    IncidentRow,
    InstallationRow,
    SessionRow,
    WorkerRow,
)


class LaneRow(Table):
    """One (account, network): its stories go out one after the other.

    Every transaction that moves a clip holds its row first; `turns` counts its batches.
    """

    id = AutoField()
    account_id = TextField()
    network = TextField()
    turns = IntegerField(default=0)
    blocked_reason = TextField(null=True)
    blocked_since = UTCField(null=True)
    lead_s = FloatField(null=True)  # longer lead after a past-date refusal …
    lead_until = UTCField(null=True)  # … until then
    reopened_at = UTCField(null=True)
    changes_media = IntegerField(default=0)
    month_count = IntegerField(null=True)
    month_counted_at = UTCField(null=True)

    class Meta:
        """One row an account and network."""

        table_name = "lanes"
        indexes = ((("account_id", "network"), True),)


class BatchRow(Table):
    """A batch; counters and status are written by `record` and the user's wishes alone."""

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
    place = IntegerField(default=0)
    status = TextField()
    total_clips = IntegerField()
    published_clips = IntegerField(default=0)
    failed_clips = IntegerField(default=0)
    unconfirmed_clips = IntegerField(default=0)
    cancelled_clips = IntegerField(default=0)
    current_clip_index = IntegerField(default=0)
    last_seq = IntegerField(default=0)
    scheduled_for = UTCField(null=True)
    schedule = TextField(null=True)  # JSON: what was asked for and what was chosen
    error_msg = TextField(null=True)
    pause_requested_at = UTCField(null=True)
    cancel_requested_at = UTCField(null=True)
    created_at = UTCField()
    started_at = UTCField(null=True)
    completed_at = UTCField(null=True)

    class Meta:
        """Found by turn while it runs, by user newest first."""

        table_name = "publish_batches"


BatchRow.add_index(
    BatchRow.index(BatchRow.lane, BatchRow.place, name="batches_by_place").where(
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
    """A clip. `lane_held` is its lane while in flight: unique, so one at a time goes out."""

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
    next_at = UTCField(null=True)
    rung_at = UTCField(null=True)
    worker = TextField(null=True)
    media_url = TextField(null=True)
    intended_at = UTCField(null=True)
    plans = TextField(default="")
    sends = IntegerField(default=0)
    wished_for = UTCField(null=True)
    scheduled_at = UTCField(null=True)
    metricool_post_id = TextField(null=True)
    post_uuid = TextField(null=True)
    shown_media = TextField(default="")
    facebook_post_id = TextField(null=True)
    public_url = TextField(null=True)
    checks = IntegerField(default=0)
    seen_at = UTCField(null=True)
    missing_since = UTCField(null=True)
    recall_wished_at = UTCField(null=True)
    taken_back_at = UTCField(null=True)
    order_waived = IntegerField(default=0)
    postponed_since = UTCField(null=True)
    postponements = IntegerField(default=0)
    error_msg = TextField(null=True)
    error_code = TextField(null=True)
    retry_safety = TextField(null=True)
    uploaded_at = UTCField(null=True)
    published_at = UTCField(null=True)

    class Meta:
        """In order within the batch."""

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
    ClipRow.index(ClipRow.lane, ClipRow.wished_for, name="clips_to_come").where(
        SQL(f"status = '{State.PENDING}'")
    )
)
ClipRow.add_index(
    ClipRow.index(ClipRow.metricool_post_id, name="clips_by_post").where(
        SQL("metricool_post_id IS NOT NULL")
    )
)


ClipRow.add_index(
    ClipRow.index(ClipRow.post_uuid, name="clips_by_uuid").where(SQL("post_uuid IS NOT NULL"))
)


class SendRow(Table):
    """One intent to send a clip. It stays when the clip goes on: a post may come of it late."""

    clip = ForeignKeyField(ClipRow, column_name="clip_id", index=False)
    number = IntegerField()
    lane = ForeignKeyField(LaneRow, column_name="lane_id", index=False)
    media_url = TextField()
    planned_for = UTCField()
    intended_at = UTCField()
    post_id = TextField(null=True)
    post_uuid = TextField(null=True)
    removed_at = UTCField(null=True)
    gone_at = UTCField(null=True)

    class Meta:
        """By clip in their order; by lane as long as something may come of them."""

        table_name = "publish_sends"
        primary_key = CompositeKey("clip", "number")


SendRow.add_index(SendRow.index(SendRow.lane, SendRow.planned_for, name="sends_by_date"))
SendRow.add_index(SendRow.index(SendRow.planned_for, SendRow.lane, name="sends_ahead"))
SendRow.add_index(SendRow.index(SendRow.media_url, name="sends_by_media"))


class EventRow(Table):
    """One committed change, as its JSON was handed out."""

    batch_id = TextField()
    seq = IntegerField()
    body = TextField()

    class Meta:
        """Gapless by batch: the key is the proof."""

        table_name = "publish_batch_events"
        primary_key = CompositeKey("batch_id", "seq")


TABLES = (
    LaneRow,
    BatchRow,
    ClipRow,
    SendRow,
    EventRow,
    DeliveryRow,
    WorkerRow,
    IncidentRow,
    ApiKeyRow,
    IdempotencyRow,
    InstallationRow,
    SessionRow,
)
