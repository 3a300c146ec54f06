"""Batches that the store itself makes and walks, without a Metricool: rows as the service's own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime

from storyclip.domain import moves
from storyclip.domain.batch import Batch, OnFailure
from storyclip.domain.clip import Clip
from storyclip.domain.moves import Move
from storyclip.domain.network import Network
from storyclip.domain.story import Post, PostStatus
from storyclip.store.publishing import batches, writer
from storyclip.store.publishing.new_batch import NewBatch, NewClip
from tests.people import known

POST_ID, POST_UUID = "310000001", "7300000000000000001"
MEDIA_URL = "https://static.metricool.com/1.mp4"


def new_batch(batch_id: str, user: str, account: str, count: int, at: datetime) -> Batch:
    """Make a batch of so many clips, to go out now."""
    asked = tuple(
        NewClip(f"c{n}", f"https://cdn.example.com/{n}.mp4", f"Clip {n}") for n in range(count)
    )
    return batches.create(
        NewBatch(
            batch_id,
            None,
            known(user, at),
            None,
            account,
            Network.FACEBOOK,
            OnFailure.CONTINUE,
            0.0,
            asked,
        ),
        at,
    )


def life(at: datetime) -> Iterator[Callable[[Clip], Move]]:
    """Yield what happens to a clip until it is seen live, everything at one moment."""
    post = Post(POST_ID, Network.FACEBOOK, (MEDIA_URL,), at, PostStatus.PUBLISHED, uuid=POST_UUID)
    yield lambda clip: moves.intended(clip, MEDIA_URL, at, "worker", at, at)
    yield lambda clip: moves.accepted(clip, post, at)
    yield lambda clip: moves.seen_live(clip, post, at)


def go_live(clip: Clip, at: datetime) -> Clip:
    """Walk a clip through all its moves."""
    for move in life(at):
        clip = writer.write(move(clip), at)
    return clip
