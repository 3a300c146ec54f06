"""What people do in Metricool's planner, with the service's posts and with their own.

Each act happens at the clock's time, after what was due by then, and is in the ledger with
`"by": "person"`. A test or a simulation calls these functions; over HTTP they are `POST
/control/people/ACT`. Faults are for the service's posts, edited or not, never for a person's own.

All of them raise Refused where the planner would say no: an id that is gone, a date that is past.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from storyclip.sandbox.posts import SETTLED, Post
from storyclip.sandbox.refusals import invalid
from storyclip.sandbox.requested import Requested, fields_of
from storyclip.sandbox.service import Sandbox

MINUTE_MS = 60_000
OWN_MEDIA = "https://static.metricool.com/planner/{month}/{account}-file-{number}.mp4"


def edit(
    sandbox: Sandbox,
    post_id: int,
    *,
    planned_ms: int | None = None,
    fields: Mapping[str, Any] | None = None,
) -> Post:
    """Save a post from its form: a new id, the same uuid (§3.4); any field, any date.

    Raises:
        Refused: also 400 once a network is at it or has it.
    """
    now_ms = sandbox.catch_up()
    old = sandbox.world.shelf.find(None, post_id)
    if any(provider.status in ("PUBLISHING", "PUBLISHED") for provider in old.providers):
        raise invalid(f"Post {post_id} is out already")
    asked = _again(old, planned_ms, fields)
    answer = sandbox.world.put(old.account, post_id, asked, now_ms, by="person")
    return sandbox.world.shelf.find(None, answer["id"])


def move(sandbox: Sandbox, post_id: int, planned_ms: int) -> Post:
    """Drag a post to another date: the id stays [G] (§3.5)."""
    now_ms = sandbox.catch_up()
    post = sandbox.world.shelf.find(None, post_id)
    sandbox.world.move(post.account, post_id, planned_ms, post.zone, now_ms, by="person")
    return post


def delete(sandbox: Sandbox, post_id: int) -> Post:
    now_ms = sandbox.catch_up()
    post = sandbox.world.shelf.find(None, post_id)
    sandbox.world.delete(post.account, post_id, now_ms, by="person")
    return post


def restore(sandbox: Sandbox, account: str, post_id: int) -> Post:
    """Bring back the last deleted post of this id; under a new one if that is taken by now."""
    return sandbox.world.restore(account, post_id, sandbox.catch_up(), by="person")


def copy(sandbox: Sandbox, post_id: int, *, planned_ms: int | None = None) -> Post:
    """Duplicate a post: new id, new uuid, the same media, maybe another date."""
    now_ms = sandbox.catch_up()
    old = sandbox.world.shelf.find(None, post_id)
    answer = sandbox.world.create(old.account, _again(old, planned_ms, None), now_ms, by="person")
    return sandbox.world.shelf.find(None, answer["id"])


def vanish(sandbox: Sandbox, post_id: int) -> None:
    """An edit that goes wrong: the post is gone, and not among the deleted (§3.4 [S])."""
    sandbox.world.vanish(post_id, sandbox.catch_up())


def make(
    sandbox: Sandbox,
    account: str,
    network: str,
    planned_ms: int,
    *,
    media: Sequence[str] | None = None,
    post_id: int | None = None,
    fields: Mapping[str, Any] | None = None,
) -> Post:
    """A story of a person's own: any minute, any media, one of their own unless given.

    `post_id` is an id that this brand set free by an edit or a deletion (§3.4). `fields` are over
    those of a story: {"media": None} for a post with null media, {"draft": True} for a draft.

    Raises:
        ValueError: `post_id` is not free.
    """
    now_ms = sandbox.catch_up()
    if post_id is not None and not sandbox.world.shelf.is_free(account, post_id):
        raise ValueError(f"{post_id} is no id that brand {account} has set free")
    body = _story_of(sandbox, account, network, media, now_ms)
    asked = Requested(
        networks=[network],
        planned_ms=planned_ms,
        zone=sandbox.world.brands[account].zone,
        fields={**fields_of(body), **(fields or {})},
        uuid=None,
    )
    answer = sandbox.world.create(account, asked, now_ms, by="person", post_id=post_id)
    return sandbox.world.shelf.find(None, answer["id"])


def begin_draft(sandbox: Sandbox, account: str, planned_ms: int) -> Post:
    """A draft that somebody has just begun: text "", no media at all, providers null (§9)."""
    fields = fields_of({"text": "", "draft": True})
    del fields["media"], fields["mediaAltText"]
    zone = sandbox.world.brands[account].zone
    asked = Requested([], planned_ms, zone, fields, uuid=None)
    answer = sandbox.world.create(account, asked, sandbox.catch_up(), by="person")
    return sandbox.world.shelf.find(None, answer["id"])


def fill(sandbox: Sandbox, account: str, network: str, count: int, first_ms: int) -> list[Post]:
    """`count` drafts, a minute apart: they never go out, but every list has them."""
    return [
        make(sandbox, account, network, first_ms + n * MINUTE_MS, fields={"draft": True})
        for n in range(count)
    ]


def waiting(sandbox: Sandbox, account: str) -> list[Post]:
    """The posts of a brand that a person could still edit, by date."""
    posts = [
        post
        for post in sandbox.world.shelf.of(account)
        if not any(one.status in (*SETTLED, "PUBLISHING") for one in post.providers)
    ]
    return sorted(posts, key=lambda post: (post.planned_ms, post.id))


def _again(post: Post, planned_ms: int | None, fields: Mapping[str, Any] | None) -> Requested:
    return Requested(
        networks=list(post.networks),
        planned_ms=post.planned_ms if planned_ms is None else planned_ms,
        zone=post.zone,
        fields={**post.fields, **(fields or {})},
        uuid=None,
    )


def _story_of(
    sandbox: Sandbox, account: str, network: str, media: Sequence[str] | None, now_ms: int
) -> dict[str, Any]:
    if media is None:
        month = datetime.fromtimestamp(now_ms // 1000, UTC).strftime("%Y%m")
        number = sandbox.world.known.last_number + 1
        media = [OWN_MEDIA.format(month=month, account=account, number=number)]
    data = {"type": "STORY", "autoPublish": True} if network == "instagram" else {"type": "STORY"}
    return {
        "text": "",
        "media": list(media),
        "autoPublish": True,
        f"{network}Data": data,
    }
