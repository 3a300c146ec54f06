"""What must hold in every state, and what must have come of it when nothing more happens."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from itertools import chain

from storyclip.domain.clip import Clip
from storyclip.domain.clip import State as Is
from storyclip.domain.errors import RetrySafety
from tests.model.metricool import STRANGER, Planned
from tests.model.scene import T0, Scene
from tests.model.state import State

ENDS_WITHIN = timedelta(hours=12)


def wrong(before: State, state: State) -> str | None:
    """Return what must not come of any state, None if all is well."""
    return next(chain(_wrongly_done(before, state), _wrong(state)), None)


def _wrongly_done(before: State, state: State) -> Iterator[str]:
    for old, new in zip(before.rows.clips, state.rows.clips, strict=True):
        if new.sends <= old.sends:
            continue
        batch = before.rows.batch(old.batch_id)
        if batch.cancel_requested_at is not None or batch.pause_requested_at is not None:
            yield f"stray: clip {new.index} is to be sent, and the user stopped the batch"


def _wrong(state: State) -> Iterator[str]:
    for work in state.workers:
        if work is not None and work.node.flaw is not None:
            yield f"broke: {work.node.flaw}"
    posts = state.metricool.posts
    live = [post for post in posts if post.is_live and post.clip != STRANGER]
    for clip in state.rows.clips:
        own = [post for post in live if post.clip == clip.id]
        if len(own) > 1:
            yield f"doubled: clip {clip.index} is out {len(own)} times"
        if own and clip.state is Is.CANCELLED:
            yield f"untrue: clip {clip.index} is called cancelled, and is out"
        if not own and clip.state is Is.PUBLISHED:
            yield f"untrue: clip {clip.index} is called published, and is not out"
        if own and clip.state is Is.FAILED and clip.retry_safety is RetrySafety.SAFE:
            yield f"untrue: clip {clip.index} is called failed and safe, and is out"
    placed = [post for post in live if not post.is_moved]
    for post in placed:
        if any(other.clip > post.clip and other.date <= post.date for other in placed):
            yield f"out of order: clip {post.clip} came after a later one"
    sends = {(send.clip_id, send.number) for send in state.rows.sends}
    known = {clip.post_uuid for clip in state.rows.clips}
    known |= {send.post_uuid for send in state.rows.sends}
    known |= {work.node.created.uuid for work in state.workers if work and work.node.created}
    for post in posts:
        if post.clip == STRANGER and post.deleted_at is not None:
            yield "touched: somebody else's post was deleted"
        if post.is_stray:
            yield f"stray: clip {post.clip} was sent when nothing was to be sent any more"
        if post.clip != STRANGER and (post.clip, post.number) not in sends:
            yield f"forgotten: no row knows the POST that a post of clip {post.clip} came of"
        if post.is_told and post.uuid not in known:
            yield f"thrown away: the id of a post of clip {post.clip}, which was told"
    if state.now - T0 > ENDS_WITHIN:
        yield "stuck: it goes on for hours"


def unfinished(state: State, scene: Scene) -> str | None:
    """Return what is wrong with a state in which nothing happens by itself any more."""
    for clip in state.rows.clips:
        upstream = [post for post in state.metricool.posts if post.clip == clip.id]
        if (words := _unfinished(clip, upstream, state, scene)) is not None:
            return f"{words}: clip {clip.index} ended as {clip.state}"
    return None


def _unfinished(clip: Clip, posts: list[Planned], state: State, scene: Scene) -> str | None:
    pending = any(not post.is_live and post.deleted_at is None for post in posts)
    live = any(post.is_live for post in posts)
    if pending:
        return "a post of it is pending for ever"
    spent = set(scene.wishes) - set(state.wishes) | set(scene.people) - set(state.people)
    match clip.state:
        case Is.CANCELLED if not spent & {"cancel", "delete"}:
            return "nobody wished it"
        case Is.PENDING:
            is_paused = state.rows.batch(clip.batch_id).pause_requested_at is not None
            return None if is_paused else "stuck"
        case Is.UPLOADING | Is.VERIFYING | Is.WAITING_CONFIRMATION:
            return "stuck"
        case Is.PUBLISHED:
            return None
    if live and clip.retry_safety is not RetrySafety.CHECK_FIRST:
        return "it is out"
    is_hurt = spent or state.faults != scene.faults
    return None if is_hurt else "it was not published, without a fault"
