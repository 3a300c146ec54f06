"""The real store, asked as its twin is: without what only bells and readers of events see."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from storyclip.domain.clip import Clip
from storyclip.domain.moves import Move
from storyclip.domain.send import Send
from storyclip.domain.situation import Situation
from storyclip.domain.story import Post
from storyclip.store.database import run
from storyclip.store.publishing import batches, lanes, recalls, sends, situation, wishes, writer
from storyclip.store.publishing.new_batch import NewBatch
from storyclip.store.publishing.rows import BATCH_COLUMNS, SELECT_CLIP, batch_of, clip_of
from storyclip.store.service import workers
from tests.model.scene import T0
from tests.model.twin.rows import Rows, unnumbered
from tests.people import known, of

USER = "ana"
LONG_AGO = T0 - timedelta(days=3650)


class Real:
    """A lane in the store's tables."""

    @property
    def rows(self) -> Rows:
        """Return all that the tables say."""
        batches = run(f"SELECT {BATCH_COLUMNS} FROM publish_batches b ORDER BY b.turn").fetchall()
        clips = run(f"{SELECT_CLIP} ORDER BY c.id").fetchall()
        held = run("SELECT id FROM publish_batch_clips WHERE lane_held IS NOT NULL").fetchone()
        return Rows(
            batches=tuple(unnumbered(batch_of(row)) for row in batches),
            clips=tuple(_unrung(clip_of(row)) for row in clips),
            sends=tuple(send for send, _ in sends.watched(1, LONG_AGO)),
            holder=held and held[0],
        )

    def create(self, new: NewBatch, at: datetime) -> None:
        known(new.user_id, at)
        batches.create(new, at)

    def write(self, move: Move, at: datetime) -> Clip:
        return _unrung(writer.write(move, at))

    def rest(self, clip: Clip, at: datetime) -> None:
        writer.rest(clip, at)

    def pause(self, batch_id: str, at: datetime) -> None:
        wishes.pause(batch_id, of(USER), at)

    def resume(self, batch_id: str, at: datetime, first_date: datetime) -> None:
        wishes.resume(batch_id, of(USER), at, first_date)

    def cancel(self, batch_id: str, at: datetime) -> None:
        wishes.cancel(batch_id, of(USER), at)

    def make_way(self, clip: Clip, at: datetime) -> None:
        recalls.make_way(clip, at, at)

    def bury(self, worker: str, at: datetime) -> None:
        workers.bury([worker], at)

    def learn(self, clip: Clip) -> None:
        lanes.learn(clip.lane)

    def keep_late_id(self, clip: Clip, post: Post) -> None:
        sends.keep_late_id(clip, clip.sends, post)

    def begin_removal(self, send: Send, post: Post, at: datetime) -> None:
        sends.begin_removal(send, post, at)

    def mark_gone(self, send: Send, at: datetime) -> None:
        sends.mark_gone(send, at)

    def situation(self, clip_id: int) -> Situation:
        read = situation.read(clip_id)
        return replace(read, clip=_unrung(read.clip), batch=unnumbered(read.batch))

    def goes_on_without(self, clip: Clip) -> bool:
        return sends.goes_on_without(clip)

    def held_by_others(self, clip: Clip, posts: tuple[Post, ...]) -> frozenset[str]:
        return frozenset(situation.held_by_others(clip, posts))


def _unrung(clip: Clip) -> Clip:
    return replace(clip, rung_at=None)
