"""A post and its networks: what is known of them, and the shapes Metricool shows them in."""

from dataclasses import dataclass, field, fields
from typing import Any

from storyclip.sandbox.brands import Brand
from storyclip.sandbox.ledger import Line, fact
from storyclip.sandbox.wall_time import to_wall_time

SETTLED = ("PUBLISHED", "ERROR")


@dataclass(slots=True)
class Provider:
    """One network of a post: its status, and the one it is going to have."""

    network: str
    status: str = "PENDING"
    detailed_status: str = "Pending"
    ending: str | None = "PUBLISHED"  # None: never leaves PENDING
    ending_words: str = "Published"
    hold_ms: int = 0  # stays PUBLISHING this much longer
    next_at_ms: int | None = None  # when its status changes next
    network_id: str | None = None
    public_url: str | None = None


@dataclass(slots=True)
class Post:
    id: int
    uuid: str
    account: str
    fields: dict[str, Any]  # as sent, with defaults filled in
    providers: list[Provider]
    zone: str
    planned_ms: int  # already cut to the date step
    created_ms: int
    sources: list[str] = field(default_factory=list)  # original URLs of its media
    listed_from_ms: int = 0
    found_from_ms: int = 0
    deleted_ms: int | None = None
    replaces: int | None = None  # the id it had before a PUT

    @property
    def media(self) -> str | None:
        return self.fields["media"][0] if self.fields["media"] else None

    def is_story(self, network: str) -> bool:
        return bool(self.fields.get(f"{network}Data", {}).get("type") == "STORY")

    def publishes_by_itself(self, network: str) -> bool:
        """No draft and no phone reminder; an Instagram story needs its own autoPublish (§2.3)."""
        if self.fields["draft"] or not self.fields["autoPublish"]:
            return False
        if network == "instagram" and self.is_story(network):
            return self.fields["instagramData"].get("autoPublish") is True
        return self.fields.get(f"{network}Data", {}).get("autoPublish") is not False

    def fact(self, event: str, network: str | None, detail: str | None = None) -> Line:
        return fact(
            event,
            self.account,
            network,
            media=self.media,
            source=self.sources[0] if self.sources else None,
            post_id=self.id,
            uuid=self.uuid,
            planned_for_ms=self.planned_ms,
            detail=detail,
        )


@dataclass(slots=True)
class Forced:
    """What a control call makes of a post; None leaves a thing as it is."""

    status: str | None = None
    words: str | None = None
    planned_ms: int | None = None
    network: str | None = None  # None: every network of the post


def mark_published(post: Post, provider: Provider, brand: Brand) -> None:
    """PUBLISHED, with an id and address that a restarted sandbox gives again."""
    provider.status = "PUBLISHED"
    provider.detailed_status = "Published"
    provider.next_at_ms = None
    if provider.network == "instagram":
        provider.network_id = f"1798{post.id:013d}"
        provider.public_url = (
            f"https://www.instagram.com/stories/{brand.handle}/{provider.network_id}/"
        )
    else:
        provider.network_id = f"{brand.page_id}_{post.id}"
        provider.public_url = f"https://facebook.com/{brand.page_id}/posts/{post.id}"


def shown(post: Post, user_id: int) -> dict[str, Any]:
    """A ScheduledPost as POST, GET and lists answer it. Source: metricool.md §2.5."""
    created_ms = post.created_ms - post.created_ms % 60_000  # its seconds come back 00
    return {
        "id": post.id,
        "publicationDate": _date(post.planned_ms, post.zone),
        "creationDate": _date(created_ms, post.zone),
        **post.fields,
        "providers": [_provider_shown(provider) for provider in post.providers],
        "uuid": post.uuid,
        "creatorUserMail": "owner@example.test",
        "creatorUserId": user_id,
    }


def shown_deleted(post: Post, zone: str) -> dict[str, Any]:
    """An element of the deleted list; its media are objects. Source: metricool.md §3.6."""
    return {
        "postUuid": post.uuid,
        "postId": post.id,
        "content": post.fields["text"],
        "networks": [_provider_shown(provider) for provider in post.providers],
        "creationDate": _date(post.created_ms, zone),
        "publicationDate": _date(post.planned_ms, zone),
        "createdByUserName": "owner@example.test",
        "deletionDate": _date(post.deleted_ms or 0, zone),
        "media": [{"url": url, "altText": None} for url in post.fields["media"]],
        "draft": post.fields["draft"],
    }


def to_snapshot(post: Post) -> dict[str, Any]:
    """What is worth knowing about a post, for its ledger line: all that is not as usual."""
    snapshot = _unusual(post, _USUAL_POST)
    snapshot["providers"] = [_unusual(provider, _USUAL_PROVIDER) for provider in post.providers]
    return snapshot


def from_snapshot(snapshot: dict[str, Any]) -> Post:
    providers = [Provider(**provider) for provider in snapshot["providers"]]
    return Post(**{**snapshot, "providers": providers})


def _provider_shown(provider: Provider) -> dict[str, Any]:
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


def _unusual(thing: Post | Provider, usual: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name in usual if (value := getattr(thing, name)) != usual[name]}


def _date(at_ms: int, zone: str) -> dict[str, str]:
    return {"dateTime": to_wall_time(at_ms, zone), "timezone": zone}


_USUAL_POST = {one.name: one.default for one in fields(Post)}
_USUAL_PROVIDER = {one.name: one.default for one in fields(Provider)}
