"""A story that no row knows, as the API shows it."""

from __future__ import annotations

from storyclip.domain.clip import Clip
from storyclip.domain.doubt import Stranger
from storyclip.domain.shown import ClipNamed, StrangerView
from storyclip.domain.views import rfc3339


def stranger_view(
    stranger: Stranger, clip: Clip | None, *, is_others: bool = False
) -> StrangerView:
    """Return a story that no row knows, and the clip that it would be if it is ours.

    Of a clip of somebody else's batch no more is said than that there is one.
    """
    post = stranger.post
    return {
        "name": stranger.name,
        "postId": post.id,
        "status": post.status,
        "scheduledAt": rfc3339(post.planned_for),
        "createdAt": rfc3339(post.created_at),
        "publicUrl": post.public_url,
        "media": post.media_urls,
        "fits": clip is not None,
        "clip": None if clip is None or is_others else clip_named(clip),
    }


def clip_named(clip: Clip) -> ClipNamed:
    """Return which clip of which batch it is."""
    return {"batchId": clip.batch_id, "index": clip.index, "title": clip.title or clip.client_id}
