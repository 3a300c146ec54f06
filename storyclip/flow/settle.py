"""A clip whose answer was lost: look for it, and believe its absence only past the fence."""

from __future__ import annotations

from storyclip.domain import moves
from storyclip.domain.clip import Clip, Event
from storyclip.domain.clip_words import say
from storyclip.domain.dates.schedule import seconds
from storyclip.domain.errors import ErrorCode, UpstreamDenied, UpstreamError
from storyclip.domain.identity import Fate, is_made_too_late, may_be_among, proves_absence
from storyclip.domain.moves import Move, later
from storyclip.domain.send import Send, by_their_clock, open_sends
from storyclip.domain.situation import Situation
from storyclip.domain.story import Look, Post
from storyclip.flow.asking import Course, around, ask, everywhere, held_by_others, put
from storyclip.flow.calls import ListDeleted
from storyclip.flow.find import Deleted, lying_deleted, of_lost
from storyclip.flow.passed import put_in_place
from storyclip.flow.setbacks import SAID_AFTER_S, could_not_look_words, denied_look
from storyclip.flow.visit import Visit
from storyclip.flow.watch import late_look_at

SECOND_LOOK = 12  # the two looks that prove an absence are this part of the margin apart: 10 s
FAR_AHEAD_S = 3600.0  # dates further ahead than this …
FAR_SETTLE = 5  # … are settled by looking for so many margins after the send: 10 min
LONGEST_WAIT_S = 30.0  # between two looks while the fence is still ahead


def settle(situation: Situation, visit: Visit) -> Course[None]:
    """Adopt the clip's post if it is there; prove that it cannot appear, or look again later."""
    clip = situation.clip
    try:
        move = yield from _seen(situation, visit)
        yield from put_in_place(situation, move) if move.event is Event.FOUND else put(move)
    except UpstreamDenied as refusal:
        yield from put(_given_up_looking(clip, visit) or denied_look(clip, visit, refusal.words))
    except UpstreamError as failure:
        yield from put(_given_up_looking(clip, visit) or _look_again_after(clip, visit, failure))


def _seen(situation: Situation, visit: Visit) -> Course[Move]:
    clip, known = situation.clip, by_their_clock(situation.sends, visit.times.ahead)
    sends = open_sends(known)
    plans = [send.planned_for for send in sends] or list(clip.plans)
    is_second = _is_second_look(clip, visit)
    # The look that may prove an absence also shows what somebody moved far ahead.
    look = yield from ask(everywhere(clip, plans) if is_second else around(clip, plans))
    found = yield from of_lost(clip, known, look.posts)
    if found is not None and (_is_dated_as_asked(clip, found) or _has_settled(clip, visit)):
        if is_made_too_late(sends, found):
            return _unproven(clip, visit)
        return moves.found(clip, found, visit.now)
    if clip.lane.is_in_doubt:  # the rows of a later send may be lost: nothing proves an absence
        return _note_absence(clip, visit)
    to_fence_s = _to_fence_s(clip, look, visit)
    if to_fence_s is None:
        return _unprovable(clip, visit)
    if to_fence_s > 0:
        return _wait(clip, visit, to_fence_s)
    if not is_second:  # both looks have to be clear: one list may lack what another shows
        may_be_there = yield from _may_be_theirs(clip, sends, look.posts)
        return _unproven(clip, visit) if may_be_there else _note_absence(clip, visit)
    deleted = yield from ask(ListDeleted(clip.lane))
    if not deleted.is_whole:
        return _unprovable(clip, visit)
    lies = yield from lying_deleted(clip, known, deleted.posts)
    if lies is not None:
        return _lies_deleted(clip, visit, lies)
    shown = (*look.posts, *deleted.posts)
    if not proves_absence(sends, clip.lane) or (yield from _may_be_theirs(clip, sends, shown)):
        return _unproven(clip, visit)
    if clip.attempts >= visit.settings.max_attempts:
        return moves.given_up(clip, say("lost_every_time", attempts=clip.attempts))
    return moves.absent(clip, visit.now)


def _lies_deleted(clip: Clip, visit: Visit, lies: Deleted) -> Move:
    if lies.fate is Fate.OUT:
        return moves.seen_live(clip, lies.post, visit.now)
    if lies.fate is Fate.NOT_OUT:
        return moves.deleted_upstream(clip, lies.post, say("deleted_unpublished"))
    return _unproven(clip, visit)


def _is_dated_as_asked(clip: Clip, post: Post) -> bool:
    return post.planned_for in clip.plans or post.other_reading in clip.plans


def _has_settled(clip: Clip, visit: Visit) -> bool:
    """Return whether our own post would be listed by now, should this be somebody's copy of it."""
    assert clip.intended_at is not None
    return visit.now >= clip.intended_at + seconds(visit.settings.settle_s)


def _may_be_theirs(clip: Clip, sends: tuple[Send, ...], posts: tuple[Post, ...]) -> Course[bool]:
    """Return whether a post that is nobody's may be ours under another URL, or have been."""
    others = yield from held_by_others(clip, posts)
    earlier = {send.post_uuid or send.post_id or "" for send in sends}
    return any(may_be_among(send, posts, others | earlier) for send in sends)


def _to_fence_s(clip: Clip, look: Look, visit: Visit) -> float | None:
    """Return for how many seconds, by Metricool's clock, a late POST may still create something.

    None where that look cannot tell: it says no time, or does not show everything. A date far ahead
    is not waited for: nothing stays on the way for so long, and what comes after all is found by
    the audit long before it is due.
    """
    assert clip.fence_at is not None
    assert clip.intended_at is not None
    if look.upstream_now is None or not look.is_whole:
        return None
    to_date_s = (clip.fence_at - look.upstream_now).total_seconds()
    settle_s = visit.settings.settle_s
    if to_date_s > FAR_AHEAD_S:
        over_at = clip.intended_at + seconds(visit.settings.http_deadline_s)
        return (over_at + seconds(FAR_SETTLE * settle_s) - visit.now).total_seconds()
    return to_date_s + settle_s


def _is_second_look(clip: Clip, visit: Visit) -> bool:
    apart = seconds(visit.settings.settle_s / SECOND_LOOK)
    return clip.missing_since is not None and visit.now >= clip.missing_since + apart


def _wait(clip: Clip, visit: Visit, to_fence_s: float) -> Move:
    """Look soon at first, then less often, and again right past the fence."""
    assert clip.intended_at is not None
    waited_s = (visit.now - clip.intended_at).total_seconds()
    wait_s = min(max(waited_s / 2, visit.settings.confirm_interval_s), LONGEST_WAIT_S)
    if to_fence_s > 0:
        wait_s = min(wait_s, to_fence_s)
    return moves.due(clip, later(visit.in_s(wait_s)))


def _note_absence(clip: Clip, visit: Visit) -> Move:
    since = clip.missing_since or visit.now
    next_at = max(since + seconds(visit.settings.settle_s / SECOND_LOOK), visit.now)
    if clip.lane.is_in_doubt:
        next_at = visit.in_s(LONGEST_WAIT_S)
    return moves.looked(clip, later(next_at), checks=clip.checks, missing_since=since, seen_at=None)


def _unprovable(clip: Clip, visit: Visit) -> Move:
    """Wait a while for looks that tell more; they may never, and the lane must not stand."""
    margin_s = FAR_SETTLE * visit.settings.settle_s
    is_over = _is_past(clip, visit, margin_s)
    return _unproven(clip, visit) if is_over else _wait(clip, visit, 0.0)


def _given_up_looking(clip: Clip, visit: Visit) -> Move | None:
    is_over = _is_past(clip, visit, visit.settings.max_late_s)
    return _unproven(clip, visit) if is_over else None


def _is_past(clip: Clip, visit: Visit, margin_s: float) -> bool:
    assert clip.fence_at is not None
    assert clip.intended_at is not None
    margin = seconds(margin_s)
    is_far = (clip.fence_at - visit.there).total_seconds() > FAR_AHEAD_S
    is_fence_past = is_far or visit.there > clip.fence_at + margin
    return is_fence_past and visit.now > clip.intended_at + margin


def _look_again_after(clip: Clip, visit: Visit, failure: UpstreamError) -> Move:
    assert clip.intended_at is not None
    lasting = (visit.now - clip.intended_at).total_seconds() >= SAID_AFTER_S
    reason = could_not_look_words(clip, failure) if lasting else None
    return moves.could_not_look(clip, later(visit.soon(failure)), reason)


def _unproven(clip: Clip, visit: Visit) -> Move:
    """Leave it to a person: it may be out, and nothing that can be seen proves the contrary."""
    return moves.timed_out(clip, say("unproven"), ErrorCode.UNCONFIRMED, late_look_at(clip, visit))
