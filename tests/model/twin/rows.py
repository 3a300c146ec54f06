"""The rows as a value."""

from __future__ import annotations

from dataclasses import dataclass, replace

from storyclip.domain.batch import Batch
from storyclip.domain.clip import Clip
from storyclip.domain.lane import Lane
from storyclip.domain.send import Send


@dataclass(frozen=True, slots=True)
class Rows:
    """The batches of one lane, their clips, the sends of those, and which clip holds the lane.

    Clips are in the order of their ids, which count from 1.
    """

    batches: tuple[Batch, ...] = ()
    clips: tuple[Clip, ...] = ()
    sends: tuple[Send, ...] = ()
    holder: int | None = None

    def clip(self, clip_id: int) -> Clip:
        """Return a clip."""
        return self.clips[clip_id - 1]

    def batch(self, batch_id: str) -> Batch:
        """Return a batch."""
        return next(batch for batch in self.batches if batch.batch_id == batch_id)

    def clips_of(self, batch_id: str) -> tuple[Clip, ...]:
        """Return the clips of a batch in their order."""
        return tuple(clip for clip in self.clips if clip.batch_id == batch_id)

    def sends_of(self, clip_id: int) -> tuple[Send, ...]:
        """Return the sends of a clip, oldest first."""
        return tuple(send for send in self.sends if send.clip_id == clip_id)

    def having(self, *changed: Clip) -> Rows:
        """Return the rows with some clips changed."""
        clips = list(self.clips)
        for clip in changed:
            clips[clip.id - 1] = clip
        return replace(self, clips=tuple(clips))

    def having_batch(self, batch: Batch) -> Rows:
        """Return the rows with a batch changed, without what only a reader of events sees."""
        seen = unnumbered(batch)
        batches = (seen if one.batch_id == seen.batch_id else one for one in self.batches)
        return replace(self, batches=tuple(batches))

    def having_lane(self, lane: Lane) -> Rows:
        """Return the rows with the lane changed."""
        return replace(self, clips=tuple(replace(clip, lane=lane) for clip in self.clips))


def unnumbered(batch: Batch) -> Batch:
    """Return a batch without what only a reader of events sees."""
    return replace(batch, last_seq=0, started_at=None, current_index=0)
