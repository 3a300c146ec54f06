"""The shapes that Metricool shows its posts in."""

from typing import Any

from storyclip.sandbox.posts import Post, Provider
from storyclip.sandbox.wall_time import to_wall_time


def shown(post: Post, user_id: int, zone: str, skew_ms: int) -> dict[str, Any]:
    """A ScheduledPost as POST, GET and lists answer it. Source: metricool.md §2.5."""
    created_ms = post.created_ms + skew_ms
    created_ms -= created_ms % 60_000  # its seconds come back 00
    return {
        "id": post.id,
        "publicationDate": _date(post.planned_ms, zone),
        "creationDate": _date(created_ms, zone),
        **post.fields,
        "providers": _providers(post),
        "uuid": post.uuid,
        "creatorUserMail": "owner@example.test",
        "creatorUserId": user_id,
    }


def shown_deleted(post: Post, zone: str, skew_ms: int) -> dict[str, Any]:
    """An element of the deleted list; its media are objects. Source: metricool.md §3.6."""
    return {
        "postUuid": post.uuid,
        "postId": post.id,
        "content": post.fields["text"],
        "networks": _providers(post),
        "creationDate": _date(post.created_ms + skew_ms, zone),
        "publicationDate": _date(post.planned_ms, zone),
        "createdByUserName": "owner@example.test",
        "deletionDate": _date((post.deleted_ms or 0) + skew_ms, zone),
        "media": [{"url": url, "altText": None} for url in post.listed_media or post.shown_media],
        "draft": post.fields["draft"],
    }


def _providers(post: Post) -> list[dict[str, Any]] | None:
    """One row a network; null for a post that was begun and has none yet."""
    return [_provider(provider) for provider in post.providers] or None


def _provider(provider: Provider) -> dict[str, Any]:
    answer = {
        "network": provider.network,
        "status": provider.status,
        "detailedStatus": provider.detailed_status,
    }
    if provider.network_id is not None:
        answer["id"] = provider.network_id
    if provider.public_url is not None:
        answer["publicUrl"] = provider.public_url
    return answer


def _date(at_ms: int, zone: str) -> dict[str, str]:
    return {"dateTime": to_wall_time(at_ms, zone), "timezone": zone}
