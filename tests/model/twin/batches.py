"""A batch as it is accepted."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from storyclip.domain.clip import Clip, State
from storyclip.domain.lane import Lane
from storyclip.store.publishing.new_batch import NewBatch, fresh_batch
from tests.model.twin import lanes, turns
from tests.model.twin.rows import Rows, unnumbered


def create(rows: Rows, new: NewBatch, lane: Lane, at: datetime) -> Rows:
    """Record a batch as `store.batches.create` does, all of them on the one lane."""
    batch = unnumbered(fresh_batch(new, lane.id, lanes.next_turn(rows), at))
    clips = tuple(
        Clip(
            id=len(rows.clips) + index,
            batch_id=new.batch_id,
            index=index,
            lane=lane,
            client_id=clip.client_id,
            source_url=clip.source_url,
            title=clip.title,
            state=State.PENDING,
            revision=0,
            attempts=0,
            next_at=None,
            wished_for=clip.wished_for,
        )
        for index, clip in enumerate(new.clips, 1)
    )
    rows = replace(rows, batches=(*rows.batches, batch), clips=(*rows.clips, *clips))
    return turns.pass_on(rows, batch, None, None, at, changed=True)[0]
