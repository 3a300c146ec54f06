"""Moves of a clip up to the answer to its POST, and of one whose answer was lost."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from storyclip.domain.changing import replace
from storyclip.domain.clip import Clip, Event, State
from storyclip.domain.clip_words import Told
from storyclip.domain.errors import ErrorCode, RetrySafety
from storyclip.domain.moves.move import (
    Due,
    Move,
    ended,
    holding,
    later,
    mine,
    stepped,
    told_if_let_go,
    uncounted,
    without_error,
)
from storyclip.domain.story import Post


def claimed(clip: Clip, worker: str, over_at: datetime) -> Move:
    """Take a clip in hand whose file has yet to be copied."""
    taken = stepped(clip, Event.CLAIMED, later(over_at))
    return Move(
        clip,
        replace(taken, attempts=clip.attempts + 1, worker=worker, intended_at=None),
        Event.CLAIMED,
    )


def intended(
    clip: Clip, media_url: str, planned_for: datetime, worker: str, now: datetime, over_at: datetime
) -> Move:
    """Commit to send it; from here on it may have been sent.

    A clip that had its file already is claimed in the same move.
    """
    event = Event.CLAIMED if clip.state is State.PENDING else Event.INTENDED
    taken = stepped(clip, event, later(over_at))
    return Move(
        clip,
        replace(
            taken,
            attempts=clip.attempts + (event is Event.CLAIMED),
            worker=worker,
            media_url=media_url,
            planned_for=planned_for,
            plans=(*clip.plans, planned_for),
            sends=clip.sends + 1,
            intended_at=now,
            checks=0,
            seen_at=None,
            missing_since=None,
        ),
        event,
    )


def missed(clip: Clip, words: Told, code: ErrorCode) -> Move:
    """End a clip whose turn came too late, without a word to Metricool."""
    return Move(clip, ended(clip, Event.MISSED, words, code, RetrySafety.SAFE), Event.MISSED)


def held_up(clip: Clip, until: datetime, words: Told | None, wished_for: datetime | None) -> Move:
    """Say why a clip cannot be sent before a later time; its lateness counts from `wished_for`.

    What it says already is a note: nobody is told the same twice. None: that is over.
    """
    waiting = uncounted(stepped(clip, Event.HELD_UP, later(until)))
    waiting = replace(waiting, error=words, wished_for=wished_for)
    is_news = (words, wished_for) != (clip.error, clip.wished_for)
    return Move(clip, waiting, Event.HELD_UP if is_news else None)


def could_not_ask(clip: Clip, until: datetime, words: Told, since: datetime) -> Move:
    """Say why a clip is not sent before Metricool was asked something, how often, since when."""
    waiting = held_up(clip, until, words, clip.wished_for)
    counted = replace(waiting.after, postponements=clip.postponements + 1, postponed_since=since)
    return replace(waiting, after=counted)


def postponed(
    clip: Clip,
    due: Due,
    reason: Told | None,
    since: datetime | None,
    media_url: str | None = None,
) -> Move:
    """Put a clip back that surely was not created, its attempt given back: no fault of its own.

    `since` is when Metricool began not to take it, None where that is not what held it up.
    """
    back = stepped(clip, Event.POSTPONED, due)
    return Move(
        clip,
        replace(
            back,
            attempts=clip.attempts - 1,
            media_url=media_url or clip.media_url,
            plans=_plans_without_last(clip),
            intended_at=None,
            postponed_since=since,
            postponements=clip.postponements + 1 if since else clip.postponements,
            error=reason or clip.error,
        ),
        Event.POSTPONED,
        is_void=True,
    )


def tried(clip: Clip, due: Due, reason: Told | None) -> Move:
    """Put a clip back that surely was not created, its attempt spent."""
    back = stepped(clip, Event.POSTPONED, due)
    return Move(
        clip,
        replace(
            back,
            plans=_plans_without_last(clip),
            intended_at=None,
            error=reason or clip.error,
        ),
        Event.POSTPONED,
        is_void=True,
    )


def _plans_without_last(clip: Clip) -> tuple[datetime, ...]:
    return clip.plans[:-1] if clip.was_sent else clip.plans


def refused(clip: Clip, words: Told, code: ErrorCode, safety: RetrySafety) -> Move:
    """End a clip that Metricool does not take; nothing was created."""
    over = ended(clip, Event.REFUSED, words, code, safety)
    return Move(clip, replace(over, plans=_plans_without_last(clip)), Event.REFUSED, is_void=True)


def accepted(clip: Clip, post: Post, now: datetime) -> Move:
    """Note that Metricool has it."""
    moved = holding(stepped(clip, Event.ACCEPTED, mine(now)), post)
    # The date that the create's answer shows is what we asked for; only a later look tells more.
    moved = replace(moved, planned_for=clip.planned_for, uploaded_at=now, error=None)
    return Move(clip, uncounted(moved), Event.ACCEPTED)


def unanswered(clip: Clip, reason: Told, now: datetime) -> Move:
    """Note that it may have been created."""
    return Move(
        clip, replace(stepped(clip, Event.UNANSWERED, mine(now)), error=reason), Event.UNANSWERED
    )


def found(clip: Clip, post: Post, now: datetime, asked: Iterable[datetime] = ()) -> Move:
    """Adopt the post that proves to be this clip's.

    Args:
        asked: the dates of its sends, for one that began anew since: what somebody moved far
            ahead of them is not waited for.
    """
    moved = holding(stepped(clip, Event.FOUND, mine(now)), post)
    moved = replace(moved, uploaded_at=now, checks=0, seen_at=now, missing_since=None)
    moved = replace(moved, plans=clip.plans or tuple(asked))
    return told_if_let_go(Move(clip, without_error(moved), Event.FOUND))


def brought_home(clip: Clip, post: Post, now: datetime) -> Move:
    """Hold the post that a create's answer tells of after all; whether its date was kept is yet to
    be seen.
    """
    move = found(clip, post, now)
    return replace(move, after=replace(move.after, seen_at=None))


def can_be_found(clip: Clip) -> bool:
    """Return whether a post of this clip may be adopted now."""
    return clip.state in (State.PENDING, State.VERIFYING)


def absent(clip: Clip, now: datetime) -> Move:
    """Put back what cannot appear any more; it gets another copy of its file, and with it a marker
    of its own.
    """
    moved = stepped(clip, Event.ABSENT, later(now))
    moved = replace(moved, intended_at=None, media_url=None, missing_since=None)
    return Move(clip, moved, Event.ABSENT)


def given_up(clip: Clip, words: Told) -> Move:
    """End a clip that cannot appear any more, its attempts spent."""
    over = ended(clip, Event.GIVEN_UP, words, ErrorCode.NOT_CREATED, RetrySafety.SAFE)
    return Move(clip, over, Event.GIVEN_UP)
