"""What was asked for upstream: by date, and under which ids."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from storyclip.domain.clip import Clip
from storyclip.store.database import reading, run
from storyclip.store.instants import to_instant, to_text
from storyclip.store.rows import SELECT_CLIP, clip_of


def sent_since(lane_id: int, since: datetime) -> Sequence[Clip]:
    """Return the clips of a lane that were asked for with a date after `since`."""
    with reading():
        rows = run(
            f"{SELECT_CLIP} WHERE c.lane_id = ? AND c.scheduled_at >= ?",
            (lane_id, to_text(since)),
        ).fetchall()
    return [clip_of(row) for row in rows]


def latest_date_before(clip: Clip) -> datetime | None:
    """Return the latest date that clips before this one were asked for, None without any."""
    with reading():
        row = run(
            "SELECT MAX(scheduled_at) FROM publish_batch_clips WHERE batch_id = ?"
            " AND clip_index < ? AND metricool_post_id IS NOT NULL",
            (clip.batch_id, clip.index),
        ).fetchone()
    return to_instant(row[0])


def held_elsewhere(clip: Clip, post_ids: Sequence[str]) -> set[str]:
    """Return which of these posts belong to other clips of ours."""
    if not post_ids:
        return set()
    marks = ", ".join("?" * len(post_ids))
    with reading():
        rows = run(
            f"SELECT metricool_post_id FROM publish_batch_clips"
            f" WHERE metricool_post_id IN ({marks}) AND id <> ?",
            (*post_ids, clip.id),
        ).fetchall()
    return {post_id for (post_id,) in rows}
