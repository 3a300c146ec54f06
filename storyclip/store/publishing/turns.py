"""Who may be sent now, and who comes next when a clip has moved."""

from __future__ import annotations

from datetime import datetime

from storyclip.domain.batch import Batch, Status
from storyclip.domain.clip import ENDED, IN_FLIGHT, UNDECIDED, Clip, Event, State
from storyclip.domain.dates.mode import Mode
from storyclip.domain.errors import NotItsTurn
from storyclip.domain.moves import Move
from storyclip.domain.order import Verdict, sibling_of, verdict
from storyclip.store.access import users
from storyclip.store.database import run
from storyclip.store.publishing import clips, lanes, strangers

# What may have changed since the clip was read, and forbids that it leaves
_MAY_LEAVE = f"SELECT ({strangers.STOPPED}), ({users.ACTS_AS})"


def check_turn(move: Move, batch: Batch, at: datetime) -> None:
    """Refuse to have a clip sent that nobody wishes for now, or before another one.

    Raises:
        NotItsTurn: the batch is paused or cancelled, whose it is may not publish there any more,
            or another clip comes first.
    """
    clip = move.before
    values = (clip.lane.id, batch.account_id, batch.user_id)
    stopped, acts_as = run(_MAY_LEAVE, values).fetchone()
    if stopped is not None:
        raise NotItsTurn(strangers.why_nothing_is_sent(clip.lane.id))
    wished = batch.pause_requested_at or batch.cancel_requested_at
    if batch.status is not Status.PROCESSING or wished:
        raise NotItsTurn(f"batch {batch.batch_id} is {batch.status}")
    if not users.publishes(acts_as):
        raise NotItsTurn(f"{batch.user_id} may not publish on {batch.account_id} any more")
    if move.event is Event.CLAIMED and needs_turn(clip, batch, at):
        first = lanes.head(clip.lane.id, at)
        if first is None or first[0] != clip.id:
            raise NotItsTurn(f"clip {clip.index} of {batch.batch_id} is not the next of its lane")
    if batch.mode is not Mode.NOW and not clip.order_waived:
        _check_order(move, at)


def needs_turn(clip: Clip, batch: Batch, at: datetime) -> bool:
    """Return whether a clip goes out when its turn comes: its own date is over, or it has none."""
    return batch.mode is Mode.NOW or clip.wished_for is None or clip.wished_for <= at


def pass_on(
    batch: Batch, old: Clip | None, new: Clip | None, at: datetime, *, changed: bool
) -> int | None:
    """Open what comes next after a clip moved; return the clip whose bell is to be rung.

    Args:
        changed: the batch's status did: a pause lets others by, a resume wants its turn.
    """
    gone = old is not None and new is not None and _is_gone(old, new)
    if not (gone or changed or batch.mode is not Mode.NOW or _is_back(old, new)):
        return None
    planned = lanes.open_planned(batch.batch_id, at) if batch.mode is not Mode.NOW else None
    opened = None
    if changed or batch.mode is not Mode.NOW or _is_back(old, new) or (new and _frees_lane(new)):
        was_sent = old is not None and old.state is not State.PENDING
        gap_s = batch.gap_s if was_sent else 0.0  # between two stories, not before the first
        ended = lanes.Ended(batch.batch_id, gap_s, _due_at(old, new, at))
        opened = lanes.open_next(batch.lane_id, at, ended)
    return planned or opened


def _is_gone(old: Clip, new: Clip) -> bool:
    return _frees_lane(new) or (old.state in UNDECIDED and new.state not in UNDECIDED)


def _is_back(old: Clip | None, new: Clip | None) -> bool:
    """Return whether a clip waits again, so that one of an earlier batch may have its turn."""
    was_in_flight = old is not None and old.state in IN_FLIGHT
    return was_in_flight and new is not None and new.state is State.PENDING


def _frees_lane(clip: Clip) -> bool:
    return clip.state in ENDED or clip.is_let_go


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


def _check_order(move: Move, at: datetime) -> None:
    """Look at the neighbours once more, now that nobody else can move them.

    A claim without a date ahead says nothing of when it would go out: its intent will.

    Raises:
        NotItsTurn: it would not come in its place of the batch.
    """
    clip, after = move.before, move.after
    is_intent = after.sends > clip.sends
    date = after.planned_for if is_intent else clip.wished_for
    if date is None or (not is_intent and date <= at):
        return
    siblings = [sibling_of(one) for one in clips.of_batch(clip.batch_id)]
    if verdict(clip.index, date, siblings) is not Verdict.FREE:
        raise NotItsTurn(f"clip {clip.index} of {clip.batch_id} would not come in its place")
