"""What a decision may look at."""

from __future__ import annotations

from storyclip.domain.clip import SOUGHT, Clip
from storyclip.domain.identity import name_of
from storyclip.domain.order import sibling_of
from storyclip.domain.situation import Situation, looks_around
from storyclip.domain.story import Post
from tests.model.twin.rows import Rows


def read(rows: Rows, clip_id: int) -> Situation:
    """Return what `store.situation.read` does."""
    clip = rows.clip(clip_id)
    batch = rows.batch(clip.batch_id)
    around = rows.clips_of(batch.batch_id) if looks_around(clip, batch) else ()
    return Situation(
        clip=clip,
        batch=batch,
        is_allowed=True,
        siblings=tuple(map(sibling_of, around)),
        sends=rows.sends_of(clip_id) if clip.state in SOUGHT else (),
        holds_lane=rows.holder == clip_id,
    )


def held_by_others(rows: Rows, clip: Clip, posts: tuple[Post, ...]) -> frozenset[str]:
    """Return what `store.situation.held_by_others` does."""
    held = {(one.post_id, one.post_uuid) for one in rows.clips if one.id != clip.id}
    held |= {(one.post_id, one.post_uuid) for one in rows.sends if one.clip_id != clip.id}
    uuids = {uuid for _, uuid in held if uuid is not None}
    ids = {post_id for post_id, uuid in held if uuid is None}
    return frozenset(name_of(post) for post in posts if post.uuid in uuids or post.id in ids)
