from __future__ import annotations

import gzip
import json
import logging
import socket
import threading
from datetime import UTC, datetime

import pytest

from storyclip.domain.errors import UpstreamLookFailed, UpstreamUnanswered
from storyclip.domain.network import Network
from storyclip.domain.story import Story
from tests.upstream.conftest import (
    DATE,
    MEDIA,
    TOKEN,
    answer,
    element,
    metricool_at,
    resets,
    says,
    says_and_closes,
)

SOURCE = "https://cdn.example/a b.mp4?X-Amz-Signature=s1gned&x=ñ+1"
ONE = {"data": element()}
OTHER = "https://static.metricool.com/video/202611/8-def.mp4"


def head_of(request: bytes) -> tuple[str, dict[str, str]]:
    first, *fields = request.partition(b"\r\n\r\n")[0].decode().split("\r\n")
    return first, {name.lower(): value for name, value in (f.split(": ", 1) for f in fields)}


def test_a_story_is_asked_for_exactly_as_metricool_wants_it(serve, story):
    server = serve(says(ONE))

    metricool_at(server).submit_story(story)

    first, headers = head_of(server.requests[0])
    assert first == "POST /api/v2/scheduler/posts?userId=7&blogId=42 HTTP/1.1"
    assert headers["x-mc-auth"] == TOKEN
    assert headers["content-type"] == "application/json"
    assert json.loads(server.requests[0].partition(b"\r\n\r\n")[2]) == {
        "publicationDate": {"dateTime": "2026-11-24T05:10:00", "timezone": "UTC"},
        "text": "",
        "firstCommentText": "",
        "providers": [{"network": "instagram"}],
        "media": [MEDIA],
        "mediaAltText": [None],
        "autoPublish": True,
        "draft": False,
        "saveExternalMediaFiles": False,
        "shortener": False,
        "smartLinkData": {"ids": []},
        "descendants": [],
        "hasNotReadNotes": False,
        "instagramData": {"type": "STORY", "autoPublish": True},
    }


def test_a_facebook_story_carries_its_type_alone(serve, story):
    server = serve(says(ONE))

    metricool_at(server).submit_story(Story("42", Network.FACEBOOK, MEDIA, story.planned_for))

    body = json.loads(server.requests[0].partition(b"\r\n\r\n")[2])
    assert body["facebookData"] == {"type": "STORY"}
    assert "instagramData" not in body
    assert body["providers"] == [{"network": "facebook"}]


def test_questions_share_a_connection_and_a_post_never_does(serve, story):
    server = serve(says(ONE))
    metricool = metricool_at(server)

    for _ in range(3):
        metricool.post("42", Network.INSTAGRAM, "5")
    assert server.connections == 1
    for _ in range(3):
        metricool.submit_story(story)
    assert server.connections == 4
    metricool.post("42", Network.INSTAGRAM, "5")
    assert server.connections == 4


def test_a_stale_connection_costs_a_question_nothing(serve):
    server = serve(says(ONE), resets, says(ONE))
    metricool = metricool_at(server)
    metricool.post("42", Network.INSTAGRAM, "5")

    assert metricool.post("42", Network.INSTAGRAM, "5") is not None
    assert server.connections == 2


def test_a_question_is_asked_twice_at_most(serve):
    server = serve(resets)

    with pytest.raises(UpstreamLookFailed):
        metricool_at(server).post("42", Network.INSTAGRAM, "5")
    assert len(server.requests) == 2


def test_a_delete_is_asked_once_and_never_on_a_kept_connection(serve):
    server = serve(says(ONE), resets)
    metricool = metricool_at(server)
    metricool.post("42", Network.INSTAGRAM, "5")

    with pytest.raises(UpstreamLookFailed):
        metricool.delete_post("42", "5")
    assert len(server.requests) == server.connections == 2


def test_an_unreadable_answer_is_not_followed_by_another_on_the_same_connection(serve):
    server = serve(says({"data": "x" * (3 << 19)}), says(ONE))
    metricool = metricool_at(server)
    with pytest.raises(UpstreamLookFailed):
        metricool.post("42", Network.INSTAGRAM, "5")

    assert metricool.post("42", Network.INSTAGRAM, "5") is not None
    assert server.connections == 2


@pytest.mark.parametrize(
    "surplus",
    [answer(MEDIA.encode()), answer(b"", 408, "Connection: close\r\n")],
    ids=["again", "too long idle"],
)
def test_what_a_kept_connection_says_unasked_is_no_answer(serve, surplus: bytes):
    is_read, is_said = threading.Event(), threading.Event()

    def says_more(line: socket.socket) -> None:
        line.sendall(answer(MEDIA.encode()))
        is_read.wait(5)
        line.sendall(surplus)
        is_said.set()

    server = serve(says_more, says(OTHER.encode()))
    metricool = metricool_at(server)
    metricool.prepare_media("42", SOURCE)
    is_read.set()
    assert is_said.wait(5)

    assert metricool.prepare_media("42", SOURCE) == OTHER


def test_after_an_interim_answer_a_question_is_asked_anew_elsewhere(serve):
    hints = b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"
    server = serve(lambda line: line.sendall(hints + answer(MEDIA.encode())), says(OTHER.encode()))
    metricool = metricool_at(server)

    assert metricool.prepare_media("42", SOURCE) == OTHER
    assert metricool.prepare_media("42", SOURCE) == OTHER
    assert server.connections == 2


@pytest.mark.parametrize("coding", ["gzip", "GZIP"])
def test_an_answer_that_is_packed_unasked_is_unpacked(serve, coding: str):
    packed = gzip.compress(json.dumps(ONE).encode())
    server = serve(says(packed, headers=f"Content-Encoding: {coding}\r\n"))

    assert metricool_at(server).post("42", Network.INSTAGRAM, "5") is not None


def test_nothing_of_the_environment_comes_between(serve, story, monkeypatch, tmp_path):
    netrc = tmp_path / "netrc"
    netrc.write_text("default login eve password hers")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    server = serve(says(ONE, headers=f"Date: {DATE}\r\nSet-Cookie: session=theirs; Path=/\r\n"))
    metricool = metricool_at(server)

    metricool.post("42", Network.INSTAGRAM, "5")
    metricool.post("42", Network.INSTAGRAM, "5")
    metricool.submit_story(story)

    for request in server.requests:
        _, headers = head_of(request)
        assert headers["x-mc-auth"] == TOKEN
        assert not headers.keys() & {"authorization", "cookie", "proxy-authorization"}


def test_a_redirect_is_not_followed(serve, story):
    server = serve(says(b"", 307, "Location: /api/elsewhere\r\n"))

    with pytest.raises(UpstreamUnanswered):
        metricool_at(server).submit_story(story)
    with pytest.raises(UpstreamLookFailed):
        metricool_at(server).post("42", Network.INSTAGRAM, "5")
    assert len(server.requests) == 2


def test_every_call_asks_for_what_it_means(serve):
    empty_page: dict[str, dict[str, list[str]]] = {"data": {"elements": []}}
    server = serve(
        says(MEDIA.encode()), says({"data": []}), says(empty_page), says({"data": True}), says([])
    )
    metricool = metricool_at(server)

    metricool.prepare_media("42", SOURCE)
    day = datetime(2026, 11, 24, tzinfo=UTC), datetime(2026, 11, 25, 1, 2, 3, tzinfo=UTC)
    metricool.posts_between("42", Network.INSTAGRAM, *day)
    metricool.deleted_posts("42", Network.INSTAGRAM)
    metricool.delete_post("42", "a/5")
    metricool.brands()

    lines, heads = zip(*map(head_of, server.requests), strict=True)
    assert [line.removesuffix(" HTTP/1.1") for line in lines] == [
        "GET /api/actions/normalize/image/url?userId=7&blogId=42&url=https%3A%2F%2Fcdn.example"
        "%2Fa+b.mp4%3FX-Amz-Signature%3Ds1gned%26x%3D%C3%B1%2B1&folder=PLANNER",
        "GET /api/v2/scheduler/posts?userId=7&blogId=42&start=2026-11-24T00%3A00%3A00"
        "&end=2026-11-25T01%3A02%3A03&timezone=UTC&extendedRange=false",
        "GET /api/v2/scheduler/posts/deleted?userId=7&blogId=42&orderBy=deletionDate"
        "&orderDirection=desc&page=0&pageSize=1000&timezone=UTC",
        "DELETE /api/v2/scheduler/posts/a%2F5?userId=7&blogId=42",
        "GET /api/admin/simpleProfiles?userId=7",
    ]
    assert [head["accept"] for head in heads] == ["*/*"] + ["application/json"] * 4
    assert TOKEN not in "".join(lines)


def test_no_secret_is_logged(serve, story, caplog):
    caplog.set_level(logging.DEBUG)
    metricool = metricool_at(serve(resets))

    for call in (
        lambda: metricool.prepare_media("42", SOURCE),
        lambda: metricool.submit_story(story),
    ):
        with pytest.raises(Exception, match="no complete answer") as caught:
            call()
        assert "s1gned" not in str(caught.value)
        assert caught.value.__suppress_context__
        assert caught.value.__cause__ is None

    assert TOKEN not in caplog.text
    assert "s1gned" not in caplog.text


def test_an_answer_without_a_marked_end_is_fine_where_json_marks_it(serve):
    unmarked = b"HTTP/1.1 200 OK\r\n\r\n" + answer(ONE).partition(b"\r\n\r\n")[2]

    assert (
        metricool_at(serve(says_and_closes(unmarked))).post("42", Network.INSTAGRAM, "5")
        is not None
    )
