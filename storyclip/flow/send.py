"""The one POST of a clip whose intent is written, and what its outcome proves."""

from __future__ import annotations

from storyclip.domain import moves
from storyclip.domain.clip import PUT_BACK, Clip
from storyclip.domain.clip_words import cause, quoted, say
from storyclip.domain.dates.schedule import seconds
from storyclip.domain.errors import (
    ErrorCode,
    RetrySafety,
    UpstreamBusy,
    UpstreamDateInPast,
    UpstreamDenied,
    UpstreamRefused,
    UpstreamUnanswered,
    UpstreamUnreachable,
)
from storyclip.domain.moves import Move, mine
from storyclip.domain.situation import Situation
from storyclip.domain.story import Post, Story
from storyclip.flow.asking import Course, ask, put
from storyclip.flow.calls import Submit
from storyclip.flow.setbacks import hold, postpone, reopened
from storyclip.flow.visit import Visit

LONGER_LEAD_FOR_S = 3600.0  # how long a lane keeps the lead that a past-date refusal taught it
REPLANNED_AT_ONCE = 2  # times in a row; then with the usual waits


def send(situation: Situation, visit: Visit) -> Course[None]:
    """Send a clip once, and write what the answer proves."""
    clip = situation.clip
    assert clip.media_url is not None
    assert clip.planned_for is not None
    story = Story(clip.lane.account_id, clip.lane.network, clip.media_url, clip.planned_for)
    try:
        post = yield from ask(Submit(story))
    except UpstreamUnanswered as silence:
        written = moves.unanswered(clip, cause(silence), visit.now)
    except UpstreamDateInPast:
        written = _plan_further_ahead(clip, visit)
    except UpstreamDenied as refusal:
        written = hold(clip, visit, refusal.words)
    except UpstreamRefused as refusal:
        safety = RetrySafety.SAFE
        written = moves.refused(clip, quoted(refusal.words), ErrorCode.REFUSED, safety)
    except UpstreamBusy as busy:
        written = postpone(clip, visit, cause(busy), at_least_s=busy.retry_after_s)
    except UpstreamUnreachable as failure:
        written = postpone(clip, visit, cause(failure))
    else:
        written = moves.accepted(clip, post, visit.now)
    clip = yield from put(written)
    if clip.post_id is not None and clip.lane.blocked_reason is not None:
        yield from put(reopened(clip, visit.now))


def recover(situation: Situation, visit: Visit) -> Course[None]:
    """Take over a clip whose worker is gone: looked for if it may have left, else tried again.

    Likewise if the worker lives, and only the database was gone: that costs no attempt.
    """
    clip = situation.clip
    if clip.was_sent:
        words = say("not_written" if clip.worker == PUT_BACK else "worker_died")
        yield from put(moves.unanswered(clip, words, visit.now))
    elif clip.worker == PUT_BACK:
        yield from put(moves.postponed(clip, mine(visit.now), None, None))
    elif clip.attempts >= visit.settings.max_attempts:
        reason, safety = say("workers_died"), RetrySafety.SAFE
        yield from put(moves.refused(clip, reason, ErrorCode.MEDIA_UNAVAILABLE, safety))
    else:
        yield from put(moves.tried(clip, mine(visit.now), None))


def _plan_further_ahead(clip: Clip, visit: Visit) -> Move:
    """Put a clip back whose date was over when Metricool handled it; its refusal told the time.

    No fault of the clip's, so its attempt is given back. The first times it is sent again at once:
    by then Metricool's clock is known, or the line was slow for a moment.
    """
    reason = say("date_over")
    since = clip.postponed_since or visit.now
    if clip.postponements < REPLANNED_AT_ONCE:
        back = moves.postponed(clip, mine(visit.now), reason, since)
    else:
        back = postpone(clip, visit, reason)
    return _with_longer_lead(back, visit)


def _with_longer_lead(move: Move, visit: Visit) -> Move:
    lane, settings = move.before.lane, visit.settings
    lead_s = 2 * max(lane.lead_or(settings.lead_s, visit.now), settings.date_step_s / 2)
    return moves.leading(move, lead_s, visit.now + seconds(LONGER_LEAD_FOR_S))


def brought_home(situation: Situation, post: Post, number: int, visit: Visit) -> Move | None:
    """Return what becomes of an id that a slow worker brings home, None if its clip has moved on.

    Whatever the row says by then, the id is never thrown away: without a move it is written beside
    the send, and whoever looks next adopts the post or deletes it.
    """
    clip = situation.clip
    if number != clip.sends or clip.post_id is not None:
        return None
    if any(one.number == number and one.gone_at is not None for one in situation.sends):
        return None  # found without it meanwhile, and seen among the deleted since
    if clip.was_sent:
        return moves.accepted(clip, post, visit.now)
    if moves.can_be_found(clip):
        return moves.brought_home(clip, post, visit.now)
    return None
