"""What a POST, PUT or PATCH asks for, read from its JSON and refused as Metricool refuses it."""

import json
from dataclasses import dataclass
from typing import Any

from storyclip.sandbox.refusals import Refused, invalid
from storyclip.sandbox.wall_time import from_wall_time

NETWORKS = frozenset(
    {
        "facebook",
        "instagram",
        "twitter",
        "linkedin",
        "tiktok",
        "youtube",
        "pinterest",
        "threads",
        "bluesky",
        "gmb",
    }
)

# In the order of Metricool's own answers; what a request leaves out comes back like this (§2.5).
_DEFAULTS: dict[str, Any] = {
    "text": "",
    "firstCommentText": "",
    "media": [],
    "mediaAltText": [],
    "autoPublish": False,
    "saveExternalMediaFiles": False,
    "shortener": False,
    "draft": False,
    "facebookData": {},
    "instagramData": {},
    "smartLinkData": {"ids": []},
    "descendants": [],
    "hasNotReadNotes": False,
}
_INSTAGRAM_DEFAULTS: dict[str, Any] = {"tags": [], "carouselTags": {}, "collaborators": []}
_OPTIONAL = (
    "videoCoverMilliseconds",
    "videoThumbnailUrl",
    "location",
    "parentId",
    "targetBrandId",
    "notes",
    "copiedFrom",
    "libraryPostId",
    "performanceDashboardIds",
    "brandName",
    "twitterData",
    "linkedinData",
    "tiktokData",
    "youtubeData",
    "pinterestData",
    "gmbData",
    "threadsData",
    "blueskyData",
)


@dataclass(frozen=True, slots=True)
class Requested:
    networks: list[str]
    planned_ms: int  # as asked, not cut
    zone: str
    fields: dict[str, Any]
    uuid: str | None


def json_object(body: bytes) -> dict[str, Any]:
    """Raises: Refused 400 when the body is not a JSON object."""
    try:
        value = json.loads(body)
    except ValueError as broken:
        raise Refused(400, "Deserialization error", f"JSON parse error: {broken}") from broken
    if not isinstance(value, dict):
        raise Refused(400, "Deserialization error", "a JSON object was expected")
    return value


def read_post(body: dict[str, Any]) -> Requested:
    """A whole ScheduledPost; `uuid` is what the client sent. Source: metricool.md §2.1, §9.

    Raises:
        Refused: 400 for what is missing or of the wrong type or form, 500 InternalError for a
            publicationDate given as a string.
    """
    required = ("publicationDate", "text", "providers")
    missing = {f"body.{name}": "must not be null" for name in required if body.get(name) is None}
    if missing:
        raise invalid(missing)
    if not isinstance(body["text"], str):
        raise Refused(400, "Deserialization error", "text must be a string")
    planned_ms, zone = read_date(body)
    uuid = body.get("uuid")
    return Requested(
        networks=_networks(body["providers"]),
        planned_ms=planned_ms,
        zone=zone,
        fields=fields_of(body),
        uuid=uuid if isinstance(uuid, str) else None,
    )


def read_date(body: dict[str, Any]) -> tuple[int, str]:
    """The wished moment in milliseconds since 1970, and its zone; raises as read_post does."""
    date = body.get("publicationDate")
    if isinstance(date, str):
        raise Refused(500, "InternalError", "Internal server error")
    if not isinstance(date, dict):
        raise invalid({"body.publicationDate": "must not be null"})
    at, zone = date.get("dateTime"), date.get("timezone")
    if not isinstance(at, str) or not isinstance(zone, str):
        raise invalid({"publicationDate": "dateTime and timezone must not be null"})
    return from_wall_time(at, zone, "publicationDate.dateTime"), zone


def _networks(providers: Any) -> list[str]:
    if not isinstance(providers, list) or not providers:
        raise invalid({"body.providers": "must not be empty"})
    networks = []
    for provider in providers:
        if not isinstance(provider, dict) or not isinstance(provider.get("network"), str):
            raise Refused(400, "Deserialization error", "a provider is an object with a network")
        if "status" in provider or "detailedStatus" in provider:
            raise Refused(
                400, "Deserialization error", "Cannot deserialize value of PublicationStatusCode"
            )
        if provider["network"] not in NETWORKS:
            raise Refused(400, "InvalidEnumBaseException", f"Unknown {provider['network']!r}")
        networks.append(provider["network"])
    return networks


def fields_of(body: dict[str, Any]) -> dict[str, Any]:
    """What a post keeps of a body beside date, networks and uuid, with defaults filled in.

    Raises:
        Refused: 400 for what has the wrong type.
    """
    fields = {
        name: default if body.get(name) is None else body[name]
        for name, default in _DEFAULTS.items()
    }
    fields |= {name: body[name] for name in _OPTIONAL if body.get(name) is not None}
    for name in ("media", "mediaAltText", "descendants"):
        if not isinstance(fields[name], list):
            raise Refused(400, "Deserialization error", f"{name} must be an array")
    for name in ("facebookData", "instagramData"):
        if not isinstance(fields[name], dict):
            raise Refused(400, "Deserialization error", f"{name} must be an object")
    # Media given as objects are dropped without a word (§2.1).
    fields["media"] = [url for url in fields["media"] if isinstance(url, str)]
    if not fields["mediaAltText"]:
        fields["mediaAltText"] = [None] * len(fields["media"])
    if fields["instagramData"]:
        fields["instagramData"] = {**_INSTAGRAM_DEFAULTS, **fields["instagramData"]}
    return fields


def hints(body: dict[str, Any]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Networks and media URLs of a POST, as far as a possibly broken body shows them."""
    providers, media = body.get("providers"), body.get("media")
    networks = [p.get("network") for p in _list(providers) if isinstance(p, dict)]
    return (
        tuple(network for network in networks if isinstance(network, str)),
        tuple(url for url in _list(media) if isinstance(url, str)),
    )


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
