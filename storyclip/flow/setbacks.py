"""What becomes of a clip in hand that was surely not created, and of a look that does not work."""

from __future__ import annotations

from datetime import datetime

from storyclip.domain import moves
from storyclip.domain.changing import replace
from storyclip.domain.clip import Clip
from storyclip.domain.errors import ErrorCode, RetrySafety, UpstreamError
from storyclip.domain.moves import Move, later
from storyclip.domain.situation import Situation
from storyclip.flow.visit import Visit

DENIED_RETRY_S = 60.0  # how often a refused account is tried: cheap for us, soon for the user

SAID_AFTER_S = 60.0  # looks that have failed for so long are told to the user
_COULD_NOT_LOOK = "Metricool cannot be looked at"


def postpone(clip: Clip, visit: Visit, reason: str, at_least_s: float = 0.0) -> Move:
    """Put a clip back because Metricool could not take it now.

    Its attempt is given back: an outage burns no clip. Only when it has lasted for longer than a
    story may be late does the clip fail.
    """
    since = clip.postponed_since or visit.now
    max_late_s = visit.settings.max_late_s
    if (visit.now - since).total_seconds() > max_late_s:
        words = f"Metricool could not take this story for {max_late_s:.0f} s: {reason}"
        return moves.refused(clip, words, ErrorCode.UPSTREAM_UNAVAILABLE, RetrySafety.SAFE)
    due = later(visit.backoff(clip.postponements, at_least_s))
    return moves.postponed(clip, due, reason, since)


def out_of_order(clip: Clip) -> Move:
    """Leave to its user a clip that would come out after those behind it."""
    words = (
        "Later clips of its batch are out, or may be: it would come after them. It was not sent;"
        " ask for it again with confirmOrder=true if that is fine."
    )
    return moves.missed(clip, words, ErrorCode.ORDER_LOST)


def hold(clip: Clip, visit: Visit, reason: str) -> Move:
    """Put a clip back that Metricool refuses to take for this account; the lane waits with it."""
    back = moves.postponed(clip, later(visit.in_s(DENIED_RETRY_S)), reconnect_words(reason), None)
    return blocking(back, visit.now, reason)


def try_again_or_fail(clip: Clip, visit: Visit, reason: str, code: ErrorCode) -> Move:
    """Put a clip back that was surely not created, its attempt spent; fail it after the last."""
    if clip.attempts >= visit.settings.max_attempts:
        return moves.refused(clip, reason, code, RetrySafety.SAFE)
    return moves.tried(clip, later(visit.backoff(clip.attempts)), reason)


def forbidden(situation: Situation) -> Move:
    """End a clip, which is not upstream, because its user may not publish there any more."""
    clip, batch = situation.clip, situation.batch
    what = "taken back from Metricool before it went out" if clip.post_id else "not sent"
    return moves.forbidden(
        clip,
        f"{batch.user_id} may not publish on account {batch.account_id} any more: the right was"
        f" taken away, or the user disabled. It was {what}. Ask for it again once an admin has"
        " given the right back.",
    )


def denied_look(clip: Clip, visit: Visit, reason: str) -> Move:
    """Note that Metricool refuses to show this account, and look again in a while."""
    note = moves.due(clip, later(visit.in_s(DENIED_RETRY_S)))
    return blocking(note, visit.now, reason)


def could_not_look_words(clip: Clip, failure: UpstreamError) -> str:
    """Return what to say of looks that fail; what was said at first stays, for each is an event."""
    if clip.error is not None and clip.error.startswith(_COULD_NOT_LOOK):
        return clip.error
    return f"{_COULD_NOT_LOOK}: {failure}. The story may be there, or out; looking goes on."


def blocking(move: Move, now: datetime, reason: str) -> Move:
    """Have the lane say why nothing goes through; the first time it says so counts as the start."""
    return blocking_in_words(move, now, reconnect_words(reason))


def blocking_in_words(move: Move, now: datetime, words: str) -> Move:
    """Have the lane say just these words of why nothing goes through."""
    lane = move.before.lane
    since = lane.blocked_since or now
    return replace(move, lane=replace(lane, blocked_reason=words, blocked_since=since))


def reopened(clip: Clip, now: datetime) -> Move:
    """Note that something went through again.

    What came due meanwhile counts from here on: its user was told that it goes on by itself.
    """
    lane = replace(clip.lane, blocked_reason=None, blocked_since=None, reopened_at=now)
    return Move(clip, clip, None, lane=lane)


def reconnect_words(reason: str) -> str:
    """Return what a refused account means, and what to do."""
    return (
        f"Metricool refuses this account ({reason}). Nothing more is sent until it is"
        " reconnected in Metricool; StoryClip goes on by itself then."
    )
