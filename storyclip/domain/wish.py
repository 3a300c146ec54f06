"""What the user's wishes make of a batch: pause, resume, cancel, and asking again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from storyclip.domain import order, refusals
from storyclip.domain.batch import Batch, Status
from storyclip.domain.changing import replace
from storyclip.domain.clip import ENDED_UNSEEN, Clip, Event, State
from storyclip.domain.dates.mode import Mode
from storyclip.domain.moves import NEVER, Move, uncounted
from storyclip.domain.order import Verdict, sibling_of
from storyclip.domain.refusal_facts import Action


@dataclass(frozen=True, slots=True)
class Again:
    """A failed clip as it was looked at, and what is to become of it.

    `date` is when it would go out at the soonest; None where it is out, or goes in its turn.
    """

    move: Move
    date: datetime | None

    @property
    def clip(self) -> Clip:
        """Return the clip as it was looked at."""
        return self.move.before


def refuse_if_cancelled(batch: Batch, action: Action) -> None:
    """Refuse to do anything more with a batch that the user ended.

    Raises:
        ActionRefused: they did.
    """
    if batch.cancel_requested_at is not None or batch.status is Status.CANCELLED:
        raise refusals.cancelled(action)


def refuse_if_over(batch: Batch, action: Action) -> None:
    """Refuse to stop, or to let go on, what has ended.

    Raises:
        ActionRefused: it has, by itself or by the user.
    """
    refuse_if_cancelled(batch, action)
    if not batch.is_running:
        raise refusals.ended(batch.status, action)


def refuse_if_nothing_goes_out(batch: Batch, clips: Sequence[Clip]) -> None:
    """Refuse to cancel a batch that has ended, and of which nothing can go out any more.

    Raises:
        ActionRefused: it is so.
    """
    if not any(clip.is_unconfirmed for clip in clips):
        refuse_if_over(batch, "cancelled")


def planned_anew(batch: Batch, clips: Sequence[Clip], first_date: datetime) -> list[Move]:
    """Return the notes that give each clip to come its date: its own if that can be, else the next.

    Its own has to be ahead, and after those of all clips before it. In mode now none has one; its
    lateness counts from the turn that it will have.
    """
    gap, floor = timedelta(seconds=batch.gap_s), first_date
    notes = []
    for clip in clips:
        if clip.state is not State.PENDING:
            if clip.planned_for is not None and not clip.is_let_go and _comes_out(clip):
                floor = max(floor, clip.planned_for + gap)
            continue
        wished_for = None
        if batch.mode is not Mode.NOW:
            wished_for = max(clip.wished_for or floor, floor)
            floor = wished_for + gap
        anew = replace(clip, wished_for=wished_for, next_at=NEVER.next_at, rung_at=NEVER.rung_at)
        notes.append(Move(clip, uncounted(anew), None))
    return notes


def come_late(notes: Sequence[Move], clips: Sequence[Clip]) -> list[int]:
    """Return which of the clips to come, on the dates noted, would come after later ones."""
    siblings = [sibling_of(clip) for clip in clips]
    return [
        note.after.index
        for note in notes
        if note.after.wished_for is not None
        and not note.after.order_waived
        and order.verdict(note.after.index, note.after.wished_for, _after(note, siblings))
        is Verdict.LATE
    ]


def sent_late(again: Sequence[Again], clips: Sequence[Clip], gap_s: float) -> list[int]:
    """Return which of the clips asked for again would come after later ones of their batch.

    They go out one after the other, `gap_s` seconds apart at least.
    """
    siblings = [sibling_of(clip) for clip in clips]
    asked = {one.clip.index: one for one in again if is_asked_again(one.move)}
    late, floor, gap = list[int](), None, timedelta(seconds=gap_s)
    for clip in clips:
        one = asked.get(clip.index)
        date = one.date if one else _date_to_come(clip)
        if one is not None:
            date = max(date, floor) if date and floor else date
            if order.comes_late(clip.index, date, siblings):
                late.append(clip.index)
        if date is not None:
            floor = max(floor or date, date) + gap
    return late


def waived(move: Move) -> Move:
    """Return the move with the order given up, as the user was told."""
    return replace(move, after=replace(move.after, order_waived=True))


def is_asked_again(move: Move) -> bool:
    """Return whether a failed clip is to be sent again, not only found to be out."""
    return move.event is not Event.SEEN_LIVE


def silenced(clips: Sequence[Clip]) -> list[Move]:
    """Return the notes that take back what clips to come said of how they go on by themselves."""
    waiting = (clip for clip in clips if clip.state is State.PENDING and clip.error is not None)
    return [Move(clip, replace(clip, error=None), None) for clip in waiting]


def _date_to_come(clip: Clip) -> datetime | None:
    if clip.state is State.WAITING_CONFIRMATION and not clip.is_let_go:
        return clip.planned_for
    return clip.wished_for if clip.state is State.PENDING else None


def _after(note: Move, siblings: Sequence[order.Sibling]) -> list[order.Sibling]:
    return [one for one in siblings if one.index > note.after.index]


def _comes_out(clip: Clip) -> bool:
    return clip.state not in ENDED_UNSEEN
