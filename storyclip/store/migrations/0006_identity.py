"""What a post is known by, every intent to send a clip, and what a lane has learnt."""

from __future__ import annotations

from typing import Any

# Written out: a column added through the runner is filled and made NOT NULL row by row, which
# holds the write lock for as long as the table is large. A constant default is not.
_COLUMNS = (
    "publish_batch_clips ADD COLUMN post_uuid TEXT",
    "publish_batch_clips ADD COLUMN shown_media TEXT NOT NULL DEFAULT ''",
    "publish_batch_clips ADD COLUMN sends INTEGER NOT NULL DEFAULT 0",
    "publish_batch_clips ADD COLUMN seen_at TEXT",
    "publish_batch_clips ADD COLUMN recall_wished_at TEXT",
    "publish_batch_clips ADD COLUMN order_waived INTEGER NOT NULL DEFAULT 0",
    "lanes ADD COLUMN reopened_at TEXT",
    "lanes ADD COLUMN changes_media INTEGER NOT NULL DEFAULT 0",
    "lanes ADD COLUMN month_count INTEGER",
    "lanes ADD COLUMN month_counted_at TEXT",
)
_SENDS = (
    "CREATE TABLE publish_sends ("
    "clip_id INTEGER NOT NULL REFERENCES publish_batch_clips (id),"
    " number INTEGER NOT NULL,"
    " lane_id INTEGER NOT NULL REFERENCES lanes (id),"
    " media_url TEXT NOT NULL,"
    " planned_for TEXT NOT NULL,"
    " intended_at TEXT NOT NULL,"
    " post_id TEXT,"
    " post_uuid TEXT,"
    " removed_at TEXT,"
    " gone_at TEXT,"
    " PRIMARY KEY (clip_id, number))",
    "CREATE INDEX sends_by_date ON publish_sends (lane_id, planned_for)",
    "CREATE INDEX sends_ahead ON publish_sends (planned_for, lane_id)",
    "CREATE INDEX sends_by_media ON publish_sends (media_url)",
    "CREATE INDEX clips_by_uuid ON publish_batch_clips (post_uuid) WHERE post_uuid IS NOT NULL",
)
# What is under way was sent at least once; of its earlier dates only the marker is the same.
_UNDER_WAY = (
    "INSERT INTO publish_sends (clip_id, number, lane_id, media_url, planned_for, intended_at)"
    " SELECT id, 1, lane_id, media_url, scheduled_at, intended_at FROM publish_batch_clips"
    " WHERE media_url IS NOT NULL AND scheduled_at IS NOT NULL AND intended_at IS NOT NULL"
    " AND (next_at IS NOT NULL OR status = 'failed')",
    "UPDATE publish_batch_clips SET sends = 1 WHERE id IN (SELECT clip_id FROM publish_sends)",
)


def up(migrator: Any, db: Any) -> None:
    """Add them, and note one send of each clip that may still come to something."""
    for column in _COLUMNS:
        db.execute_sql(f"ALTER TABLE {column}")
    for statement in (*_SENDS, *_UNDER_WAY):
        db.execute_sql(statement)
