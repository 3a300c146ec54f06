"""Reading everything at once that a decision about a clip may look at."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from storyclip.domain.batch import Batch
from storyclip.domain.clip import SOUGHT, Clip, State
from storyclip.domain.dates.quota import DAY
from storyclip.domain.errors import NotFound
from storyclip.domain.identity import name_of
from storyclip.domain.order import Sibling, sibling_of
from storyclip.domain.situation import Situation, looks_around
from storyclip.domain.story import Post
from storyclip.domain.transfer import Transfer
from storyclip.store.access import users
from storyclip.store.database import marks, reading, run
from storyclip.store.files import transfers
from storyclip.store.publishing import clips, quota, sends
from storyclip.store.publishing.rows import (
    BATCH,
    BATCH_COLUMNS,
    CLIP_COLUMNS,
    LANE_COLUMNS,
    batch_of,
    clip_of,
)
from storyclip.store.service import newest

# In this order: `read` cuts them apart
_FACTS = f"{newest.COLUMNS}, {BATCH_COLUMNS}, c.lane_held, {CLIP_COLUMNS}, {LANE_COLUMNS}"
_FROM = (
    "FROM publish_batch_clips c JOIN lanes l ON l.id = c.lane_id"
    " JOIN publish_batches b ON b.batch_id = c.batch_id"
    " JOIN service s ON s.id = 1 LEFT JOIN users u ON u.id = b.user_id WHERE c.id = ?"
)
_PAGE = 400  # posts asked for in one statement: SQLite binds 32,766 values at most, older ones 999


def read(clip_id: int) -> Situation:
    """Return the situation of a clip as the rows are now.

    Raises:
        NotFound: there is none with this id.
        StoreUnavailable: the database does not answer, or its rows were put back a moment ago.
    """
    with reading():
        row = run(f"SELECT {_FACTS}, {users.columns()} {_FROM}", (clip_id,)).fetchone()
        if row is None:
            raise NotFound(f"no clip {clip_id}")
        service, row = row[: newest.COUNT], row[newest.COUNT :]
        batch = batch_of(row[: len(BATCH)])
        clip = clip_of(row[len(BATCH) + 1 : -users.COUNT])
        return Situation(
            clip=clip,
            batch=batch,
            is_allowed=users.is_allowed(users.user_of(row[-users.COUNT :]), batch.account_id),
            siblings=siblings(batch.batch_id) if looks_around(clip, batch) else (),
            sends=sends.of_clip(clip.id) if clip.sends and clip.state in SOUGHT else (),
            taken=_taken(clip, batch),
            holds_lane=row[len(BATCH)] is not None,
            here=newest.require_no_older(newest.installation_of(service)),
            transfer=_transfer(clip),
        )


def _transfer(clip: Clip) -> Transfer | None:
    if clip.state is not State.PENDING or clip.media_url:
        return None
    return transfers.of_send(clip.id, clip.sends)


def siblings(batch_id: str) -> tuple[Sibling, ...]:
    """Return all clips of a batch, in order, as their neighbours see them; on this connection."""
    return tuple(map(sibling_of, clips.of_batch(batch_id)))


def held_by_others(clip: Clip, posts: Sequence[Post]) -> set[str]:
    """Return the names of those posts that other clips of ours hold, or held once."""
    held = set[str]()
    with reading():
        for page in range(0, len(posts), _PAGE):
            held |= _held(clip, posts[page : page + _PAGE])
    return held


def _held(clip: Clip, posts: Sequence[Post]) -> set[str]:
    uuids = [post.uuid for post in posts if post.uuid is not None]
    ids = [post.id for post in posts]
    places = f"post_uuid IN ({marks(uuids)}) OR {{}} IN ({marks(ids)})"
    rows = run(
        "SELECT metricool_post_id, post_uuid FROM publish_batch_clips WHERE id <> ?"
        f" AND ({places.format('metricool_post_id')})"
        " UNION SELECT post_id, post_uuid FROM publish_sends WHERE clip_id <> ?"
        f" AND ({places.format('post_id')})",
        (clip.id, *uuids, *ids, clip.id, *uuids, *ids),
    ).fetchall()
    known_uuids = {uuid for _, uuid in rows if uuid is not None}
    known_ids = {post_id for post_id, uuid in rows if uuid is None}
    return {name_of(post) for post in posts if post.uuid in known_uuids or post.id in known_ids}


def _taken(clip: Clip, batch: Batch) -> tuple[datetime, ...]:
    """Return the dates of the account's stories from a day before this one's on."""
    if clip.state is not State.PENDING or clip.lane.network is not quota.LIMITED:
        return ()
    return tuple(quota.sent_after(clip.lane.id, (clip.wished_for or batch.created_at) - DAY))
