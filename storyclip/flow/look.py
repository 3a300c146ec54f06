"""Looking for our post upstream by what marks it: Metricool's copy of the clip's media."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from storyclip.domain.clip import Clip
from storyclip.domain.story import Look, Post
from storyclip.flow.engine import Engine
from storyclip.store import sent

WINDOW = timedelta(days=1)  # Metricool may move a date, and reads our window in its own zone


def look_around(clip: Clip, engine: Engine) -> Look:
    """Return what Metricool lists around all the dates that this clip was asked for.

    Raises:
        UpstreamDenied, UpstreamBusy, UpstreamUnreachable, UpstreamLookFailed
    """
    return engine.upstream.posts_between(clip.lane.account_id, clip.lane.network, *window(clip))


def window(clip: Clip) -> tuple[datetime, datetime]:
    """Return from when to when a post of this clip may be dated."""
    assert clip.plans
    return min(clip.plans) - WINDOW, max(clip.plans) + WINDOW


def ours(clip: Clip, posts: Iterable[Post]) -> Post | None:
    """Return the post with our media, the one on a minute we asked for before any other.

    Media is Metricool's own copy, made for this clip; where Metricool only echoed the source's
    URL, two clips may share it, so what another clip of ours holds is left out.
    """
    same = [post for post in posts if clip.media_url in post.media_urls]
    taken = sent.held_elsewhere(clip, [post.id for post in same])
    free = [post for post in same if post.id not in taken]
    if clip.media_url == clip.source_url:
        free = [post for post in free if post.planned_for in clip.plans]
    return min(free, key=lambda post: post.planned_for not in clip.plans, default=None)
