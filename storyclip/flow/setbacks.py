"""What becomes of a clip in hand that was surely not created, and of a look that does not work."""

from __future__ import annotations

from datetime import datetime

from storyclip.domain import moves
from storyclip.domain.changing import replace
from storyclip.domain.clip import Clip
from storyclip.domain.clip_words import Told, cause, facts_of, say
from storyclip.domain.errors import ErrorCode, RetrySafety, UpstreamError
from storyclip.domain.moves import Move, later
from storyclip.domain.situation import Situation
from storyclip.flow.visit import Visit

DENIED_RETRY_S = 60.0  # how often a refused account is tried: cheap for us, soon for the user

SAID_AFTER_S = 60.0  # looks that have failed for so long are told to the user


def postpone(clip: Clip, visit: Visit, reason: Told, at_least_s: float = 0.0) -> Move:
    """Put a clip back because Metricool could not take it now.

    Its attempt is given back: an outage burns no clip. Only when it has lasted for longer than a
    story may be late does the clip fail.
    """
    since = clip.postponed_since or visit.now
    max_late_s = visit.settings.max_late_s
    if (visit.now - since).total_seconds() > max_late_s:
        words = say("outage", seconds=max_late_s, why=reason)
        return moves.refused(clip, words, ErrorCode.UPSTREAM_UNAVAILABLE, RetrySafety.SAFE)
    due = later(visit.backoff(clip.postponements, at_least_s))
    return moves.postponed(clip, due, reason, since)


def out_of_order(clip: Clip) -> Move:
    """Leave to its user a clip that would come out after those behind it."""
    return moves.missed(clip, say("order_lost"), ErrorCode.ORDER_LOST)


def hold(clip: Clip, visit: Visit, reason: str) -> Move:
    """Put a clip back that Metricool refuses to take for this account; the lane waits with it."""
    back = moves.postponed(clip, later(visit.in_s(DENIED_RETRY_S)), reconnect_words(reason), None)
    return blocking(back, visit.now, reason)


def try_again_or_fail(clip: Clip, visit: Visit, reason: Told, code: ErrorCode) -> Move:
    """Put a clip back that was surely not created, its attempt spent; fail it after the last."""
    if clip.attempts >= visit.settings.max_attempts:
        return moves.refused(clip, reason, code, RetrySafety.SAFE)
    return moves.tried(clip, later(visit.backoff(clip.attempts)), reason)


def forbidden(situation: Situation) -> Move:
    """End a clip, which is not upstream, because its user may not publish there any more."""
    clip, batch = situation.clip, situation.batch
    reason = "forbidden_taken_back" if clip.post_id else "forbidden"
    return moves.forbidden(clip, say(reason, user=batch.user_id, account=batch.account_id))


def sent_before(clip: Clip) -> Told:
    """Return what became of what was sent of a clip, of which nothing is upstream."""
    return say("nothing_sent" if clip.sends == 0 else "came_to_nothing")


def denied_look(clip: Clip, visit: Visit, reason: str) -> Move:
    """Note that Metricool refuses to show this account, and look again in a while."""
    note = moves.due(clip, later(visit.in_s(DENIED_RETRY_S)))
    return blocking(note, visit.now, reason)


def could_not_look_words(clip: Clip, failure: UpstreamError) -> Told:
    """Return what to say of looks that fail; what was said at first stays, for each is an event."""
    if clip.error is not None and facts_of(clip.error)["reason"] == "could_not_look":
        return Told(clip.error)
    return say("could_not_look", why=cause(failure))


def blocking(move: Move, now: datetime, reason: str) -> Move:
    """Have the lane say why nothing goes through; the first time it says so counts as the start."""
    return blocking_in_words(move, now, reconnect_words(reason))


def blocking_in_words(move: Move, now: datetime, words: Told) -> Move:
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


def reconnect_words(reason: str) -> Told:
    """Return what a refused account means, and what to do."""
    return say("reconnect", said=reason)
