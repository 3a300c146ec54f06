"""Why a failed clip is not asked for again now, in words that say what to do instead."""

from __future__ import annotations

from datetime import datetime

from storyclip.domain.clip import Clip
from storyclip.domain.errors import ActionRefused, RefusalCode
from storyclip.domain.story import Post


def never(clip: Clip, words: str | None) -> ActionRefused:
    """Asking again would be refused again."""
    return ActionRefused(
        RefusalCode.RETRY_REFUSED,
        f"Clip {clip.index} may not be asked for again: {words or 'it would be refused again'}.",
    )


def to_be_confirmed(clip: Clip, words: str) -> ActionRefused:
    """Only a person can tell whether it is out."""
    return _still_pending(
        clip,
        f"{words}. Asking again now could make a second story. Look at the account: if it is not"
        " there, and not pending in Metricool, repeat with confirmAbsent=true.",
    )


def too_early(clip: Clip, over_at: datetime) -> ActionRefused:
    """Nobody can tell yet: what was sent may still arrive."""
    return _still_pending(
        clip,
        "Metricool does not show it, but what was sent may still arrive and make the story, until"
        f" {over_at:%Y-%m-%d %H:%M:%S} UTC. Ask again then: until that time it cannot be sent"
        " again, because that could make a second story.",
    )


def is_there(clip: Clip, post: Post) -> ActionRefused:
    """Metricool has it, and may publish it; nobody's word changes that."""
    date = f", dated {post.planned_for:%Y-%m-%d %H:%M} UTC" if post.planned_for else ""
    if post.is_draft:
        words = f"it is a draft in Metricool (post {post.id}{date}), and goes out when it is none"
    else:
        words = f"Metricool has it as {post.status} (post {post.id}{date}), and may publish it"
    return _still_pending(
        clip,
        f"{words}. Asking again now could make a second story. Let it go out there, or delete it"
        " there and ask again.",
    )


def _still_pending(clip: Clip, words: str) -> ActionRefused:
    return ActionRefused(RefusalCode.STILL_PENDING, f"Clip {clip.index}: {words}")
