"""Batches that the store itself makes and walks, without a Metricool: rows as the service's own."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from storyclip.domain.batch import Batch
from storyclip.domain.clip import Clip, Event
from storyclip.store import batches, clips
from storyclip.store.new_batch import NewBatch, NewClip

POST_ID = "310000001"


def new_batch(batch_id: str, user: str, account: str, count: int, at: datetime) -> Batch:
    """Make a batch of so many clips, to go out now."""
    asked = tuple(
        NewClip(f"c{n}", f"https://cdn.example.com/{n}.mp4", f"Clip {n}") for n in range(count)
    )
    return batches.create(
        NewBatch(batch_id, None, user, account, "facebook", "continue", 0.0, asked), at
    )


def moves(at: datetime) -> Iterator[tuple[Event, dict[str, Any]]]:
    """Yield what happens to a clip until it is seen live, with what is learnt each time."""
    planned = {"intended_at": at, "planned_for": at, "plans": (at,)}
    yield Event.CLAIMED, {**planned, "media_url": "https://static.metricool.com/1.mp4"}
    yield Event.ACCEPTED, {"post_id": POST_ID, "uploaded_at": at}
    yield Event.SEEN_LIVE, {"published_at": at}


def go_live(clip: Clip, at: datetime) -> Clip:
    """Walk a clip through all its moves, everything at one moment."""
    for event, learnt in moves(at):
        clip = clips.record(clip, event, at=at, next_at=None, **learnt)
    return clip
