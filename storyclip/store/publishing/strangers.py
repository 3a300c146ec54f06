"""Stories in Metricool that no row knows, and what may not be done while their lane is in doubt."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from datetime import datetime

from storyclip.domain import refusals
from storyclip.domain.doubt import Stranger
from storyclip.domain.identity import name_of
from storyclip.domain.lane import Lane
from storyclip.domain.network import Network
from storyclip.domain.story import Post, PostStatus
from storyclip.store.database import marks, reading, run
from storyclip.store.instants import to_instant, to_text
from storyclip.store.publishing import lanes
from storyclip.store.service import newest, unwatched
from storyclip.store.service.mark_file import MarkFile

_PAGE = 200  # posts in one statement
_COLUMNS = (
    "lane_id, post_id, post_uuid, media, planned_for, status, public_url, made_at, is_left_alone"
)

# A row where nothing may be sent on a lane now, for a statement that asks for more
STOPPED = (
    "SELECT 1 FROM service s, lanes l WHERE s.id = 1 AND l.id = ? AND (s.elsewhere IS NOT NULL"
    " OR s.rival IS NOT NULL OR s.paused_at IS NOT NULL OR l.doubted_since IS NOT NULL"
    " OR l.held_at IS NOT NULL)"
)


def unknown(posts: Sequence[Post]) -> tuple[Post, ...]:
    """Return those of the posts that no row knows: by uuid, by id, or by the media that was sent.

    By media only while nothing else is known to have come of that send: an answer may name one copy
    for two sends, and the rows of the other are lost.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    found = list[Post]()
    with reading():
        for start in range(0, len(posts), _PAGE):
            found += _unknown(posts[start : start + _PAGE])
    return tuple(found)


def _unknown(posts: Sequence[Post]) -> list[Post]:
    uuids = [post.uuid for post in posts if post.uuid is not None]
    ids = [post.id for post in posts if post.uuid is None]
    media = [url for post in posts for url in post.media_urls]
    by_uuid, by_id = f"post_uuid IN ({marks(uuids)})", f"IN ({marks(ids)})"
    rows = run(
        f"SELECT post_uuid, metricool_post_id, '' FROM publish_batch_clips WHERE {by_uuid}"
        f" OR metricool_post_id {by_id}"
        f" UNION SELECT post_uuid, post_id, '' FROM publish_sends WHERE {by_uuid}"
        f" OR post_id {by_id}"
        f" UNION SELECT '', '', s.media_url FROM publish_sends s JOIN publish_batch_clips c"
        f" ON c.id = s.clip_id WHERE s.media_url IN ({marks(media)}) AND s.post_id IS NULL"
        " AND (c.metricool_post_id IS NULL OR s.number < c.sends)",
        (*uuids, *ids, *uuids, *ids, *media),
    ).fetchall()
    known = {word for row in rows for word in row if word}
    return [post for post in posts if known.isdisjoint({name_of(post), *post.media_urls})]


def of_lane(lane_id: int) -> Sequence[Stranger]:
    """Return the strangers of a lane of which nobody has said yet whose they are.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    with reading():
        return here(lane_id)


def held_lanes() -> Sequence[Lane]:
    """Return the lanes that are held until a person says whose their strangers are.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    with reading():
        rows = run("SELECT id FROM lanes WHERE held_at IS NOT NULL ORDER BY id").fetchall()
        return [lanes.here(lane_id) for (lane_id,) in rows]


def refuse_in_doubt(lane_id: int, at: datetime) -> None:
    """Refuse to say or do anything of clips that may be out without our rows knowing it.

    In the caller's transaction.

    Raises:
        ActionRefused: the lane is in doubt, or nobody has seen yet whether it is.
    """
    outside = MarkFile().read("")  # before the rows: it follows them, and is never ahead
    lane = lanes.here(lane_id)
    if lane.held_at is not None:
        raise refusals.held(len(here(lane_id)))
    if unwatched.is_nobody_alive(at):
        raise refusals.nobody_lives()
    if lane.doubted_since is not None or unwatched.is_unwatched(at, outside):
        raise refusals.looking()


def why_nothing_is_sent(lane_id: int) -> str:
    """Return why nothing may be sent on a lane that is STOPPED; in the caller's transaction."""
    return newest.here().why_nothing_is_sent or f"lane {lane_id} is in doubt"


def here(lane_id: int, *, is_left_alone: bool = False) -> list[Stranger]:
    """Return them on the caller's connection, or those that a person said are none of ours."""
    rows = run(
        f"SELECT {_COLUMNS} FROM strangers WHERE lane_id = ? AND is_left_alone = ?"
        " ORDER BY planned_for, made_at, post_id",
        (lane_id, int(is_left_alone)),
    ).fetchall()
    network = lanes.here(lane_id).network
    return [_stranger(network, *row) for row in rows]


def _stranger(
    network: Network,
    lane_id: int,
    post_id: str,
    uuid: str | None,
    media: str,
    planned_for: str | None,
    status: str,
    public_url: str | None,
    made_at: str | None,
    is_left_alone: int,  # noqa: ARG001  # the column that was asked for
) -> Stranger:
    post = Post(
        id=post_id,
        network=network,
        media_urls=tuple(json.loads(media)),
        planned_for=to_instant(planned_for),
        status=PostStatus(status),
        public_url=public_url,
        uuid=uuid,
        created_at=to_instant(made_at),
    )
    return Stranger(lane_id, post)


def keep(lane_id: int, post: Post, at: datetime) -> None:
    """Write a stranger down, as it looks now; in the caller's transaction."""
    values = (
        lane_id,
        name_of(post),
        post.id,
        post.uuid,
        json.dumps(post.media_urls),
        to_text(post.planned_for),
        post.status.value,
        post.public_url,
        to_text(post.created_at),
        to_text(at),
    )
    run(
        "INSERT INTO strangers (lane_id, name, post_id, post_uuid, media, planned_for, status,"
        f" public_url, made_at, found_at) VALUES ({marks(values)})"
        " ON CONFLICT (lane_id, name) DO UPDATE SET post_id = excluded.post_id,"
        " planned_for = excluded.planned_for, status = excluded.status,"
        " public_url = excluded.public_url",
        values,
    )


def forget(stranger: Stranger) -> None:
    """Strike out a stranger that a clip holds now; in the caller's transaction."""
    run("DELETE FROM strangers WHERE lane_id = ? AND name = ?", (stranger.lane_id, stranger.name))


def forget_known(lane_id: int, over: Collection[str] = ()) -> None:
    """Strike out what is no stranger any more; in the caller's transaction.

    Args:
        over: names of posts that cannot be out, nor come out any more.
    """
    found = here(lane_id)
    unknown_still = {name_of(post) for post in _unknown([one.post for one in found])}
    for one in found:
        if one.name in over or one.name not in unknown_still:
            forget(one)


def leave_alone(stranger: Stranger) -> None:
    """Note that a stranger is none of ours; in the caller's transaction."""
    run(
        "UPDATE strangers SET is_left_alone = 1 WHERE lane_id = ? AND name = ?",
        (stranger.lane_id, stranger.name),
    )
