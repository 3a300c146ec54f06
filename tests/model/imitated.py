"""The twin, asked as the real store is."""

from __future__ import annotations

from datetime import datetime

from storyclip.domain.clip import Clip
from storyclip.domain.lane import Lane
from storyclip.domain.moves import Move
from storyclip.domain.network import Network
from storyclip.domain.send import Send
from storyclip.domain.situation import Situation
from storyclip.domain.story import Post
from storyclip.store.publishing.new_batch import NewBatch
from tests.model.twin import batches, lanes, recalls, sends, situation, wishes, writer
from tests.model.twin.rows import Rows

LANE = Lane(1, "2000001", Network.FACEBOOK)


class Imitated:
    """A lane as a value."""

    def __init__(self) -> None:
        self.rows = Rows()

    def create(self, new: NewBatch, at: datetime) -> None:
        lane = self.rows.clips[0].lane if self.rows.clips else LANE
        self.rows = batches.create(self.rows, new, lane, at)

    def write(self, move: Move, at: datetime) -> Clip:
        self.rows, clip = writer.write(self.rows, move, at)
        return clip

    def rest(self, clip: Clip, at: datetime) -> None:
        self.rows = writer.rest(self.rows, clip, at)

    def pause(self, batch_id: str, at: datetime) -> None:
        self.rows = wishes.pause(self.rows, batch_id, at)

    def resume(self, batch_id: str, at: datetime, first_date: datetime) -> None:
        self.rows = wishes.resume(self.rows, batch_id, at, first_date)

    def cancel(self, batch_id: str, at: datetime) -> None:
        self.rows = wishes.cancel(self.rows, batch_id, at)

    def make_way(self, clip: Clip, at: datetime) -> None:
        self.rows = recalls.make_way(self.rows, clip, at)

    def bury(self, worker: str, at: datetime) -> None:
        self.rows = writer.bury(self.rows, worker, at)

    def learn(self, clip: Clip) -> None:
        self.rows = lanes.learn(self.rows, clip.lane)

    def keep_late_id(self, clip: Clip, post: Post) -> None:
        self.rows = sends.keep_late_id(self.rows, clip, clip.sends, post)

    def begin_removal(self, send: Send, post: Post, at: datetime) -> None:
        self.rows = sends.begin_removal(self.rows, send, post, at)

    def mark_gone(self, send: Send, at: datetime) -> None:
        self.rows = sends.mark_gone(self.rows, send, at)

    def situation(self, clip_id: int) -> Situation:
        return situation.read(self.rows, clip_id)

    def goes_on_without(self, clip: Clip) -> bool:
        return sends.goes_on_without(self.rows, clip)

    def held_by_others(self, clip: Clip, posts: tuple[Post, ...]) -> frozenset[str]:
        return situation.held_by_others(self.rows, clip, posts)
