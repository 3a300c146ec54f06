"""Compare what Metricool lists with what our rows say: a twin is the one thing that must not be."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import timedelta

import structlog

from storyclip.domain.clip import Clip, State
from storyclip.domain.errors import UpstreamError
from storyclip.domain.lane import Lane
from storyclip.domain.story import Post, PostStatus
from storyclip.flow.engine import Engine
from storyclip.store import lanes, sent
from storyclip.store.incidents import raise_incident

log = structlog.get_logger("storyclip")

LOOK_BACK = timedelta(hours=24)
LOOK_AHEAD = timedelta(days=1)  # of the latest date asked for
SETTLED_FOR = timedelta(minutes=10)  # lists lag: only what has been live that long must be shown


def audit(lane_id: int, engine: Engine) -> None:
    """Delete copies that are not out yet, and raise an incident for whatever cannot be undone.

    A copy is a post with the media that Metricool made for one clip of ours, on a date that we
    asked for, under an id that no row of ours holds. What a person copied in Metricool has
    another date, and is left alone.

    Raises:
        StoreUnavailable: the next audit looks again.
    """
    now = engine.now()
    lane = lanes.find(lane_id)
    ours = sent.sent_since(lane_id, now - LOOK_BACK)
    if not ours:
        return
    try:
        latest = max([now, *(clip.planned_for for clip in ours if clip.planned_for)])
        look = engine.upstream.posts_between(
            lane.account_id, lane.network, now - LOOK_BACK, latest + LOOK_AHEAD
        )
        _twins(lane, ours, look.posts, engine)
    except UpstreamError as failure:
        log.info("audit_failed", account=lane.account_id, reason=str(failure))
        return
    if look.is_whole:
        _absences(ours, look.posts, engine)


def _twins(lane: Lane, ours: Sequence[Clip], posts: Sequence[Post], engine: Engine) -> None:
    by_media: dict[str, list[Post]] = defaultdict(list)
    for post in posts:
        for media_url in post.media_urls:
            by_media[media_url].append(post)
    held = {clip.post_id for clip in ours}
    for clip in ours:
        if clip.post_id is None or clip.media_url is None or clip.media_url == clip.source_url:
            continue
        for post in by_media[clip.media_url]:
            if post.id not in held and post.planned_for in clip.plans:
                _remove_twin(lane, clip, post, engine)


def _remove_twin(lane: Lane, clip: Clip, post: Post, engine: Engine) -> None:
    subject = f"{clip.batch_id}/{clip.index}/{post.id}"
    if post.status is PostStatus.PENDING:
        engine.upstream.delete_post(lane.account_id, post.id)
        if engine.upstream.post(lane.account_id, lane.network, post.id) is None:
            log.warning("twin_deleted", batch=clip.batch_id, clip=clip.index, post=post.id)
            return
    detail = f"post {post.id} is a copy of {clip.post_id}: {post.status}; remove it in Metricool"
    raise_incident("twin", subject, detail, engine.now())


def _absences(ours: Sequence[Clip], posts: Sequence[Post], engine: Engine) -> None:
    now = engine.now()
    listed = {post.id for post in posts} | {url for post in posts for url in post.media_urls}
    for clip in ours:
        if clip.state is not State.PUBLISHED or clip.published_at is None:
            continue
        if now - clip.published_at < SETTLED_FOR:
            continue
        if clip.post_id not in listed and clip.media_url not in listed:
            subject = f"{clip.batch_id}/{clip.index}"
            detail = f"post {clip.post_id} was seen live, and Metricool no longer lists it"
            raise_incident("published_absent", subject, detail, now)
