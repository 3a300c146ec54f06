"""The order of a batch: what may be sent now, looking at the clips before it and after it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto

from storyclip.domain.clip import UNCERTAIN, UNDECIDED, Clip, State
from storyclip.domain.errors import RetrySafety

SOON = timedelta(minutes=3)  # what goes out within that time waits for none after it to be recalled


@dataclass(frozen=True, slots=True)
class Sibling:
    """As much of a clip as its neighbours in the batch have to know."""

    index: int
    state: State
    planned_for: datetime | None
    is_asked_date: bool  # Metricool shows a date that we asked for, nobody moved it
    is_let_go: bool
    is_being_sent: bool
    is_being_taken_back: bool
    is_seen: bool
    is_unconfirmed: bool


class Verdict(Enum):
    """Whether a clip may be sent with a date now."""

    FREE = auto()
    WAIT = auto()  # for what another clip will turn out to be
    RECALL = auto()  # later ones have to be taken back first
    LATE = auto()  # a later one is out, or may be: it would come after that


def sibling_of(clip: Clip) -> Sibling:
    """Return what the neighbours of a clip have to know of it."""
    return Sibling(
        index=clip.index,
        state=clip.state,
        planned_for=clip.planned_for,
        is_asked_date=clip.planned_for in clip.plans,
        is_let_go=clip.is_let_go,
        is_being_sent=clip.was_sent,
        is_being_taken_back=is_being_taken_back(clip),
        is_seen=clip.seen_at is not None,
        is_unconfirmed=clip.retry_safety is RetrySafety.CHECK_FIRST,
    )


def is_being_taken_back(clip: Clip) -> bool:
    """Return whether its post is being deleted, or is to be."""
    return clip.taken_back_at is not None or clip.recall_wished_at is not None


def verdict(index: int, date: datetime, siblings: Sequence[Sibling]) -> Verdict:
    """Return whether the clip at `index` may be sent with `date`, in its place of the batch."""
    before = [one for one in siblings if one.index < index]
    if any(_holds_up(one, date) for one in before):
        return Verdict.WAIT
    after = [one for one in siblings if one.index > index]
    verdicts = {_beside(one, date) for one in after}
    for worst in (Verdict.LATE, Verdict.WAIT, Verdict.RECALL):
        if worst in verdicts:
            return worst
    return Verdict.FREE


def comes_late(index: int, date: datetime | None, siblings: Sequence[Sibling]) -> bool:
    """Return whether a clip with that date would come after a later one of its batch.

    Args:
        date: None for one that goes out in its turn, when whatever is in flight has ended.
    """
    after = [one for one in siblings if one.index > index]
    if date is None:
        return any(_is_ahead_of_a_turn(one) for one in after)
    return any(_beside(one, date) is not Verdict.FREE for one in after)


def has_passed(index: int, date: datetime | None, siblings: Sequence[Sibling]) -> bool:
    """Return whether Metricool would have a clip go out after later ones, on dates of our choice.

    Args:
        date: what Metricool says is the clip's; None where it says none.
    """
    after = [one for one in siblings if one.index > index]
    return date is not None and any(_beside(one, date) is Verdict.RECALL for one in after)


def is_last_upstream(index: int, siblings: Sequence[Sibling]) -> bool:
    """Return whether no later clip of the batch waits for its date in Metricool, or is being sent.

    Taken back from the last to the first, what is there is the beginning of the batch at every
    moment, and can be gone on from.
    """
    return not any(
        one.index > index
        and (one.state is State.WAITING_CONFIRMATION or one.is_being_sent)
        and not one.is_let_go
        for one in siblings
    )


def latest_before(index: int, siblings: Sequence[Sibling]) -> datetime | None:
    """Return the latest date for which Metricool has a clip before this one, None without any."""
    there = (State.WAITING_CONFIRMATION, State.PUBLISHED)
    dates = [
        one.planned_for
        for one in siblings
        if one.index < index and one.state in there and not one.is_let_go and one.planned_for
    ]
    return max(dates, default=None)


def _holds_up(one: Sibling, date: datetime) -> bool:
    if one.state in UNDECIDED:
        return True
    if one.state is not State.WAITING_CONFIRMATION or one.is_let_go:
        return False
    if one.is_being_taken_back or not one.is_seen:
        return True
    return one.planned_for is None or one.planned_for >= date


def _is_ahead_of_a_turn(one: Sibling) -> bool:
    if one.state is State.WAITING_CONFIRMATION:
        return not one.is_let_go
    is_lost = one.state is State.FAILED and one.is_unconfirmed
    return is_lost or one.state is State.PUBLISHED or one.state in UNCERTAIN


def _beside(one: Sibling, date: datetime) -> Verdict:
    """Return what a later clip means for one that would get `date`."""
    if one.state is State.PUBLISHED:
        return Verdict.LATE
    if one.state is State.FAILED and one.is_unconfirmed:
        return Verdict.LATE
    if one.state in UNCERTAIN:
        is_after = one.planned_for is not None and one.planned_for > date
        return Verdict.FREE if is_after else Verdict.WAIT
    if one.state is State.WAITING_CONFIRMATION:
        if one.planned_for is not None and one.planned_for > date:
            return Verdict.FREE
        # What somebody moved is where they want it, unless we delete it and send it anew
        is_ours = one.is_asked_date or one.is_being_taken_back
        return Verdict.RECALL if is_ours else Verdict.FREE
    return Verdict.FREE
