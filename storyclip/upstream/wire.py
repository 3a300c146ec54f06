"""Metricool's JSON and our words for it; no input or output here.

Sources: Metricool OpenAPI 2026-07, and answers captured by integrators in 2025-2026.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from storyclip.domain.errors import UpstreamLookFailed
from storyclip.domain.network import Network
from storyclip.domain.story import Brand, Story
from storyclip.upstream.reading import count_of, data_of, id_of, object_of, parsed, text_of
from storyclip.upstream.zoned_time import in_utc

MAX_URL_CHARACTERS = 2000


def story_body(story: Story) -> dict[str, Any]:
    """Return the JSON that has one clip published by Metricool itself, without a phone's help.

    The text stays empty: Instagram refuses a story with text when it is published automatically.
    Media are bare URLs: objects are silently dropped.

    Source: Metricool OpenAPI 2026-07, schema ScheduledPost.
    """
    network_data: dict[str, Any] = {"type": "STORY"}
    if story.network is Network.INSTAGRAM:
        network_data["autoPublish"] = True  # without it: a reminder on somebody's phone
    return {
        "publicationDate": {"dateTime": in_utc(story.planned_for), "timezone": "UTC"},
        "text": "",
        "firstCommentText": "",
        "providers": [{"network": story.network}],
        "media": [story.media_url],
        "mediaAltText": [None],
        "autoPublish": True,
        "draft": False,
        "saveExternalMediaFiles": False,  # true would rewrite the URL we look for
        "shortener": False,
        "smartLinkData": {"ids": []},
        "descendants": [],
        "hasNotReadNotes": False,
        f"{story.network}Data": network_data,
    }


def brands(answer: Any) -> tuple[Brand, ...]:
    """Return the accounts in the answer, without deleted and demo ones.

    Raises:
        UpstreamLookFailed: it is no array, or one of its elements cannot be read.

    Source: Metricool OpenAPI 2026-07, GET /admin/simpleProfiles (a bare array).
    """
    if not isinstance(answer, list):
        raise UpstreamLookFailed("Metricool's list of accounts is no list")
    found = []
    for element in answer:
        brand_id = id_of(object_of(element).get("id"))
        if brand_id is None:
            raise UpstreamLookFailed("one of Metricool's accounts has no usable id")
        if element.get("deleted") or element.get("isDemo"):
            continue
        found.append(
            Brand(
                id=brand_id,
                label=text_of(element.get("label")) or brand_id,
                timezone=text_of(element.get("timezone")) or "UTC",
                facebook=_name_there(element, Network.FACEBOOK),
                instagram=_name_there(element, Network.INSTAGRAM),
                picture=text_of(element.get("picture")),
            )
        )
    return tuple(found)


def _name_there(profile: dict[str, Any], network: Network) -> str | None:
    """Return what a connected network calls the account, the account's own name where that is none.

    A field that is filled means that it is connected, whatever it says.
    """
    said = profile.get(network)
    if not said:
        return None
    return text_of(said) or text_of(profile.get("label")) or id_of(profile.get("id"))


def month_count(answer: Any, account_id: str) -> int | None:
    """Return how many posts the account published this month; None when the answer does not say.

    It is a number for the account that was asked for, or one for each account by its id.

    Raises:
        UpstreamLookFailed: it is no answer.

    Source: Metricool OpenAPI 2026-07, GET /v2/scheduler/counters; never seen live.
    """
    count = data_of(answer, dict).get("monthPublishedPostsByBrand")
    if isinstance(count, dict):
        count = count.get(account_id)
    return count_of(count)


def media_url(body: bytes) -> str | None:
    """Return the URL that Metricool gave a file, or None when the answer holds none.

    It comes as plain text, at times in quotes; JSON objects were told of.
    """
    try:
        text = body.decode("utf-8-sig").strip()
    except UnicodeDecodeError:
        return None
    value = parsed(body)
    if isinstance(value, dict):
        value = next((value[k] for k in ("data", "url", "normalizedUrl") if value.get(k)), "")
    url = value.strip() if isinstance(value, str) else text.strip("\"' \r\n\t")
    return url if is_url(url) else None


def is_url(text: str) -> bool:
    """Return whether a text can be the URL of a file."""
    if len(text) > MAX_URL_CHARACTERS or not text.isprintable() or any(map(str.isspace, text)):
        return False
    try:
        parts = urlsplit(text)
        return parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        return False
