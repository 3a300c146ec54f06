"""Metricool's posts in our words; no input or output here.

Source: Metricool OpenAPI 2026-07, schema ScheduledPost, and answers captured by integrators.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

from storyclip.domain.changing import maker
from storyclip.domain.errors import MAX_WORDS, RetrySafety, UpstreamLookFailed
from storyclip.domain.network import Network
from storyclip.domain.story import Post, PostStatus
from storyclip.upstream.network_errors import classify_network_error
from storyclip.upstream.reading import count_of, data_of, goes_on, id_of, text_of
from storyclip.upstream.zoned_time import reading_of, readings_of

DELETED_PAGE = 1000  # the most that the schema allows
MAX_UUID_CHARACTERS = 64  # theirs have 20 today; what is longer is none


_ENDINGS = {PostStatus.PUBLISHED: 0, PostStatus.ERROR: 2}  # 1 is none


class _Names(NamedTuple):
    id: str
    uuid: str
    providers: str


_made = maker(Post)
_STATUSES = {status.value: status for status in PostStatus}

_SCHEDULED = _Names("id", "uuid", "providers")
_DELETED = _Names("postId", "postUuid", "networks")


@dataclass(frozen=True, slots=True)
class Listed:
    """The posts for one network; `is_whole` if none of ours can hide in what was not read.

    `goes_on`: it says that there is more, and shows something: what is asked for in parts shows it.
    """

    posts: tuple[Post, ...]
    is_whole: bool
    goes_on: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DeletedPage(Listed):
    """One page of the deleted posts; `shown` are the ids of all its elements."""

    shown: frozenset[str]
    size: int
    total: int | None  # elements of all pages together, if Metricool says so

    def is_end(self, shown: int, before: int) -> bool:
        """Return whether `shown` different posts, on this page and before, are all there are.

        Pages may be shorter than was asked for: without a total, one without news is the end.
        """
        return shown == before if self.total is None else shown >= self.total


def created_post(answer: Any, network: Network) -> Post | None:
    """Return what a create's answer shows, or None without a usable id.

    The id alone is the proof that something was created; the rest is read as far as it goes.
    """
    data = answer.get("data") if isinstance(answer, dict) else None
    if not isinstance(data, dict) or (post_id := id_of(data.get("id"))) is None:
        return None
    provider = _provider_for(network, data.get("providers"))[0] or {}
    return _post(data, _SCHEDULED, post_id, network, provider, _media_urls(data)[0])


def one_post(answer: Any, network: Network) -> Post | None:
    """Return the post in the answer to a GET of one, None if there is none for `network`.

    Raises:
        UpstreamLookFailed: it cannot be read.
    """
    if isinstance(answer, dict) and answer.get("data", "") in (None, {}):
        return None
    post, is_read = _read(data_of(answer, dict), _SCHEDULED, network)
    if post is None and not is_read:
        raise UpstreamLookFailed("the post that Metricool shows cannot be read")
    return post


def listed_posts(answer: Any, network: Network) -> Listed:
    """Return the posts for `network`.

    Raises:
        UpstreamLookFailed: there is no list.
    """
    elements = data_of(answer, list)
    listed, is_page = _listed(elements, _SCHEDULED, network), goes_on(answer)
    return Listed(listed.posts, listed.is_whole and not is_page, is_page and bool(elements))


def deleted_query(page: int) -> dict[str, str]:
    """Return the parameters that ask for one page, from 0, of the latest deletions."""
    return {
        "orderBy": "deletionDate",
        "orderDirection": "desc",
        "page": str(page),
        "pageSize": str(DELETED_PAGE),
        "timezone": "UTC",
    }


def deleted_page(answer: Any, network: Network) -> DeletedPage:
    """Return one page, with those of its elements that are for `network`.

    Raises:
        UpstreamLookFailed: there is no page.

    Source: Metricool OpenAPI 2026-07, GET /v2/scheduler/posts/deleted; never seen live.
    """
    page = data_of(answer, dict)
    elements = page.get("elements")
    if not isinstance(elements, list):
        raise UpstreamLookFailed("Metricool's list of deleted posts has no elements")
    listed = _listed(elements, _DELETED, network)
    ids = (id_of(each.get(_DELETED.id)) for each in elements if isinstance(each, dict))
    return DeletedPage(
        listed.posts,
        listed.is_whole,
        shown=frozenset(each for each in ids if each is not None),
        size=len(elements),
        total=count_of(page.get("totalElements")),
    )


def _listed(elements: list[Any], names: _Names, network: Network) -> Listed:
    read = [_read(each, names, network) for each in elements]
    return Listed(
        tuple(post for post, _ in read if post is not None), all(is_read for _, is_read in read)
    )


def _read(element: Any, names: _Names, network: Network) -> tuple[Post | None, bool]:
    """Return the post if it is for `network`, and False if it could be ours without our seeing it.

    What a person keeps as an empty draft is not ours. Neither is what is for no network and shows
    nothing; with media it is one whose account was disconnected since, for all that is known.
    """
    if not isinstance(element, dict):
        return None, False
    is_draft, providers = bool(element.get("draft")), element.get(names.providers)
    media_urls, is_read = _media_urls(element)
    provider, are_named = _provider_for(network, providers)
    if providers in (None, []) and (is_draft or names.providers in element):
        if is_draft or not media_urls:
            return None, True
        provider = {}
    if provider is None:
        return None, are_named
    post_id = id_of(element.get(names.id))
    if post_id is None:
        return None, is_draft and is_read and not media_urls
    return _post(element, names, post_id, network, provider, media_urls), is_read


def _provider_for(network: Network, providers: Any) -> tuple[dict[str, Any] | None, bool]:
    """Return the post's part for the network, and whether all of its networks have names.

    Of several parts for one network it is what is out, else what may come out.
    """
    if not isinstance(providers, list):
        return None, False
    named = [
        (name.lower(), each)
        for each in providers
        if isinstance(each, dict) and (name := text_of(each.get("network"))) is not None
    ]
    same = [each for name, each in named if name == network.lower()]
    found = min(same, key=lambda each: _ENDINGS.get(_status(each.get("status")), 1), default=None)
    return found, len(named) == len(providers)


def _post(
    element: dict[str, Any],
    names: _Names,
    post_id: str,
    network: Network,
    provider: dict[str, Any],
    media_urls: tuple[str, ...],
) -> Post:
    is_draft = bool(element.get("draft"))
    status = _status(provider.get("status"))
    if is_draft and status is not PostStatus.PUBLISHED:
        status = PostStatus.UNKNOWN  # drafts are shown as PENDING
    said = text_of(provider.get("detailedStatus")) or ""
    planned_for, other_reading = readings_of(element.get("publicationDate"))
    is_error = status is PostStatus.ERROR
    uuid = text_of(element.get(names.uuid))
    return _made(
        id=post_id,
        network=network,
        media_urls=media_urls,
        planned_for=planned_for,
        status=status,
        words=said[:MAX_WORDS],
        retry_safety=classify_network_error(said) if is_error else RetrySafety.SAFE,
        network_post_id=text_of(provider.get("id")),
        public_url=text_of(provider.get("publicUrl")),
        uuid=uuid if uuid is not None and len(uuid) <= MAX_UUID_CHARACTERS else None,
        created_at=reading_of(element.get("creationDate")),
        deleted_at=max(filter(None, readings_of(element.get("deletionDate"))), default=None),
        other_reading=other_reading,
        is_draft=is_draft,
        is_story=_is_story(element.get(f"{network.lower()}Data")),
    )


def _is_story(network_data: Any) -> bool | None:
    kind = network_data.get("type") if isinstance(network_data, dict) else None
    return None if text_of(kind) is None else kind == "STORY"


def _media_urls(element: dict[str, Any]) -> tuple[tuple[str, ...], bool]:
    """Return the media's URLs, and whether these are all.

    A post may do without media when it has a text or is a draft. Ours is neither, so a missing
    list there means that Metricool does not show it here, and not that the post is not ours.
    """
    media = element.get("media")
    if media is None:
        return (), bool(element.get("draft") or element.get("text") or element.get("content"))
    if not isinstance(media, list):
        return (), False
    urls = [text_of(each.get("url") if isinstance(each, dict) else each) for each in media]
    return tuple(url for url in urls if url is not None), None not in urls


def _status(word: Any) -> PostStatus:
    return _STATUSES.get(word, PostStatus.UNKNOWN) if isinstance(word, str) else PostStatus.UNKNOWN
