"""What a list shows that only a person can put right, in words for them."""

from __future__ import annotations

from datetime import timedelta

from storyclip.domain.clip import Clip, State
from storyclip.domain.identity import held_among, name_of
from storyclip.domain.incident import Incident
from storyclip.domain.story import Look, Post, PostStatus
from storyclip.flow.visit import Visit

LOOK_BACK = timedelta(hours=24)
SETTLED_FOR = timedelta(minutes=10)  # lists lag: only what has been live that long must be shown


def copied(clip: Clip, look: Look) -> Incident | None:
    """Return what to say of a copy on the very date of its original; the rest is people's business.

    StoryClip sent this clip once and read the answer, so it is none of ours to delete.
    """
    own = held_among(clip, look.posts) if clip.state is State.WAITING_CONFIRMATION else None
    if own is None or own.status is not PostStatus.PENDING:
        return None
    for post in look.posts:
        same = set(post.media_urls) & {*own.media_urls, clip.media_url}
        if post.uuid != own.uuid and same and post.planned_for == own.planned_for:
            words = "it shows the same and goes out on the same date; delete one in Metricool"
            return told("copied", clip, post, words)
    return None


def absence(clip: Clip, look: Look, visit: Visit) -> Incident | None:
    """Return what to say of a clip that was live and is not listed any more, None if it is."""
    if clip.state is not State.PUBLISHED or clip.published_at is None:
        return None
    is_settled = visit.now - clip.published_at >= SETTLED_FOR
    is_dated_here = clip.planned_for is not None and clip.planned_for > visit.there - LOOK_BACK
    if not is_settled or not is_dated_here or held_among(clip, look.posts) is not None:
        return None
    subject = f"{clip.batch_id}/{clip.index}"
    detail = f"post {clip.post_id} was seen live, and Metricool no longer lists it"
    return Incident("published_absent", subject, detail)


def told(kind: str, clip: Clip, post: Post, words: str) -> Incident:
    """Return what to say of one post of a clip; said once for each."""
    subject = f"{clip.batch_id}/{clip.index}/{name_of(post)}"
    return Incident(kind, subject, f"post {post.id} of clip {clip.index}: {words}")
