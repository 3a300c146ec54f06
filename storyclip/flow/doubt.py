"""A lane of which the rows may not know everything: one look at what Metricool has, before a claim.

What was sent while the rows that are lost were written is in Metricool, and nowhere else. A story
there that no row knows may be ours, or a person's: only a person can tell.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from storyclip.domain import moves
from storyclip.domain.changing import replace
from storyclip.domain.clip import State
from storyclip.domain.doubt import LOOKING, ON_ITS_WAY, is_over, looked_from, may_be_lost
from storyclip.domain.errors import UpstreamDenied, UpstreamError
from storyclip.domain.identity import name_of
from storyclip.domain.installation import Installation
from storyclip.domain.lane import Lane
from storyclip.domain.moves import later
from storyclip.domain.situation import Situation
from storyclip.domain.story import Look, Post
from storyclip.flow.asking import FAR, WINDOW, Course, LaneLooked, Unknown, ask, put
from storyclip.flow.calls import ListDeleted, ListPosts
from storyclip.flow.setbacks import DENIED_RETRY_S
from storyclip.flow.visit import Visit

HELD_LOOK = timedelta(minutes=1)  # should the word that a held lane goes on get lost
WRONG = timedelta(minutes=1)
UNTOLD = timedelta(minutes=15)  # what its clock and ours may be apart where it does not tell
UNREADABLE_LOOK_S = 30.0  # between looks that do not tell everything …
UNREADABLE_FOR = timedelta(minutes=10)  # … and for so long


def clear_up(lane: Lane, here: Installation, visit: Visit) -> Course[datetime | None]:
    """Look for stories that no row knows; return when to look again, None once it is known.

    Without any the lane goes on; with some it is held until a person says whose they are. One that
    is held may have to be looked at once more all the same: there may be others.
    """
    try:
        look, deleted = yield from _looked(lane, visit)
    except UpstreamDenied:
        return visit.in_s(DENIED_RETRY_S)
    except UpstreamError as failure:
        return visit.soon(failure)
    strangers = yield from _strangers(lane, visit, look, deleted)
    again_at = _look_again_at(lane, here, look, deleted, visit)
    if strangers or again_at is None:
        yield replace(_is_looked(lane, strangers, look, deleted), is_last=again_at is None)
    return again_at


def look_for_late_ones(lane: Lane, here: Installation, visit: Visit) -> Course[None]:
    """Look once more, on a lane that goes on, for what the lost rows had sent and came late.

    Raises:
        UpstreamError: the next audit looks again.
    """
    meanwhile = replace(lane, doubted_since=here.lost_since, doubted_until=here.lost_until)
    look, deleted = yield from _looked(meanwhile, visit)
    strangers = yield from _strangers(meanwhile, visit, look, deleted)
    if strangers:
        yield _is_looked(lane, strangers, look, deleted)


def may_come_late(here: Installation, now: datetime) -> bool:
    """Return whether a POST whose row is lost may still be on its way."""
    return here.lost_until is not None and now < here.lost_until + ON_ITS_WAY + WRONG


def _looked(lane: Lane, visit: Visit) -> Course[tuple[Look, Look]]:
    start, end = looked_from(lane) - WINDOW, visit.there + FAR
    look = yield from ask(ListPosts(lane, start, end))
    deleted = yield from ask(ListDeleted(lane))
    return look, deleted


def _strangers(lane: Lane, visit: Visit, look: Look, deleted: Look) -> Course[tuple[Post, ...]]:
    ahead = visit.there - visit.now
    apart = timedelta() if look.upstream_now is not None else UNTOLD
    seen = (*look.posts, *deleted.posts)
    strangers: tuple[Post, ...] = yield Unknown(
        tuple(post for post in seen if may_be_lost(lane, post, ahead, apart))
    )
    return strangers


def _is_looked(lane: Lane, strangers: tuple[Post, ...], look: Look, deleted: Look) -> LaneLooked:
    seen = (*look.posts, *deleted.posts)
    return LaneLooked(lane, strangers, frozenset(name_of(one) for one in seen if is_over(one)))


def waits(situation: Situation, visit: Visit, until: datetime) -> Course[None]:
    """Let a clip wait until its lane is not in doubt any more, and say why."""
    clip = situation.clip
    if clip.state is State.PENDING and clip.lane.held_at is None:
        yield from put(moves.held_up(clip, until, LOOKING, clip.wished_for))
    else:
        yield from put(moves.due(clip, later(max(until, visit.now))))


def _look_again_at(
    lane: Lane, here: Installation, look: Look, deleted: Look, visit: Visit
) -> datetime | None:
    """Return when a look would tell more than this one; None if none would.

    A list may lag behind what was sent last by a machine that is gone, rows and all.
    """
    assert lane.doubted_until is not None
    if lane.doubted_until > visit.now + WRONG:
        return None  # written by a clock that was wrong: nobody waits for that time
    is_whole = look.is_whole and deleted.is_whole and look.upstream_now is not None
    if not is_whole and visit.now < lane.doubted_until + UNREADABLE_FOR:
        return visit.in_s(UNREADABLE_LOOK_S)
    assert lane.doubted_since is not None
    if here.lost_until is None or here.lost_until > visit.now + WRONG:
        return None
    if lane.doubted_since > here.lost_until:
        return None  # whoever begins again meanwhile knows no more than who began before
    settled_at = here.lost_until + timedelta(seconds=visit.settings.settle_s)
    return settled_at if visit.now < settled_at else None
