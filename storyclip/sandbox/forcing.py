"""`POST /control/posts/ID`: make of a post what a test wants."""

from dataclasses import dataclass

from storyclip.sandbox.posts import Post
from storyclip.sandbox.world import World


@dataclass(slots=True)
class Forced:
    """What becomes of a post; None leaves a thing as it is."""

    status: str | None = None
    words: str | None = None
    planned_ms: int | None = None
    network: str | None = None  # None: every network of the post


def force(world: World, post_id: int, forced: Forced, now_ms: int) -> Post:
    """A forced status stays, and a published one is on record like any other.

    Raises:
        Gone: there is no such post.
    """
    post = world.shelf.find(None, post_id)
    if forced.planned_ms is not None:
        post.planned_ms = forced.planned_ms
        world.publisher.schedule(post, now_ms)
    for provider in post.providers:
        if forced.network is not None and provider.network != forced.network:
            continue
        if forced.status is not None:
            words = forced.words or forced.status
            world.publisher.end(post, provider, forced.status, words, now_ms)
        if forced.words is not None:
            provider.detailed_status = forced.words
    world.changed(post, "forced", now_ms, None)
    return post
