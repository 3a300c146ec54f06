"""Moves of a clip that Metricool has, or had, or that is taken back from there."""

from __future__ import annotations

from datetime import datetime

from storyclip.domain.changing import replace
from storyclip.domain.clip import Clip, Event, State
from storyclip.domain.clip_words import Told
from storyclip.domain.errors import ErrorCode, RetrySafety
from storyclip.domain.moves.move import (
    NEVER,
    Move,
    anew,
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


def moved(clip: Clip, post: Post, now: datetime) -> Move:
    """Follow a post that was edited or moved in Metricool; the count of checks starts anew."""
    there = holding(stepped(clip, Event.MOVED, mine(now)), post)
    there = replace(there, checks=0, missing_since=None, seen_at=clip.seen_at or now)
    return told_if_let_go(Move(clip, there, Event.MOVED))


def seen_live(clip: Clip, post: Post, now: datetime) -> Move:
    """Note that it is out."""
    live = holding(stepped(clip, Event.SEEN_LIVE, NEVER), post)
    return Move(clip, without_error(replace(live, published_at=now)), Event.SEEN_LIVE)


def seen_failed(
    clip: Clip, words: Told, code: ErrorCode, safety: RetrySafety, next_at: datetime | None
) -> Move:
    """Note that Metricool calls it failed; somebody may give it another date, and it is looked at
    again then.
    """
    due = NEVER if next_at is None else later(next_at)
    return Move(clip, ended(clip, Event.SEEN_FAILED, words, code, safety, due), Event.SEEN_FAILED)


def timed_out(
    clip: Clip, words: Told, code: ErrorCode, next_at: datetime | None, checks: int | None = None
) -> Move:
    """Stop waiting for an outcome; it may be out, or come out, and is looked at again then."""
    due = NEVER if next_at is None else later(next_at)
    over = ended(clip, Event.TIMED_OUT, words, code, RetrySafety.CHECK_FIRST, due)
    return Move(clip, replace(over, checks=checks or clip.checks), Event.TIMED_OUT)


def followed(
    clip: Clip, post: Post, words: Told, code: ErrorCode, next_at: datetime | None
) -> Move:
    """Follow the post of a clip that was called failed, and that may go out after all."""
    due = NEVER if next_at is None else later(next_at)
    there = holding(ended(clip, Event.MOVED, words, code, RetrySafety.CHECK_FIRST, due), post)
    return told_if_let_go(Move(clip, replace(there, missing_since=None), Event.MOVED))


def deleted_upstream(clip: Clip, post: Post, words: Told) -> Move:
    """Note that somebody deleted its post in Metricool before that was out."""
    event = Event.SEEN_FAILED if clip.state is State.FAILED else Event.DELETED_UPSTREAM
    over = ended(clip, event, words, ErrorCode.DELETED_IN_METRICOOL, RetrySafety.SAFE)
    return Move(clip, holding(over, post), event, is_gone=True)


def taking_back(clip: Clip, post: Post, now: datetime) -> Move:
    """Write that we are about to delete its post; from here on that is finished, never called off.

    Our DELETE may be handled late. What is once begun ends with the post seen among the deleted,
    so that a late one finds nothing, and no row has to know whether it is wanted again.
    """
    there = holding(stepped(clip, Event.TAKING_BACK, mine(now)), post)
    return Move(clip, replace(there, taken_back_at=clip.taken_back_at or now), Event.TAKING_BACK)


def withdrawn(clip: Clip) -> Move:
    """End a clip that the user does not want, and that is not upstream any more."""
    over = replace(stepped(clip, Event.WITHDRAWN, NEVER), missing_since=None)
    return Move(clip, without_error(over), Event.WITHDRAWN, is_gone=clip.post_id is not None)


def forbidden(clip: Clip, words: Told) -> Move:
    """End a clip whose user may not publish it any more, and that is not upstream any more."""
    code, safety = ErrorCode.ACCOUNT_NOT_ALLOWED, RetrySafety.SAFE
    over = replace(ended(clip, Event.FORBIDDEN, words, code, safety), missing_since=None)
    return Move(clip, uncounted(over), Event.FORBIDDEN, is_gone=clip.post_id is not None)


def replaced(clip: Clip, now: datetime) -> Move:
    """Begin anew with a clip whose post failed: another is known that came of it, and is found."""
    return Move(clip, anew(stepped(clip, Event.RECALLED, later(now))), Event.RECALLED)


def recalled(clip: Clip, now: datetime) -> Move:
    """Begin anew with a clip that was taken back in time."""
    back = anew(stepped(clip, Event.RECALLED, later(now)))
    return Move(clip, back, Event.RECALLED, is_gone=True)
