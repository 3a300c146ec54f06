"""Who may be sent now, and who comes next when a clip has moved."""

from __future__ import annotations

from datetime import datetime

from storyclip.domain.batch import MODE_NOW, Batch, Status
from storyclip.domain.clip import ENDED, UNCERTAIN, Clip, Event, State
from storyclip.domain.errors import NotItsTurn
from storyclip.store import lanes
from storyclip.store.database import run


def check_turn(clip: Clip, event: Event, batch: Batch, at: datetime) -> None:
    """Refuse to have a clip sent that nobody wishes for now, or before another one.

    Raises:
        NotItsTurn: the batch is paused or cancelled, or another clip comes first.
    """
    wished = batch.pause_requested_at or batch.cancel_requested_at
    if batch.status is not Status.PROCESSING or wished:
        raise NotItsTurn(f"batch {batch.batch_id} is {batch.status}")
    if event is not Event.CLAIMED:
        return
    if needs_turn(clip, batch, at):
        first = lanes.head(clip.lane.id, at)
        if first is None or first[0] != clip.id:
            raise NotItsTurn(f"clip {clip.index} of {batch.batch_id} is not the next of its lane")
    elif _comes_after_another(clip):
        raise NotItsTurn(f"one before clip {clip.index} of {batch.batch_id} has yet to be sent")


def needs_turn(clip: Clip, batch: Batch, at: datetime) -> bool:
    """Return whether a clip goes out when its turn comes: its own date is over, or it has none."""
    return batch.mode == MODE_NOW or clip.wished_for is None or clip.wished_for <= at


def pass_on(
    batch: Batch, old: Clip | None, new: Clip | None, at: datetime, *, changed: bool
) -> int | None:
    """Open what comes next after a clip moved; return the clip whose bell is to be rung.

    Args:
        changed: the batch's status did: a pause lets others by, a resume wants its turn.
    """
    gone = old is not None and new is not None and _is_gone(old, new)
    if not (gone or changed):
        return None
    planned = lanes.open_planned(batch.batch_id, at) if batch.mode != MODE_NOW else None
    opened = None
    if changed or batch.mode != MODE_NOW or (new is not None and new.state in ENDED):
        gap_s = 0.0 if old and old.state is State.PENDING else batch.gap_s  # it was never sent
        ended = lanes.Ended(batch.batch_id, gap_s, _due_at(old, new, at))
        opened = lanes.open_next(batch.lane_id, at, ended)
    return planned or opened


def _is_gone(old: Clip, new: Clip) -> bool:
    undecided = UNCERTAIN | {State.PENDING}
    return new.state in ENDED or (old.state in undecided and new.state not in undecided)


def _due_at(old: Clip | None, new: Clip | None, at: datetime) -> datetime | None:
    """Return when the next one's turn would have come if StoryClip had never stood still.

    So that after an outage the rest of a batch is not sent hours late because only the clip in
    hand noticed. Never later than now: a story may go live before its minute, and what has its
    turn must not wait for a date that only its predecessor was asked for.
    """
    if old is None or new is None:
        return None
    if old.state is State.PENDING and new.state is State.FAILED:
        return new.wished_for
    live = old.state is State.WAITING_CONFIRMATION and new.state is State.PUBLISHED
    return min(new.planned_for, at) if live and new.planned_for is not None else None


def _comes_after_another(clip: Clip) -> bool:
    marks = ", ".join("?" * len(lanes.BEFORE_THE_NEXT))
    row = run(
        "SELECT 1 FROM publish_batch_clips WHERE batch_id = ? AND clip_index < ?"
        f" AND status IN ({marks}) LIMIT 1",
        (clip.batch_id, clip.index, *lanes.BEFORE_THE_NEXT),
    )
    return row.fetchone() is not None
