"""Metricool's posts in our words; no input or output here.

Source: Metricool OpenAPI 2026-07, schema ScheduledPost, and answers captured by integrators.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from storyclip.domain.errors import MAX_WORDS, RetrySafety, UpstreamLookFailed
from storyclip.domain.story import Post, PostStatus
from storyclip.upstream.network_errors import classify_network_error
from storyclip.upstream.reading import data_of, id_of, object_of, text_of

DELETED_PAGE = 100


def created_post(answer: Any, network: str) -> Post | None:
    """Return what a create's answer shows, or None without a usable id.

    The id alone is the proof that something was created; the rest is read as far as it goes.
    """
    data = answer.get("data") if isinstance(answer, dict) else None
    if not isinstance(data, dict) or (post_id := id_of(data.get("id"))) is None:
        return None
    media_urls = _media_urls(data) or ()
    try:
        found = _post(data, post_id, data.get("providers"), media_urls, network)
    except UpstreamLookFailed:
        found = None
    date = _instant(data.get("publicationDate"))
    return found or Post(post_id, network, media_urls, date, PostStatus.UNKNOWN)


def one_post(answer: Any, network: str) -> Post:
    """Return the post in the answer to a GET of one.

    Raises:
        UpstreamLookFailed: it cannot be read, or is not for `network`.
    """
    post = data_of(answer, dict)
    media_urls = _media_urls(post) or ()
    found = _post(post, id_of(post.get("id")), post.get("providers"), media_urls, network)
    if found is None:
        raise UpstreamLookFailed(f"the post that Metricool shows is not for {network}")
    return found


def listed_posts(answer: Any, network: str) -> tuple[Post, ...]:
    """Return the posts for `network`.

    Absence is believed from this list, so nothing unreadable in it is passed over.

    Raises:
        UpstreamLookFailed: the list or one of its elements cannot be read.
    """
    posts = (
        _post(post, id_of(post.get("id")), post.get("providers"), _media_urls(post), network)
        for post in map(object_of, data_of(answer, list))
    )
    return tuple(post for post in posts if post is not None)


def deleted_query(page: int) -> dict[str, str]:
    """Return the parameters that ask for one page, from 0, of the latest deletions."""
    return {
        "orderBy": "deletionDate",
        "orderDirection": "desc",
        "page": str(page),
        "pageSize": str(DELETED_PAGE),
        "timezone": "UTC",
    }


def deleted_page(answer: Any, network: str) -> tuple[int, tuple[Post, ...]]:
    """Return how many elements the page has in all, and those for `network`.

    Raises:
        UpstreamLookFailed: the page or one of its elements cannot be read.

    Source: Metricool OpenAPI 2026-07, GET /v2/scheduler/posts/deleted; never seen live.
    """
    elements = data_of(answer, dict).get("elements")
    if not isinstance(elements, list):
        raise UpstreamLookFailed("Metricool's list of deleted posts has no elements")
    posts = (
        _post(post, id_of(post.get("postId")), post.get("networks"), _media_urls(post), network)
        for post in map(object_of, elements)
    )
    return len(elements), tuple(post for post in posts if post is not None)


def _post(
    post: dict[str, Any],
    post_id: str | None,
    providers: Any,
    media_urls: tuple[str, ...] | None,
    network: str,
) -> Post | None:
    """Return the post as far as `network` goes, None if it is for others only."""
    if not isinstance(providers, list):
        raise UpstreamLookFailed("one of Metricool's posts has no readable networks")
    for provider in map(object_of, providers):
        name = text_of(provider.get("network"))
        if name is None:
            raise UpstreamLookFailed("one of Metricool's posts has a network without a name")
        if name.lower() == network.lower():
            break
    else:
        return None
    if post_id is None or media_urls is None:
        unread = "no usable id" if post_id is None else "no readable media"
        raise UpstreamLookFailed(f"one of Metricool's posts for {network} has {unread}")
    status = PostStatus.UNKNOWN if post.get("draft") else _status(provider.get("status"))
    said = text_of(provider.get("detailedStatus")) or ""
    is_error = status is PostStatus.ERROR
    return Post(
        id=post_id,
        network=network,
        media_urls=media_urls,
        planned_for=_instant(post.get("publicationDate")),
        status=status,
        words=said[:MAX_WORDS],
        retry_safety=classify_network_error(said) if is_error else RetrySafety.SAFE,
        network_post_id=text_of(provider.get("id")),
        public_url=text_of(provider.get("publicUrl")),
    )


def _media_urls(post: dict[str, Any]) -> tuple[str, ...] | None:
    """Return the media's URLs, or None when they cannot be read.

    A post may do without media when it has a text. Ours never has one, so a missing list there
    means that Metricool does not show it here, and not that the post is not ours.
    """
    media = post.get("media")
    if media is None and (post.get("text") or post.get("content")):
        return ()
    if not isinstance(media, list):
        return None
    urls = [text_of(each.get("url") if isinstance(each, dict) else each) for each in media]
    return None if None in urls else tuple(url for url in urls if url is not None)


def _status(word: Any) -> PostStatus:
    try:
        return PostStatus(word)
    except ValueError:
        return PostStatus.UNKNOWN


def _instant(date: Any) -> datetime | None:
    """Return their wall time and zone as UTC; of an hour that comes twice, the first."""
    if not isinstance(date, dict):
        return None
    try:
        wall = datetime.fromisoformat(date["dateTime"])
        if wall.tzinfo is None:
            wall = wall.replace(tzinfo=ZoneInfo(date["timezone"]), fold=0)
        return wall.astimezone(UTC)
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError, OSError):
        return None  # OSError: a zone named like a folder
