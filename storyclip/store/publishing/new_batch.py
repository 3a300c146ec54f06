"""A batch as it was asked for, and its first rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from storyclip.domain.batch import Batch, OnFailure, Status
from storyclip.domain.clip import State
from storyclip.domain.clip_source import piece_of
from storyclip.domain.dates.mode import Mode
from storyclip.domain.dates.shown import Dated
from storyclip.domain.network import Network
from storyclip.store.database import run
from storyclip.store.instants import to_text
from storyclip.store.publishing.rows import BATCH


@dataclass(frozen=True, slots=True)
class NewClip:
    """A clip as it was asked for."""

    client_id: str
    source_url: str
    title: str
    wished_for: datetime | None = None


@dataclass(frozen=True, slots=True)
class NewBatch:
    """A batch as it was asked for, already valid; `gap_s` in seconds between two clips.

    `schedule` is what to say about its dates, whenever somebody asks.
    """

    batch_id: str
    job_id: str | None
    user_id: str
    key_id: str | None
    account_id: str
    network: Network
    on_failure: OnFailure
    gap_s: float
    clips: tuple[NewClip, ...]
    mode: Mode = Mode.NOW
    schedule: Dated | None = None
    webhook_url: str | None = None

    @property
    def file_ids(self) -> frozenset[str]:
        """Return the files that its clips are pieces of."""
        pieces = (piece_of(clip.source_url) for clip in self.clips)
        return frozenset(piece.file_id for piece in pieces if piece is not None)


@dataclass(frozen=True, slots=True)
class IdempotencyKey:
    """The client's own name for a request, and a hash of what it said under it."""

    key: str
    body_hash: str


def fresh_batch(new: NewBatch, lane_id: int, turn: int, at: datetime) -> Batch:
    """Return the batch as it begins: everything pending, one event."""
    return Batch(
        batch_id=new.batch_id,
        job_id=new.job_id,
        user_id=new.user_id,
        key_id=new.key_id,
        lane_id=lane_id,
        account_id=new.account_id,
        network=new.network,
        mode=new.mode,
        on_failure=new.on_failure,
        gap_s=new.gap_s,
        turn=turn,
        place=turn,
        status=Status.PROCESSING,
        total=len(new.clips),
        published=0,
        failed=0,
        unconfirmed=0,
        cancelled=0,
        current_index=0,
        last_seq=1,
        error=None,
        scheduled_for=new.clips[0].wished_for,
        schedule=new.schedule,
        pause_requested_at=None,
        cancel_requested_at=None,
        created_at=at,
        started_at=None,
        completed_at=None,
    )


def insert(batch: Batch, clips: Sequence[NewClip]) -> None:
    """Write a batch and its clips, one statement each; in the caller's transaction."""
    _insert("publish_batches", [_batch_columns(batch)])
    _insert("publish_batch_clips", [_clip_columns(batch, i, c) for i, c in enumerate(clips, 1)])


def _batch_columns(batch: Batch) -> dict[str, Any]:
    return {column: write(getattr(batch, name)) for name, (column, write, _) in BATCH.items()}


def _clip_columns(batch: Batch, index: int, clip: NewClip) -> dict[str, Any]:
    return {
        "batch_id": batch.batch_id,
        "clip_index": index,
        "lane_id": batch.lane_id,
        "client_id": clip.client_id,
        "clip_url": clip.source_url,
        "clip_title": clip.title,
        "status": State.PENDING.value,
        "revision": 0,
        "attempts": 0,
        "plans": "",
        "wished_for": to_text(clip.wished_for),
        "checks": 0,
        "postponements": 0,
    }


def _insert(table: str, rows: list[dict[str, Any]]) -> None:
    names = ", ".join(rows[0])
    marks = ", ".join("(" + ", ".join("?" * len(rows[0])) + ")" for _ in rows)
    run(
        f"INSERT INTO {table} ({names}) VALUES {marks}",
        [value for row in rows for value in row.values()],
    )
