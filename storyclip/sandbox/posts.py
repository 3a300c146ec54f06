"""A post and its networks: what is known of them, and how the ledger keeps it."""

from dataclasses import dataclass, field, fields
from typing import Any, Literal

from storyclip.sandbox.brands import Brand
from storyclip.sandbox.faults import Subject
from storyclip.sandbox.ledger import Line, fact

By = Literal["api", "person"]

SETTLED = ("PUBLISHED", "ERROR")


@dataclass(slots=True)
class Provider:
    """One network of a post: its status, and the one it is going to have."""

    network: str
    status: str = "PENDING"
    detailed_status: str = "Pending"
    ending: str | None = "PUBLISHED"  # None: never leaves PENDING
    ending_words: str = "Published"
    live_anyhow: bool = False  # ends ERROR, and yet the network has it
    hold_ms: int = 0  # stays PUBLISHING this much longer
    next_at_ms: int | None = None  # when its status changes next
    network_id: str | None = None
    public_url: str | None = None


@dataclass(slots=True)
class Post:
    id: int
    uuid: str
    account: str
    fields: dict[str, Any]  # as sent, with defaults filled in; never changed in place
    providers: list[Provider]
    zone: str
    planned_ms: int  # already cut to the date step
    created_ms: int
    sources: list[str] = field(default_factory=list)  # original URLs of its media
    sent_media: list[str] = field(default_factory=list)  # as the API got them, whatever is shown
    listed_media: list[str] | None = None  # as lists alone show them
    listed_from_ms: int = 0
    found_from_ms: int = 0
    deleted_ms: int | None = None
    too_late: bool = False  # deleted when a network was at it already: it goes on
    replaces: int | None = None  # the id it had before a PUT
    number: int = 0  # counts every post ever made; ids and uuids come from it, but ids come again
    made_by: By = "api"  # who made the first version
    restored_by: By | None = None

    @property
    def networks(self) -> tuple[str, ...]:
        return tuple(provider.network for provider in self.providers)

    def subject(self, call: str = "create") -> Subject:
        return Subject(self.account, self.networks, (*self.sources, *self.sent_media), call)

    @property
    def media(self) -> str | None:
        """The URL that its maker sent, which is what a judge knows the clip by."""
        return self.sent_media[0] if self.sent_media else None

    @property
    def shown_media(self) -> list[str]:
        return self.fields.get("media") or []

    def is_story(self, network: str) -> bool:
        return bool(self.fields.get(f"{network}Data", {}).get("type") == "STORY")

    def publishes_by_itself(self, network: str) -> bool:
        """No draft and no phone reminder; an Instagram story needs its own autoPublish (§2.3)."""
        if self.fields["draft"] or not self.fields["autoPublish"]:
            return False
        if network == "instagram" and self.is_story(network):
            return self.fields["instagramData"].get("autoPublish") is True
        return self.fields.get(f"{network}Data", {}).get("autoPublish") is not False

    def fact(
        self, event: str, network: str | None, detail: str | None = None, by: By | None = None
    ) -> Line:
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
            by=by,
            made_by=self.made_by,
            restored_by=self.restored_by,
        )


def mark_published(post: Post, provider: Provider, brand: Brand) -> None:
    """PUBLISHED, with an id and address that a restarted sandbox gives again."""
    provider.status = "PUBLISHED"
    provider.detailed_status = "Published"
    provider.next_at_ms = None
    if provider.network == "instagram":
        provider.network_id = f"1798{post.number:013d}"
        provider.public_url = (
            f"https://www.instagram.com/stories/{brand.handle}/{provider.network_id}/"
        )
    else:
        provider.network_id = f"{brand.page_id}_{post.number}"
        provider.public_url = f"https://facebook.com/{brand.page_id}/posts/{post.number}"


def mark_failed(provider: Provider, words: str) -> None:
    provider.status, provider.detailed_status = "ERROR", words
    provider.next_at_ms = provider.network_id = provider.public_url = None


def to_snapshot(post: Post) -> dict[str, Any]:
    """What is worth knowing about a post, for its ledger line: all that is not as usual."""
    snapshot = _unusual(post, _USUAL_POST)
    snapshot["providers"] = [_unusual(provider, _USUAL_PROVIDER) for provider in post.providers]
    return snapshot


def from_snapshot(snapshot: dict[str, Any]) -> Post:
    providers = [Provider(**provider) for provider in snapshot["providers"]]
    return Post(**{**snapshot, "providers": providers})


def _unusual(thing: Post | Provider, usual: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name in usual if (value := getattr(thing, name)) != usual[name]}


_USUAL_POST = {one.name: one.default for one in fields(Post)}
_USUAL_PROVIDER = {one.name: one.default for one in fields(Provider)}
