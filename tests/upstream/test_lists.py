from __future__ import annotations

import itertools
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from storyclip.domain.errors import UpstreamLookFailed, UpstreamLookTooLarge
from storyclip.domain.network import Network
from storyclip.domain.story import Look
from storyclip.upstream import lists
from storyclip.upstream.exchange import Answer, AnswerTooLarge, Request
from storyclip.upstream.metricool import Metricool
from tests.upstream.conftest import (
    MEDIA,
    Behaviour,
    RawServer,
    answer,
    element,
    metricool_at,
    says,
)

NOON = datetime(2026, 11, 24, 5, tzinfo=UTC)  # what the servers here say that it is
START = datetime(2026, 11, 20, tzinfo=UTC)
FOUR_DAYS = START, START + timedelta(days=4)
TOO_LARGE = says(b"[" + b" " * lists.MAX_LIST_BYTES)


def looked(server: RawServer, start: datetime = START, end: datetime = FOUR_DAYS[1]) -> Look:
    return metricool_at(server).posts_between("42", Network.INSTAGRAM, start, end)


def windows(server: RawServer) -> list[tuple[str, str]]:
    queries = [parse_qs(urlsplit(each.split()[1].decode()).query) for each in server.requests]
    return [(query["start"][0], query["end"][0]) for query in queries]


def test_a_list_says_what_time_it_is_and_that_it_is_whole(serve):
    look = looked(serve(says({"data": [element()]})))

    assert look.upstream_now == NOON
    assert look.is_whole
    assert [post.id for post in look.posts] == ["310000001"]


@pytest.mark.parametrize("headers", ["", "Date: soon\r\n"])
def test_without_metricools_clock_a_post_is_found_all_the_same(headers, serve):
    look = looked(serve(says({"data": [element()]}, headers=headers)))

    assert look.upstream_now is None
    assert [post.id for post in look.posts] == ["310000001"]


def test_a_strangers_empty_draft_hides_nothing(serve):
    draft = {"id": 5, "text": "", "draft": True, "providers": None}

    look = looked(serve(says({"data": [draft, element()]})))

    assert [post.id for post in look.posts] == ["310000001"]
    assert look.is_whole


def test_an_unreadable_post_makes_the_look_less_than_whole(serve):
    look = looked(serve(says({"data": [element(id=None), element()]})))

    assert [post.id for post in look.posts] == ["310000001"]
    assert not look.is_whole


def test_two_thousand_posts_are_one_list(serve):
    many = [element(id=each, firstCommentText="x" * 1000) for each in range(1, 2001)]
    server = serve(says({"data": many}))

    look = looked(server)

    assert len(answer({"data": many})) > 2 << 20
    assert len(look.posts) == 2000
    assert look.is_whole
    assert len(server.requests) == 1


def test_a_list_that_is_too_large_is_asked_for_in_halves(serve):
    shared = element(id=2)
    server = serve(
        TOO_LARGE, says({"data": [element(id=1), shared]}), says({"data": [shared, element(id=3)]})
    )

    look = looked(server)

    assert [post.id for post in look.posts] == ["1", "2", "3"]
    assert look.is_whole
    assert look.upstream_now == NOON
    assert windows(server) == [
        ("2026-11-20T00:00:00", "2026-11-24T00:00:00"),
        ("2026-11-20T00:00:00", "2026-11-22T00:00:00"),
        ("2026-11-22T00:00:00", "2026-11-24T00:00:00"),
    ]


@pytest.mark.parametrize("half", [0, 1])
def test_two_halves_are_believed_as_far_as_the_weaker_one(half, serve):
    halves = [says({"data": []}), says({"data": []})]
    halves[half] = says({"data": [None]}, headers="")

    look = looked(serve(TOO_LARGE, *halves))

    assert look == Look((), None, is_whole=False)


def test_a_halved_list_is_as_old_as_its_first_half(serve):
    later = "Date: Tue, 24 Nov 2026 05:00:09 GMT\r\n"

    look = looked(serve(TOO_LARGE, says({"data": []}), says({"data": []}, headers=later)))

    assert look.upstream_now == NOON


def test_a_single_day_is_not_halved(serve):
    server = serve(TOO_LARGE)

    with pytest.raises(UpstreamLookTooLarge):
        looked(server, START, START + timedelta(days=1))
    assert len(server.requests) == 1


def test_a_large_list_of_accounts_is_read(serve):
    brands = [{"id": each, "label": "A", "more": "x" * 1000} for each in range(1, 5001)]

    assert len(metricool_at(serve(says(brands))).brands()) == 5000


def deleted(post_id: int, **changes: Any) -> dict[str, Any]:
    return {
        "postId": post_id,
        "networks": [{"network": "instagram", "status": "PENDING"}],
        "media": [{"url": MEDIA, "altText": None}],
        "publicationDate": {"dateTime": "2026-11-24T05:10:00", "timezone": "UTC"},
        **changes,
    }


def page(elements: Iterable[Any], total: int | None) -> Behaviour:
    return says({"data": {"elements": list(elements), "totalElements": total}})


def test_deleted_posts_are_read_until_all_that_there_are_were_shown(serve):
    server = serve(
        page(map(deleted, (5, 4)), total=5),
        page(map(deleted, (4, 3)), total=5),  # somebody deleted one more between the pages
        page(map(deleted, (2, 1)), total=5),
    )

    look = metricool_at(server).deleted_posts("42", Network.INSTAGRAM)

    assert [post.id for post in look.posts] == ["5", "4", "4", "3", "2", "1"]
    assert look.is_whole
    assert look.upstream_now == NOON
    assert len(server.requests) == 3


@pytest.mark.parametrize("last", [(), (1, 2)])
def test_where_no_total_is_told_a_page_without_news_is_the_last(last, serve):
    server = serve(
        page(map(deleted, (4, 3)), None),  # shorter than was asked for
        page(map(deleted, (2, 1)), None),
        page(map(deleted, last), None),
    )

    look = metricool_at(server).deleted_posts("42", Network.INSTAGRAM)

    assert {post.id for post in look.posts} == {"1", "2", "3", "4"}
    assert look.is_whole
    assert len(server.requests) == 3


@pytest.mark.parametrize(
    ("said", "deleted_at"),
    [
        (None, NOON),
        ({"dateTime": "2026-11-24T04:59:00", "timezone": "UTC"}, NOON - timedelta(minutes=1)),
        ({"dateTime": "soon", "timezone": "UTC"}, NOON),
    ],
)
def test_what_was_deleted_was_so_by_now_at_the_latest(said, deleted_at, serve):
    (post,) = (
        metricool_at(serve(page([deleted(5, deletionDate=said)], 1)))
        .deleted_posts("42", Network.INSTAGRAM)
        .posts
    )

    assert post.deleted_at == deleted_at


@pytest.mark.parametrize(
    ("page_of", "is_whole"),
    [({"next": "/v2/scheduler/posts?page=2"}, False), ({"next": 2}, False), ({"next": None}, True)],
)
def test_a_list_that_goes_on_within_a_minute_is_not_whole(page_of, is_whole, serve):
    server = serve(says({"data": [element()], "page": page_of}))

    look = looked(server, START, START + timedelta(minutes=1))

    assert [post.id for post in look.posts] == ["310000001"]
    assert look.is_whole is is_whole


def test_pages_of_deleted_posts_end_somewhere_and_are_not_whole_then(serve):
    server = serve(page([deleted(5)], total=7))

    look = metricool_at(server).deleted_posts("42", Network.INSTAGRAM)

    assert {post.id for post in look.posts} == {"5"}
    assert not look.is_whole
    assert len(server.requests) == 10


def test_a_page_without_anything_is_the_last_though_more_was_promised(serve):
    server = serve(page([deleted(5)], total=7), page([], total=7))

    look = metricool_at(server).deleted_posts("42", Network.INSTAGRAM)

    assert [post.id for post in look.posts] == ["5"]
    assert not look.is_whole
    assert len(server.requests) == 2


def test_one_unreadable_deleted_post_hides_no_other(serve):
    server = serve(page([deleted(5), deleted(4, media="?"), deleted(3)], total=3))

    look = metricool_at(server).deleted_posts("42", Network.INSTAGRAM)

    assert [post.id for post in look.posts if post.media_urls] == ["5", "3"]
    assert not look.is_whole


class Endless:
    """Has too much for every question that takes two days or more, and answers with nothing."""

    def __init__(self) -> None:
        self.over_at: list[float] = []

    def ask(self, request: Request, over_at: float) -> Answer:
        self.over_at.append(over_at)
        if "start" in request.query:
            start, end = (datetime.fromisoformat(request.query[each]) for each in ("start", "end"))
            if end - start > timedelta(days=2):
                raise AnswerTooLarge("too much")
            return Answer(200, {}, b'{"data": []}', has_marked_end=True)
        nothing = b'{"data": {"elements": [{"postId": 1, "networks": []}], "totalElements": 9}}'
        return Answer(200, {}, nothing, has_marked_end=True)

    def tell(self, *_: Any) -> Answer:
        raise AssertionError("a look tells nothing")

    def stop(self) -> None:
        pass


def test_halves_and_pages_share_one_deadline():
    exchange, moments = Endless(), itertools.count()
    metricool = Metricool("", "t", "7", 20, exchange, monotonic=lambda: float(next(moments)))

    metricool.posts_between("42", Network.INSTAGRAM, START, START + timedelta(days=8))
    of_halves = exchange.over_at[:]
    metricool.deleted_posts("42", Network.INSTAGRAM)
    of_pages = exchange.over_at[len(of_halves) :]

    assert (len(of_halves), len(set(of_halves))) == (7, 1)
    assert (len(of_pages), len(set(of_pages))) == (10, 1)


def pages(*days: int, more: bool = False) -> Behaviour:
    said = {"page": {"next": 2}} if more else {}
    dated = {each: {"dateTime": f"2026-11-{each}T05:10:00", "timezone": "UTC"} for each in days}
    elements = [element(id=each, publicationDate=date) for each, date in dated.items()]
    return says({"data": elements, **said})


def test_a_list_that_goes_on_is_asked_for_page_by_page(serve):
    server = serve(pages(21, more=True), pages(21), pages(22, more=True), pages(22), pages(23))

    look = looked(server)

    assert {post.id for post in look.posts} == {"21", "22", "23"}
    assert look.is_whole
    assert look.upstream_now == NOON
    assert windows(server)[1:] == [
        ("2026-11-20T00:00:00", "2026-11-21T05:10:00"),
        ("2026-11-21T05:10:01", "2026-11-24T00:00:00"),
        ("2026-11-21T05:10:01", "2026-11-22T05:10:00"),
        ("2026-11-22T05:10:01", "2026-11-24T00:00:00"),
    ]


def test_a_list_that_goes_by_no_date_is_asked_for_in_parts_until_all_is_shown(serve):
    server = serve(pages(23, more=True), pages(21, more=True), pages(21), pages(22, 23), pages())

    look = looked(server)

    assert {post.id for post in look.posts} == {"21", "22", "23"}
    assert look.is_whole


def test_a_list_of_which_a_part_cannot_be_read_is_no_look(serve):
    with pytest.raises(UpstreamLookFailed):
        looked(serve(pages(21, more=True), says({}, status=503)))


@pytest.mark.parametrize(("shown", "requests"), [((21,), 2 * lists.MAX_SPLITS + 1), ((), 1)])
def test_pages_without_end_are_asked_for_so_often_and_are_not_whole(shown, requests, serve):
    server = serve(pages(*shown, more=True))

    look = looked(server)

    assert len(look.posts) == len(shown)
    assert not look.is_whole
    assert len(server.requests) == requests
