"""The lists of Metricool's posts, and how far each may be believed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from storyclip.domain.budget import Purpose
from storyclip.domain.changing import replace
from storyclip.domain.errors import UpstreamLookTooLarge
from storyclip.domain.network import Network
from storyclip.domain.story import Look, Post
from storyclip.upstream import posts, words
from storyclip.upstream.caller import Caller
from storyclip.upstream.exchange import Answer
from storyclip.upstream.read_before import reader
from storyclip.upstream.zoned_time import in_utc

MAX_LIST_BYTES = 16 << 20  # some ten thousand posts; a list of accounts was seen to have 5 MB
LEAST_WINDOW = timedelta(days=1)  # a longer one is halved when its list is too large
LEAST_PAGE = timedelta(minutes=1)  # Metricool's dates are whole minutes: nothing to halve below
MAX_SPLITS = 30  # of one look for its pages
SECOND = timedelta(seconds=1)  # a list has both of its ends
MAX_DELETED_PAGES = 10


def posts_between(
    calls: Caller,
    account_id: str,
    network: Network,
    start: datetime,
    end: datetime,
    over_at: float | None = None,
    splits: Iterator[int] | None = None,
) -> Look:
    """Return all posts dated from `start` to `end`; a list that is too large in two halves.

    One that has further pages as well: how those are asked for, nobody knows.

    Args:
        over_at: when all of it is over, in seconds of the caller's clock; None: as for one list.
        splits: shared by all parts of one look, which are no more once it is at its end.

    Raises:
        UpstreamDenied, UpstreamBusy, UpstreamUnreachable, UpstreamLookFailed
    """
    over_at = calls.over_at() if over_at is None else over_at
    splits = iter(range(MAX_SPLITS)) if splits is None else splits
    query = {
        "start": in_utc(start),
        "end": in_utc(end),
        "timezone": "UTC",
        "extendedRange": "false",  # true answers more days than it says: nothing to halve
    }
    try:
        answer = listed(calls, "/v2/scheduler/posts", account_id, query, over_at)
    except UpstreamLookTooLarge:
        if end - start <= LEAST_WINDOW:
            raise
        middle = start + (end - start) / 2
        first = posts_between(calls, account_id, network, start, middle, over_at, splits)
        second = posts_between(calls, account_id, network, middle, end, over_at, splits)
        return _joined(first, second)
    shown = _list_in(answer.body, network)
    page = Look(shown.posts, words.upstream_now(answer.headers), shown.is_whole)
    if not shown.goes_on or end - start <= LEAST_PAGE or next(splits, None) is None:
        return page
    until = _end_of(page, start, end)
    first = posts_between(calls, account_id, network, start, until, over_at, splits)
    after = until + SECOND
    return _joined(first, posts_between(calls, account_id, network, after, end, over_at, splits))


def _end_of(page: Look, start: datetime, end: datetime) -> datetime:
    """Return up to when a page may show everything: its last date, if it goes by date."""
    dates = [post.planned_for for post in page.posts if post.planned_for is not None]
    last = max(dates, default=end)
    until = last if start <= last < end else start + (end - start) / 2
    return until.replace(microsecond=0)  # as it is asked for


def _joined(first: Look, second: Look) -> Look:
    """Return two parts as one look: as old as the first, and whole if both are."""
    by_id = {post.id: post for post in (*first.posts, *second.posts)}
    upstream_now = first.upstream_now if second.upstream_now is not None else None
    return Look(tuple(by_id.values()), upstream_now, first.is_whole and second.is_whole)


def deleted_posts(calls: Caller, account_id: str, network: Network) -> Look:
    """Return the posts that somebody deleted; only the first pages of very many.

    Raises:
        UpstreamDenied, UpstreamBusy, UpstreamUnreachable, UpstreamLookFailed
    """
    found, shown, is_whole = list[Post](), set[str](), True
    began_at, over_at = None, calls.over_at()
    for number in range(MAX_DELETED_PAGES):
        query = posts.deleted_query(number)
        answer = listed(calls, "/v2/scheduler/posts/deleted", account_id, query, over_at)
        upstream_now = words.upstream_now(answer.headers)
        began_at = began_at if number else upstream_now
        page = _page_in(answer.body, network)
        found += (_deleted_by(post, upstream_now) for post in page.posts)
        before = len(shown)
        shown |= page.shown
        is_whole = is_whole and page.is_whole
        if page.is_end(len(shown), before):
            return Look(tuple(found), began_at, is_whole)
        if not page.size:
            break
    return Look(tuple(found), began_at, is_whole=False)


def _deleted_by(post: Post, upstream_now: datetime | None) -> Post:
    """Return a deleted post with the latest moment at which it can have been deleted."""
    moments = [at for at in (post.deleted_at, upstream_now) if at is not None]
    return replace(post, deleted_at=min(moments, default=None))


def listed(
    calls: Caller,
    path: str,
    account_id: str | None,
    query: Mapping[str, str] | None = None,
    over_at: float | None = None,
    purpose: Purpose = Purpose.LOOK,
) -> Answer:
    """Return an answer that may be long.

    Raises:
        UpstreamDenied, UpstreamBusy, UpstreamUnreachable, UpstreamLookFailed
        UpstreamLookTooLarge: it is too long even for a list.
    """
    request = calls.request("GET", path, account_id, query, max_answer_bytes=MAX_LIST_BYTES)
    return calls.look(request, over_at, purpose=purpose)


_list_in = reader(posts.listed_posts)
_page_in = reader(posts.deleted_page)
