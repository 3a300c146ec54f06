"""The JSON that the outside relies on: clip, status, summary and event, camelCase."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import cast, overload

from storyclip.domain.batch import Batch, Status, current_clip, phase_of
from storyclip.domain.changing import replace
from storyclip.domain.clip import Clip, State
from storyclip.domain.clip_words import facts_of
from storyclip.domain.dates.mode import Mode
from storyclip.domain.dates.shown import AtOnce, Dated
from storyclip.domain.doubt import LOOKING
from storyclip.domain.errors import ErrorCode, RetrySafety
from storyclip.domain.shown import (
    BatchStatus,
    ClipView,
    Counts,
    EventView,
    Facts,
    Kind,
    StrangerView,
    Summary,
)


@overload
def rfc3339(instant: datetime) -> str: ...


@overload
def rfc3339(instant: None) -> None: ...


@overload
def rfc3339(instant: datetime | None) -> str | None: ...


def rfc3339(instant: datetime | None) -> str | None:
    """Return an aware instant as `2026-12-01T18:00:00.123Z`, None as None.

    Raises:
        ValueError: the instant is naive, so nobody knows when it is.
    """
    if instant is None:
        return None
    if instant.tzinfo is None:
        raise ValueError(f"naive time {instant.isoformat()}: expected one with a zone")
    return _text(instant if instant.tzinfo is UTC else instant.astimezone(UTC))


@lru_cache(256)  # of UTC alone: elsewhere two instants of the hour that comes twice are equal
def _text(instant: datetime) -> str:
    return instant.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def clip_view(clip: Clip, mode: Mode = Mode.NOW) -> ClipView:
    """Return one clip as the API and the events show it.

    In a planned `mode` its date is known before Metricool is asked for it.
    """
    clip = _as_far_as_known(clip)
    is_planned = mode is not Mode.NOW and clip.state is State.PENDING
    date = clip.wished_for if is_planned else clip.planned_for
    return {
        "index": clip.index,
        "id": clip.client_id,
        "url": clip.source_url,
        "title": clip.title,
        "status": clip.state,
        "metricoolPostId": clip.post_id,
        "facebookPostId": clip.network_post_id,
        "publicUrl": clip.public_url,
        "error": clip.error,
        "errorCode": clip.error_code,
        "errorFacts": facts_of(clip.error),
        "retrySafety": clip.retry_safety,
        "attempts": clip.attempts,
        "scheduledAt": rfc3339(date),
        "uploadedAt": rfc3339(clip.uploaded_at),
        "publishedAt": rfc3339(clip.published_at),
    }


def _as_far_as_known(clip: Clip) -> Clip:
    """Return a clip without a word that only the newest rows could give: that nothing of it is out.

    It may have been asked for again in rows that are lost.
    """
    if clip.retry_safety is not RetrySafety.SAFE or not clip.lane.is_in_doubt:
        return clip
    return replace(
        clip, error=LOOKING, error_code=ErrorCode.UNCONFIRMED, retry_safety=RetrySafety.CHECK_FIRST
    )


def event_view(before: Batch, after: Batch, clip: Clip | None, at: datetime) -> EventView:
    """Return the event of one committed change of a batch."""
    shown: EventView = {
        "type": _event_type(before, after),
        "batchId": after.batch_id,
        "seq": after.last_seq,
        "current": after.current_index,
        "total": after.total,
        "published": after.published,
        "errors": after.failed,
        "unconfirmed": after.unconfirmed,
        "cancelled": after.cancelled,
        "currentStory": _story_name(clip),
        "status": after.status,
        "clip": clip_view(clip, after.mode) if clip else None,
        "error": after.error,
        "errorFacts": facts_of(after.error),
        "timestamp": rfc3339(at),
    }
    if shown["type"] != "error":
        del shown["error"], shown["errorFacts"]
    return shown


def status_view(
    batch: Batch,
    clips: Sequence[Clip],
    now: datetime,
    wait_total_s: float,
    blocked: str | None,
    strangers: Sequence[StrangerView] = (),
) -> BatchStatus:
    """Return the flat status of a batch with all its clips.

    Args:
        wait_total_s: seconds a clip is checked for before it is called unconfirmed.
        blocked: why Metricool refuses the whole account, None when it does not.
        strangers: the stories that hold it up.
    """
    shown: BatchStatus = {
        **_facts(batch, current_clip(clips), now, wait_total_s, blocked),
        "posts": _counts(batch),
        "clips": clip_views(clips, batch.mode),
        "strangers": strangers,
    }
    if not strangers:
        del shown["strangers"]
    return shown


def summary_view(
    batch: Batch, current: Clip | None, now: datetime, wait_total_s: float, blocked: str | None
) -> Summary:
    """Return the same facts as the status without the clips, with the counters at the top."""
    return {**_facts(batch, current, now, wait_total_s, blocked), **_counts(batch)}


def clip_views(clips: Sequence[Clip], mode: Mode) -> list[ClipView]:
    """Return the clips of a batch of this mode."""
    return [clip_view(clip, mode) for clip in clips]


def schedule_view(batch: Batch) -> Dated:
    """Return what was said of the batch's dates when it was accepted."""
    return batch.schedule or cast(AtOnce, {"mode": batch.mode})


def _counts(batch: Batch) -> Counts:
    return {
        "total": batch.total,
        "published": batch.published,
        "failed": batch.failed,
        "unconfirmed": batch.unconfirmed,
        "cancelled": batch.cancelled,
    }


def _facts(
    batch: Batch, current: Clip | None, now: datetime, wait_total_s: float, blocked: str | None
) -> Facts:
    error = blocked if batch.is_running and blocked else batch.error
    facts = facts_of(error)
    return {
        "batchId": batch.batch_id,
        "tenant": batch.user_id,
        "jobId": batch.job_id,
        "status": batch.status,
        "phase": phase_of(batch, current, now, blocked=blocked is not None),
        "publishMode": batch.mode,
        "accountId": batch.account_id,
        "network": batch.network,
        "progress": 100 * batch.ended // batch.total,
        "currentIndex": batch.current_index,
        "currentStory": _story_name(current),
        "currentStatus": current.state if current else None,
        "waitProgress": {"elapsed": _waited_s(current, now, wait_total_s), "total": wait_total_s},
        "scheduledFor": rfc3339(batch.scheduled_for),
        "schedule": schedule_view(batch),
        "createdAt": rfc3339(batch.created_at),
        "startedAt": rfc3339(batch.started_at),
        "completedAt": rfc3339(batch.completed_at),
        "error": error,
        "errorCode": facts.get("reason"),
        "errorFacts": facts,
        "lastSeq": batch.last_seq,
    }


def _waited_s(clip: Clip | None, now: datetime, total_s: float) -> float:
    if clip is None or clip.state is not State.WAITING_CONFIRMATION or clip.planned_for is None:
        return 0.0
    return round(min(max((now - clip.planned_for).total_seconds(), 0.0), total_s), 1)


def _story_name(clip: Clip | None) -> str | None:
    return (clip.title or clip.client_id) if clip else None


def _event_type(before: Batch, after: Batch) -> Kind:
    if after.status is before.status:
        return "progress"
    became: dict[Status, Kind] = {
        Status.PROCESSING: "resumed",
        Status.PAUSED: "paused",
        Status.COMPLETED: "completed",
        Status.FAILED: "error",
        Status.CANCELLED: "cancelled",
    }
    return became[after.status]
