"""The user's hand on a batch: each wish is one transaction, and counts from its commit on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from storyclip.domain.batch import MODE_NOW, Batch, Status, comes_late
from storyclip.domain.clip import Clip, Event, State
from storyclip.domain.crashpoint import crashpoint
from storyclip.domain.errors import ActionRefused, LostRace, NotFound, RefusalCode
from storyclip.store import clips, events, lanes, turns
from storyclip.store.database import lock_row, reading, run, writing
from storyclip.store.instants import to_text
from storyclip.store.rows import SELECT_CLIP, clip_of

_THERE = (State.WAITING_CONFIRMATION.value, State.VERIFYING.value)  # or it may be
_NO_BELL: dict[str, Any] = {"next_at": None, "rung_at": None}


@dataclass(frozen=True, slots=True)
class Again:
    """A failed clip as it was looked at, and what is to become of it."""

    clip: Clip
    event: Event
    changes: dict[str, Any] = field(default_factory=dict)


def pause(batch_id: str, user_id: str, at: datetime) -> Batch:
    """Start no other clip of a batch from the commit on; what Metricool has of it becomes due.

    Raises:
        NotFound: no such batch of the user's.
        ActionRefused: it has ended, or is being cancelled.
        StoreUnavailable: nothing was written.
    """
    with _held(batch_id, user_id) as before:
        _refuse_if_over(before, "paused")
        if before.pause_requested_at is not None:
            return before
        now = _wish(before, replace(before, pause_requested_at=at), at)
        due = [] if now.mode == MODE_NOW else _look_at_once(now, at)
        opened = turns.pass_on(now, None, None, at, changed=True)
    _tell(now, [opened, *due])
    return now


def resume(batch_id: str, user_id: str, at: datetime, first_date: datetime) -> Batch:
    """Let a paused batch go on, at the back of its lane.

    Args:
        first_date: the soonest that Metricool can still be asked for; planned clips whose date
            is before it are planned anew from there on, the batch's interval apart.

    Raises:
        NotFound: no such batch of the user's.
        ActionRefused: it is not paused.
        StoreUnavailable: nothing was written.
    """
    with _held(batch_id, user_id) as before:
        _refuse_if_over(before, "resumed")
        if before.pause_requested_at is None:
            raise ActionRefused(RefusalCode.NOT_PAUSED, "It is not paused: it goes on by itself.")
        back = replace(before, pause_requested_at=None, place=lanes.next_turn(before.lane_id))
        now = _wish(before, back, at)
        _plan_anew(now, first_date)
        opened = turns.pass_on(now, None, None, at, changed=True)
    _tell(now, [opened])
    return now


def cancel(batch_id: str, user_id: str, at: datetime) -> Batch:
    """End what was not sent of a batch; what Metricool has of it becomes due, to be deleted.

    Raises:
        NotFound: no such batch of the user's.
        ActionRefused: it has ended by itself.
        StoreUnavailable: nothing was written.
    """
    with _held(batch_id, user_id) as before:
        if before.cancel_requested_at is not None:
            return before
        _refuse_if_over(before, "cancelled")
        now = _wish(before, replace(before, cancel_requested_at=at), at)
        for clip in _clips(batch_id, State.PENDING):
            now, _ = clips.move(now, clip, Event.WITHDRAWN, at, _NO_BELL)
        due = _look_at_once(now, at)
        opened = turns.pass_on(now, None, None, at, changed=True)
    _tell(now, [opened, *due])
    return now


def retry(
    batch_id: str, user_id: str, at: datetime, again: Sequence[Again], *, order_may_change: bool
) -> tuple[Batch, bool]:
    """Move failed clips on, all or none; return the batch, and whether one will come out of order.

    Raises:
        NotFound: no such batch of the user's.
        LostRace: one of the clips is not what it was when it was looked at.
        ActionRefused: the order would change and may not, or the batch is cancelled.
        StoreUnavailable: nothing was written.
    """
    with _held(batch_id, user_id) as before:
        refuse_if_cancelled(before, "retried")
        all_clips = _clips(batch_id)
        late = [one.clip.index for one in again if _is_sent_late(one, all_clips)]
        if late and not order_may_change:
            raise ActionRefused(RefusalCode.ORDER_WOULD_CHANGE, _order_words(late))
        now = before
        if not before.is_running:
            place = lanes.next_turn(before.lane_id)
            now = replace(before, place=place, pause_requested_at=None)
            clips.save_batch(before, now)
        due = []
        for one in again:
            as_it_is = all_clips[one.clip.index - 1]
            if _facts(as_it_is) != _facts(one.clip):
                raise LostRace(f"clip {as_it_is.index} of {batch_id} has changed meanwhile")
            now, moved = clips.move(now, as_it_is, one.event, at, one.changes)
            due += [moved.id] if moved.next_at else []
        opened = turns.pass_on(now, None, None, at, changed=True)
    _tell(now, [opened, *due])
    return now, bool(late)


def not_wanted(clip: Clip) -> Event | None:
    """Return what becomes of a post that the user does not want on its date, None if they do.

    A pause lets the clip in hand finish: only what waits for a date of its own is recalled.
    """
    with reading():
        cancelled, paused, mode, lane_held = run(
            "SELECT b.cancel_requested_at, b.pause_requested_at, b.publish_mode, c.lane_held"
            " FROM publish_batch_clips c JOIN publish_batches b ON b.batch_id = c.batch_id"
            " WHERE c.id = ?",
            (clip.id,),
        ).fetchone()
    if cancelled:
        return Event.WITHDRAWN
    is_in_hand = mode == MODE_NOW or lane_held is not None
    return Event.RECALLED if paused and not is_in_hand else None


def refuse_if_cancelled(batch: Batch, action: str) -> None:
    """Refuse to do anything more with a batch that the user ended.

    Raises:
        ActionRefused: they did.
    """
    if batch.cancel_requested_at is not None or batch.status is Status.CANCELLED:
        words = f"It was cancelled, which is for good: it cannot be {action}. Make a new batch."
        raise ActionRefused(RefusalCode.BATCH_CANCELLED, words)


@contextmanager
def _held(batch_id: str, user_id: str) -> Iterator[Batch]:
    """Have a batch for one transaction in which nobody else moves a clip of its lane."""
    with writing():
        row = run(
            "SELECT lane_id FROM publish_batches WHERE batch_id = ? AND user_id = ?",
            (batch_id, user_id),
        ).fetchone()
        if row is None:
            raise NotFound(f"no batch {batch_id}")
        lock_row("lanes", row[0])
        yield clips.locked_batch(batch_id)


def _refuse_if_over(batch: Batch, action: str) -> None:
    refuse_if_cancelled(batch, action)
    if not batch.is_running:
        words = f"It has ended as {batch.status}: nothing is left to be {action}."
        raise ActionRefused(RefusalCode.BATCH_ENDED, words)


def _wish(before: Batch, wished: Batch, at: datetime) -> Batch:
    now = replace(wished, last_seq=before.last_seq + 1).settled(at)
    clips.save_batch(before, now)
    events.append(before, now, None, at)
    return now


def _clips(batch_id: str, state: State | None = None) -> Sequence[Clip]:
    rows = run(f"{SELECT_CLIP} WHERE c.batch_id = ? ORDER BY c.clip_index", (batch_id,))
    every = [clip_of(row) for row in rows.fetchall()]
    return [clip for clip in every if state in (None, clip.state)]


def _look_at_once(batch: Batch, at: datetime) -> list[int]:
    """Make due what Metricool has or may have; return those clips.

    A new revision: who looks at one of them right now must not put it off with what he knew.
    """
    rows = run(
        "UPDATE publish_batch_clips SET next_at = ?, rung_at = ?, revision = revision + 1"
        " WHERE batch_id = ? AND status IN (?, ?) RETURNING id",
        (*[to_text(at)] * 2, batch.batch_id, *_THERE),
    ).fetchall()
    return [clip_id for (clip_id,) in rows]


def _plan_anew(batch: Batch, first_date: datetime) -> None:
    """Give each clip to come its date: its own if that is still ahead, else the next that is.

    In mode now none has one; its lateness counts from the turn that it will have.
    """
    gap = timedelta(seconds=batch.gap_s)
    every = _clips(batch.batch_id)
    asked_for = [clip.planned_for + gap for clip in every if clip.planned_for is not None]
    date = max([first_date, *asked_for])
    for clip in every:
        if clip.state is not State.PENDING:
            continue
        wished = None
        if batch.mode != MODE_NOW:
            wished = max(clip.wished_for or date, date)
            date = wished + gap
        run(
            "UPDATE publish_batch_clips SET wished_for = ?, next_at = NULL, rung_at = NULL,"
            " revision = revision + 1 WHERE id = ?",
            (to_text(wished), clip.id),
        )


def _is_sent_late(one: Again, all_clips: Sequence[Clip]) -> bool:
    return one.event is not Event.SEEN_LIVE and comes_late(one.clip, all_clips)


def _order_words(late: Sequence[int]) -> str:
    which = ", ".join(map(str, late))
    return (
        f"Clips after {which} are out or on their way: what is sent now comes after them. Nothing"
        " was changed. Repeat with confirmOrder=true if that is fine."
    )


def _facts(clip: Clip) -> tuple[Any, ...]:
    return clip.state, clip.attempts, clip.post_id, clip.error_code, clip.retry_safety


def _tell(batch: Batch, due: Sequence[int | None]) -> None:
    crashpoint("wish_written")
    for clip_id in dict.fromkeys(due):
        events.announce(events.Change(batch.batch_id, batch.last_seq, None, clip_id))
