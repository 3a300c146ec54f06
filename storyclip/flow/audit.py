"""Compare what Metricool lists with every intent to send: whatever came of one must be known.

A post that no clip of ours holds any more came late, or came back. It is adopted while its clip
still wants one, deleted while it is pending and nobody wants it, and told to a person otherwise.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import structlog

from storyclip.domain import moves
from storyclip.domain.clip import ENDED_UNSEEN, UNCERTAIN, Clip, State
from storyclip.domain.errors import LostRace, NotItsTurn, RetrySafety, UpstreamError
from storyclip.domain.identity import (
    held_among,
    is_dated_by_a_person,
    is_made_too_late,
    is_of,
    is_superseded,
    sent_as,
    shows_other_media,
)
from storyclip.domain.lane import Lane
from storyclip.domain.send import Send, by_their_clock
from storyclip.domain.story import Look, Post, PostStatus
from storyclip.flow.asking import (
    FAR,
    BeginRemoval,
    Course,
    Learn,
    MarkGone,
    RaiseIncident,
    ask,
    put,
    run,
)
from storyclip.flow.calls import Delete, ListDeleted, ListPosts, ReadPost
from storyclip.flow.engine import Engine
from storyclip.flow.find import of_lost
from storyclip.flow.hand import Hand
from storyclip.flow.notices import LOOK_BACK, absence, copied, told
from storyclip.flow.visit import Visit
from storyclip.flow.watch import watch_there
from storyclip.store.publishing import lanes, sends

log = structlog.get_logger("storyclip")

LOOK_AHEAD = timedelta(days=1)  # of the latest date asked for

Watched = Sequence[tuple[Send, Clip]]


def audit(lane_id: int, engine: Engine) -> None:
    """Look at a lane once, and see to everything of ours that its clips do not hold.

    What a person made, copied or restored is left alone.

    Raises:
        StoreUnavailable: the next audit looks again.
    """
    lane = lanes.find(lane_id)
    watched = sends.watched(lane_id, engine.now() - LOOK_BACK)
    if not watched:
        return
    hand = Hand(engine)
    try:
        run(_compare(lane, watched, hand.visit), hand.give)
    except UpstreamError as failure:
        log.info("audit_failed", account=lane.account_id, reason=str(failure))
    except (LostRace, NotItsTurn) as moved_on:
        log.debug("audit_lost_race", account=lane.account_id, reason=str(moved_on))


def _compare(lane: Lane, watched: Watched, visit: Visit) -> Course[None]:
    clips = {clip.id: clip for _, clip in watched}
    dates = [visit.there, *(send.planned_for for send, _ in watched)]
    dates += [clip.planned_for for clip in clips.values() if clip.planned_for]
    # What failed may have been given any date since, and what was sent is looked at by its clip
    has_failed = any(clip.state is State.FAILED for clip in clips.values())
    until = max(dates) + (FAR if has_failed else LOOK_AHEAD)
    look = yield from ask(ListPosts(lane, visit.there - LOOK_BACK, until))
    if not lane.changes_media and shows_other_media(clips.values(), look.posts):
        yield Learn(lane)
    moved = set[int]()
    held = {clip.id: sent_as(clip, _sends_of(clip, watched)) for clip in clips.values()}
    for send, clip in watched:
        if send.number == held[clip.id] and clip.post_id is not None and send.gone_at is None:
            if clip.state is State.FAILED and clip.id not in moved:
                moved.add(clip.id)
                yield from _heal(clip, look, visit)
            continue  # the clip holds its post: what shows the same media is somebody's copy
        post = _came_of(send, clip, look.posts)
        if post is not None and clip.id not in moved:
            moved.add(clip.id)
            yield from _see_to(send, clip, post, watched, look, visit)
    for clip in clips.values():
        if (copy := copied(clip, look)) is not None:
            yield RaiseIncident(copy)
    if look.is_whole:
        for clip in clips.values():
            if (absent := absence(clip, look, visit)) is not None:
                yield RaiseIncident(absent)


def _sends_of(clip: Clip, watched: Watched) -> list[Send]:
    return [send for send, its in watched if its.id == clip.id]


def _came_of(send: Send, clip: Clip, posts: Sequence[Post]) -> Post | None:
    """Return the post that came of a send and that its clip does not hold, None if there is none.

    Without an id of it, only Metricool's own copy made for this very send proves it.
    """
    if send.post_uuid is not None:
        same = [post for post in posts if post.uuid == send.post_uuid]
    elif send.is_marked and send.post_id is None:
        mine = [post for post in posts if send.media_url in post.media_urls]
        same = [post for post in mine if not is_made_too_late([send], post)]
    else:
        return None
    same = [post for post in same if not is_superseded(send, post, clip.sends)]
    holds = clip.state is not State.CANCELLED and clip.post_id is not None
    return next((post for post in same if not (holds and is_of(clip, post))), None)


def _heal(clip: Clip, look: Look, visit: Visit) -> Course[None]:
    """See whether a post that was called failed, or unconfirmed, is out or goes out after all."""
    post = held_among(clip, look.posts)
    if post is not None and post.status is PostStatus.PENDING:
        is_news = moves.date_of(clip, post) != clip.planned_for
        if is_news or clip.retry_safety is not RetrySafety.CHECK_FIRST:
            yield from put(watch_there(clip, visit, post))
    if post is None or post.status is not PostStatus.PUBLISHED:
        return
    if clip.retry_safety is RetrySafety.CHECK_FIRST:
        yield from put(moves.seen_live(clip, post, visit.now))
    else:
        yield from _live_after_all(clip, post, visit)


def _live_after_all(clip: Clip, post: Post, visit: Visit) -> Course[None]:
    yield from put(moves.seen_live(clip, post, visit.now))
    words = f"its clip was called {clip.state}"
    yield RaiseIncident(told("live_after_all", clip, post, words))


def _see_to(
    send: Send, clip: Clip, post: Post, watched: Watched, look: Look, visit: Visit
) -> Course[None]:
    if clip.state in UNCERTAIN:
        return  # it is being looked for
    if clip.retry_safety is RetrySafety.CHECK_FIRST and clip.post_id is None:
        yield from _found_late(clip, watched, look, visit)
    elif clip.state in ENDED_UNSEEN and post.status is PostStatus.PUBLISHED:
        yield from _live_after_all(clip, post, visit)
    elif send.gone_at is not None:
        yield RaiseIncident(told("restored", clip, post, "somebody restored it in Metricool"))
    elif clip.state is State.PENDING and post.status is not PostStatus.ERROR:
        yield from put(moves.found(clip, post, visit.now, [send.planned_for]))
    elif _is_to_come_of_a_failed_one(send, clip, post, look):
        yield from put(watch_there(clip, visit, post))
    elif post.status is not PostStatus.ERROR and is_dated_by_a_person(send, post):
        words = "somebody gave it another date in Metricool; its clip does not wait for it"
        yield RaiseIncident(told("replanned", clip, post, words))
    elif post.status is not PostStatus.ERROR and (
        clip.state is State.CANCELLED or clip.post_id is None or _is_twin(clip, post, look)
    ):
        yield from _remove(send, clip, post)


def _found_late(clip: Clip, watched: Watched, look: Look, visit: Visit) -> Course[None]:
    """Take up the post of a clip that was given up without ever having been seen."""
    sends = by_their_clock(_sends_of(clip, watched), visit.times.ahead)
    post = yield from of_lost(clip, sends, look.posts)
    if post is not None and post.status is PostStatus.PUBLISHED:
        yield from _live_after_all(clip, post, visit)
    elif post is not None:
        yield from put(moves.moved(clip, post, visit.now))


def _is_to_come_of_a_failed_one(send: Send, clip: Clip, post: Post, look: Look) -> bool:
    """Return whether somebody has an earlier post of a failed clip go out after all."""
    is_to_come = clip.state is State.FAILED and post.status is PostStatus.PENDING
    if clip.post_id is None:
        return is_to_come and is_dated_by_a_person(send, post)
    return is_to_come and not _is_twin(clip, post, look)


def _is_twin(clip: Clip, post: Post, look: Look) -> bool:
    """Return whether the clip's own post is listed beside this one: then this one is too many.

    One that failed is no story of its own.
    """
    own = held_among(clip, [one for one in look.posts if one.id != post.id])
    if own is None or clip.post_uuid is None or own.uuid == post.uuid:
        return False
    return own.status is not PostStatus.ERROR


def _remove(send: Send, clip: Clip, post: Post) -> Course[None]:
    """Delete a post of ours that nobody wants while it is pending; tell a person else.

    That is written before: should a clip want it again meanwhile, it knows who deleted it.

    Raises:
        UpstreamError: the next audit goes on with it.
    """
    lane = clip.lane
    seen = yield from ask(ReadPost(lane, post.id))
    if seen is None or seen.uuid != post.uuid:
        return  # edited meanwhile: the next audit sees it under its new id
    if seen.status is PostStatus.PENDING:
        if send.removed_at is None:
            yield BeginRemoval(send, seen)
        yield from ask(Delete(lane, post.id))
        deleted = yield from ask(ListDeleted(lane))
        if any(one.uuid == post.uuid for one in deleted.posts):
            log.warning("stray_deleted", batch=clip.batch_id, clip=clip.index, post=post.id)
            yield MarkGone(send)
        return
    yield RaiseIncident(told("twin", clip, seen, f"it is {seen.status}; remove it in Metricool"))
