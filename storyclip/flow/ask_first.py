"""What is asked before a clip is dated: Metricool's time, and what came of earlier sends."""

from __future__ import annotations

from datetime import datetime

from storyclip.domain import moves
from storyclip.domain.clip import Clip
from storyclip.domain.clip_words import cause, say
from storyclip.domain.errors import ErrorCode, UpstreamDenied, UpstreamError
from storyclip.domain.identity import came_back
from storyclip.domain.moves import Move
from storyclip.domain.send import by_their_clock
from storyclip.domain.situation import Situation
from storyclip.domain.story import Look, PostStatus
from storyclip.flow.asking import WINDOW, Course, ask, everywhere, put
from storyclip.flow.calls import ListDeleted, ListPosts
from storyclip.flow.find import of_sends
from storyclip.flow.setbacks import DENIED_RETRY_S, blocking, reconnect_words
from storyclip.flow.visit import Visit

LONGEST_WAIT_S = 60.0  # between two looks that fail …
FAR_WAIT_S = 300.0  # … and while the date that it is asked for is further ahead …
AHEAD_PART = 10  # … at most this part of the time that is left


def hear(clip: Clip, visit: Visit) -> Course[bool]:
    """Have Metricool tell its time before anything is dated or called late by our clock alone.

    A machine may start with a clock that is an hour wrong, and be set right a minute later.
    """
    look = yield from _look(clip, visit, ListPosts(clip.lane, visit.there, visit.there + WINDOW))
    return look is not None


def is_clear(situation: Situation, visit: Visit) -> Course[bool]:
    """Return whether no earlier send of a clip shows; a post that does is adopted instead."""
    clip, sends = situation.clip, by_their_clock(situation.sends, visit.times.ahead)
    if not sends:
        return True
    dates = [send.planned_for for send in sends]
    look = yield from _look(clip, visit, everywhere(clip, dates))
    if look is None:
        return False
    # What Metricool calls failed is what it is asked for again because of.
    may_be_out = tuple(post for post in look.posts if post.status is not PostStatus.ERROR)
    post = yield from of_sends(clip, sends, may_be_out)
    if post is None and (back := came_back(sends, may_be_out)) is not None:
        deleted = yield from _look(clip, visit, ListDeleted(clip.lane))
        if deleted is None:
            return False
        lies_there = any(one.uuid == back.uuid for one in deleted.posts)
        post = None if lies_there else back  # a list may lag behind
    if post is not None:
        yield from put(moves.found(clip, post, visit.now, dates))
    return post is None


def _look(clip: Clip, visit: Visit, asked: ListPosts | ListDeleted) -> Course[Look | None]:
    """Return what a list shows, None when it cannot be read: the clip waits, and says why."""
    try:
        return (yield from ask(asked))
    except UpstreamDenied as refusal:
        until, reason = visit.in_s(DENIED_RETRY_S), reconnect_words(refusal.words)
        waiting = moves.held_up(clip, until, reason, clip.wished_for)
        yield from put(blocking(waiting, visit.now, refusal.words))
    except UpstreamError as failure:
        yield from put(_cannot_ask(clip, visit, failure))
    return None


def _cannot_ask(clip: Clip, visit: Visit, failure: UpstreamError) -> Move:
    """Wait for an answer, but not for ever: others may wait for this clip."""
    since = clip.postponed_since or visit.now
    late_s = (visit.now - max(since, clip.wished_for or since)).total_seconds()
    if late_s > visit.settings.max_late_s:
        words = say("not_asked_in_time", why=cause(failure))
        return moves.missed(clip, words, ErrorCode.UPSTREAM_UNAVAILABLE)
    words = say("cannot_ask", why=cause(failure))
    return moves.could_not_ask(clip, _ask_again_at(clip, visit, failure), words, since)


def _ask_again_at(clip: Clip, visit: Visit, failure: UpstreamError) -> datetime:
    """Return when to ask again: ever later, but a story waits for it.

    A list that always goes on takes dozens of calls, and its date may be a month ahead.
    """
    left_s = (clip.wished_for - visit.now).total_seconds() if clip.wished_for else 0.0
    most_s = min(max(LONGEST_WAIT_S, left_s / AHEAD_PART), FAR_WAIT_S)
    again_at = min(visit.backoff(clip.postponements), visit.in_s(most_s))
    return max(again_at, visit.soon(failure))
