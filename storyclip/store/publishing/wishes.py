"""The user's hand on a batch: each wish is one transaction, and counts from its commit on.

`still` is asked in it, about the batch, and raises where whoever was let in a while ago has lost
their right since. Without it the wish is the service's own, or of who has the database in hand.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from storyclip.domain import moves, refusals, wish
from storyclip.domain.act import Action
from storyclip.domain.batch import Batch
from storyclip.domain.changing import replace
from storyclip.domain.clip import Clip, State
from storyclip.domain.crashpoint import crashpoint
from storyclip.domain.dates.mode import Mode
from storyclip.domain.errors import LostRace, NotFound
from storyclip.domain.reach import Reach
from storyclip.domain.wish import Again
from storyclip.store import acts
from storyclip.store.access.reach import within
from storyclip.store.database import lock_row, run, writing
from storyclip.store.history import events
from storyclip.store.publishing import clips, lanes, recalls, strangers, turns, writer

Still = Callable[[Batch], None]


def pause(batch_id: str, reach: Reach, at: datetime, still: Still | None = None) -> Batch:
    """Start no other clip of a batch from the commit on; what Metricool has of it becomes due.

    Raises:
        NotFound: no such batch in reach.
        ActionRefused: it has ended, or is being cancelled.
        StoreUnavailable: nothing was written.
    """
    with _held(batch_id, reach, still) as before:
        wish.refuse_if_over(before, "paused")
        if before.pause_requested_at is not None:
            return before
        now = _wish(before, replace(before, pause_requested_at=at), at)
        acts.write(Action.BATCH_PAUSE, batch_id, at)
        for note in wish.silenced(clips.of_batch(batch_id)):
            now, _ = writer.moved_in(now, note, at)
        due = [] if now.mode is Mode.NOW else recalls.look_from_the_last(now, at)
        due += recalls.look_at_failed(now, at)
        opened = turns.pass_on(now, None, None, at, changed=True)
    _tell(now, [opened, *due])
    return now


def resume(
    batch_id: str,
    reach: Reach,
    at: datetime,
    first_date: datetime,
    still: Still | None = None,
    *,
    order_may_change: bool = False,
) -> Batch:
    """Let a paused batch go on, at the back of its lane.

    Args:
        first_date: the soonest that Metricool can still be asked for; planned clips whose date
            is before it are planned anew from there on, the batch's interval apart.

    Raises:
        NotFound: no such batch in reach.
        ActionRefused: it is not paused, or clips would come after later ones and may not.
        StoreUnavailable: nothing was written.
    """
    with _held(batch_id, reach, still) as before:
        wish.refuse_if_over(before, "resumed")
        strangers.refuse_in_doubt(before.lane_id, at)
        if before.pause_requested_at is None:
            raise refusals.not_paused()
        every = clips.of_batch(batch_id)
        notes = wish.planned_anew(before, every, first_date)
        late = wish.come_late(notes, every)
        if late and not order_may_change:
            raise refusals.order_would_change(late)
        back = replace(before, pause_requested_at=None, place=lanes.next_turn(before.lane_id))
        now = _wish(before, back, at)
        acts.write(Action.BATCH_RESUME, batch_id, at)
        for note in notes:
            move = wish.waived(note) if note.after.index in late else note
            now, _ = writer.moved_in(now, move, at)
        due = [] if now.mode is Mode.NOW else recalls.look_at_once(now, at)
        opened = turns.pass_on(now, None, None, at, changed=True)
    _tell(now, [opened, *due])
    return now


def cancel(batch_id: str, reach: Reach, at: datetime, still: Still | None = None) -> Batch:
    """End what was not sent of a batch; what Metricool has of it becomes due, to be deleted.

    Raises:
        NotFound: no such batch in reach.
        ActionRefused: it has ended by itself, and nothing of it may go out any more.
        StoreUnavailable: nothing was written.
    """
    with _held(batch_id, reach, still) as before:
        if before.cancel_requested_at is not None:
            return before
        strangers.refuse_in_doubt(before.lane_id, at)
        every = clips.of_batch(batch_id)
        wish.refuse_if_nothing_goes_out(before, every)
        now = _wish(before, replace(before, cancel_requested_at=at), at)
        acts.write(Action.BATCH_CANCEL, batch_id, at)
        for clip in every:
            if clip.state is State.PENDING:
                now, _ = writer.moved_in(now, moves.withdrawn(clip), at)
        due = [*recalls.look_at_once(now, at), *recalls.look_at_failed(now, at)]
        opened = turns.pass_on(now, None, None, at, changed=True)
    _tell(now, [opened, *due])
    return now


def retry(
    batch_id: str,
    reach: Reach,
    at: datetime,
    again: Sequence[Again],
    still: Still | None = None,
    *,
    order_may_change: bool,
) -> tuple[Batch, bool]:
    """Move failed clips on, all or none; return the batch, and whether one will come out of order.

    Raises:
        NotFound: no such batch in reach.
        LostRace: one of the clips is not what it was when it was looked at.
        ActionRefused: the order would change and may not, or the batch is cancelled.
        StoreUnavailable: nothing was written.
    """
    with _held(batch_id, reach, still) as before:
        wish.refuse_if_cancelled(before, "retried")
        strangers.refuse_in_doubt(before.lane_id, at)
        every = clips.of_batch(batch_id)
        late = wish.sent_late(again, every, before.gap_s)
        if late and not order_may_change:
            raise refusals.order_would_change(late)
        now = before
        if not before.is_running:
            place = lanes.next_turn(before.lane_id)
            now = replace(before, place=place, pause_requested_at=None)
            writer.save_batch(before, now)
        due = []
        for one in again:
            as_it_is = every[one.clip.index - 1]
            if _facts(as_it_is) != _facts(one.clip):
                raise LostRace(f"clip {as_it_is.index} of {batch_id} has changed meanwhile")
            move = wish.waived(one.move) if one.clip.index in late else one.move
            current = replace(move, before=replace(one.clip, revision=as_it_is.revision))
            now, moved = writer.moved_in(now, current, at)
            due += [moved.id] if moved.next_at else []
        acts.write(Action.BATCH_RETRY, batch_id, at)
        opened = turns.pass_on(now, None, None, at, changed=True)
    _tell(now, [opened, *due])
    return now, bool(late)


@contextmanager
def _held(batch_id: str, reach: Reach, still: Still | None) -> Iterator[Batch]:
    """Have a batch for one transaction in which nobody else moves a clip of its lane."""
    claim, values = within(reach)
    with writing():
        row = run(
            f"SELECT b.lane_id FROM publish_batches b WHERE b.batch_id = ? AND {claim}",
            (batch_id, *values),
        ).fetchone()
        if row is None:
            raise NotFound(f"no batch {batch_id}")
        lock_row("lanes", row[0])
        batch = writer.locked_batch(batch_id)
        if still is not None:
            still(batch)
        yield batch


def _wish(before: Batch, wished: Batch, at: datetime) -> Batch:
    now = replace(wished, last_seq=before.last_seq + 1).settled(at)
    writer.save_batch(before, now)
    events.append(before, now, None, at)
    return now


def _facts(clip: Clip) -> tuple[Any, ...]:
    """Return what a look at a failed clip went by: it said nothing of another send, or date.

    That it was looked at since, and when it is looked at next, changes none of it.
    """
    post = clip.post_id, clip.post_uuid, clip.planned_for
    return clip.state, clip.sends, clip.attempts, *post, clip.error_code, clip.retry_safety


def _tell(batch: Batch, due: Sequence[int | None]) -> None:
    crashpoint("wish_written")
    for clip_id in dict.fromkeys(due):
        events.announce(events.Change(batch.batch_id, batch.last_seq, None, clip_id))
