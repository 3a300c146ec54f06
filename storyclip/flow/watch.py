"""The late watch: what is called unconfirmed is looked at ever more rarely, and healed."""

from __future__ import annotations

from datetime import datetime

from storyclip.domain import moves
from storyclip.domain.changing import replace
from storyclip.domain.clip import Clip, State
from storyclip.domain.clip_words import Told, quoted, say
from storyclip.domain.dates.schedule import seconds
from storyclip.domain.errors import ErrorCode, RetrySafety, UpstreamDenied, UpstreamError
from storyclip.domain.identity import is_made_too_late
from storyclip.domain.moves import NEVER, Move, later
from storyclip.domain.send import by_their_clock, open_sends
from storyclip.domain.situation import Situation, Wanted
from storyclip.domain.story import Post, PostStatus
from storyclip.flow.asking import Course, ask, everywhere, goes_on_without, put
from storyclip.flow.find import of_lost
from storyclip.flow.setbacks import denied_look
from storyclip.flow.visit import Visit

LATE_WATCH_MAX_S = 300.0  # between two looks at most …
FAR_WATCH_MAX_S = 3600.0  # … and while the date is further ahead than this


def watch_lost(situation: Situation, visit: Visit) -> Course[None]:
    """Look once more for a clip that was given up without ever having been seen."""
    clip = situation.clip
    sends = open_sends(situation.sends)
    if not sends:
        yield from put(moves.due(clip, NEVER))
        return
    try:
        look = yield from ask(everywhere(clip, [send.planned_for for send in sends]))
        known = by_their_clock(situation.sends, visit.times.ahead)
        post = yield from of_lost(clip, known, look.posts)
    except UpstreamDenied as refusal:
        yield from put(denied_look(clip, visit, refusal.words))
        return
    except UpstreamError:
        post = None
    if post is None or is_made_too_late(sends, post):
        yield from put(watch_on(clip, visit, clip.missing_since))
    else:
        yield from put(moves.moved(clip, post, visit.now))


def failed_there(situation: Situation, visit: Visit, post: Post) -> Course[None]:
    """Note that Metricool calls a clip's post failed; a person may have given the clip another."""
    clip = situation.clip
    is_waited_for = clip.state is State.WAITING_CONFIRMATION and situation.wanted is Wanted.YES
    if is_waited_for and (yield from goes_on_without(clip)):
        yield from put(moves.replaced(clip, visit.now))
        return
    words = quoted(post.words) if post.words else say("error_without_words")
    next_at = late_look_at(clip, visit)
    if clip.state is State.FAILED and clip.error == words:
        yield from put(watch_on(clip, visit, missing_since=None))
    else:
        code, safety = ErrorCode.NETWORK_ERROR, post.retry_safety
        yield from put(moves.seen_failed(clip, words, code, safety, next_at))


def watch_there(clip: Clip, visit: Visit, post: Post) -> Move:
    """Go on looking at a post that may go out after all, until it is due on whatever date it has.

    What was called failed, even safe to be asked for again, is not so any more.
    """
    dated = replace(clip, planned_for=moves.date_of(clip, post))
    words = still_there_words(dated, visit, post)
    is_known = post.id == clip.post_id and dated.planned_for == clip.planned_for
    is_told = clip.error == words or not _is_ahead(dated, visit)
    if is_known and is_told and clip.retry_safety is RetrySafety.CHECK_FIRST:
        return watch_on(clip, visit, missing_since=None)
    code = ErrorCode.UNCONFIRMED
    if clip.is_left_open:
        code = ErrorCode.NETWORK_ERROR  # whatever date it has now, it may have been out
    elif post.status is PostStatus.AWAITING_CONFIRMATION:
        code = ErrorCode.AWAITING_CONFIRMATION
    return moves.followed(clip, post, words, code, late_look_at(dated, visit))


def still_there_words(clip: Clip, visit: Visit, post: Post) -> Told:
    """Return what to say of a post that is not out, and that Metricool may publish."""
    until = looked_for_until(clip, visit)
    if post.status is PostStatus.AWAITING_CONFIRMATION:
        return say("awaiting_confirmation", until=until)
    if post.is_draft:
        return say("draft", until=until)
    if clip.planned_for is not None and _is_ahead(clip, visit):
        return say("planned", at=clip.planned_for, until=until)
    return say("still_there", postStatus=post.status, until=until)


def looked_for_until(clip: Clip, visit: Visit) -> datetime:
    """Return until when an outcome is looked for, as people are told."""
    return _latest_date(clip) + seconds(visit.settings.late_watch_s)


def watch_on(clip: Clip, visit: Visit, missing_since: datetime | None) -> Move:
    """Look again later, or never more."""
    next_at = late_look_at(clip, visit)
    due = NEVER if next_at is None else later(next_at)
    return moves.looked(
        clip, due, checks=clip.checks, missing_since=missing_since, seen_at=clip.seen_at
    )


def unconfirmed(
    clip: Clip, visit: Visit, words: Told, code: ErrorCode, checks: int | None = None
) -> Move:
    """Stop waiting for a clip's outcome, and go on looking now and then."""
    return moves.timed_out(clip, words, code, late_look_at(clip, visit), checks)


def late_look_at(clip: Clip, visit: Visit) -> datetime | None:
    """Return when to look again at a clip already called unconfirmed, None once for all."""
    until = watched_until(clip, visit)
    if visit.now >= until:
        return None
    date = _counted_from(clip, visit)
    since = min(clip.intended_at or clip.uploaded_at or clip.wished_for or visit.now, date)
    is_far = date > visit.in_s(FAR_WATCH_MAX_S)
    return min(visit.ever_later(since, FAR_WATCH_MAX_S if is_far else LATE_WATCH_MAX_S), until)


def watched_until(clip: Clip, visit: Visit) -> datetime:
    """Return until when an outcome is looked for, by our clock."""
    return _counted_from(clip, visit) + seconds(visit.settings.late_watch_s)


def _counted_from(clip: Clip, visit: Visit) -> datetime:
    return visit.times.at_ours(_latest_date(clip))


def _latest_date(clip: Clip) -> datetime:
    dates = [date for date in (clip.planned_for, clip.fence_at) if date is not None]
    assert dates
    return max(dates)


def _is_ahead(clip: Clip, visit: Visit) -> bool:
    return clip.planned_for is not None and visit.there < clip.planned_for
