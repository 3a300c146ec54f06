from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest

from storyclip.domain.errors import (
    MediaUnavailable,
    UpstreamBusy,
    UpstreamDateInPast,
    UpstreamDenied,
    UpstreamLookFailed,
    UpstreamRefused,
    UpstreamUnanswered,
    UpstreamUnreachable,
)
from storyclip.domain.network import Network
from storyclip.domain.story import PostStatus, Story
from storyclip.upstream.exchange import AnswerTooLarge
from storyclip.upstream.metricool import Metricool
from tests.upstream.conftest import (
    DATE,
    MEDIA,
    TOKEN,
    answer,
    element,
    metricool_at,
    nobody_listens,
    resets,
    says,
    says_and_closes,
)

_DAY = datetime(2026, 11, 24, tzinfo=UTC), datetime(2026, 11, 25, tzinfo=UTC)
_STORY = Story("42", Network.INSTAGRAM, MEDIA, datetime(2026, 11, 24, 5, 10, tzinfo=UTC))

REFUSAL = {"status": "BAD_REQUEST", "code": "400", "title": "ValidationError", "detail": "no way"}
PAST = {
    **REFUSAL,
    "detail": "Invalid value 'DateTimeInfo(dateTime=2026-01-02T03:04, timezone=Europe/Madrid)'. "
    "Given datetime cannot be in the past.",
}
HTML = b"<!DOCTYPE html><html><title>Log in</title></html>"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
WHOLE = answer({"data": element()})

SUBMIT_OUTCOMES = {
    "refused with detail": (says(REFUSAL, 400), UpstreamRefused),
    "refused by 404": (says(REFUSAL, 404), UpstreamRefused),
    "refused in Spring's words": (says({"status": 406, "error": "No"}, 406), UpstreamRefused),
    "past date": (says(PAST, 400), UpstreamDateInPast),
    "401 with envelope": (says(REFUSAL, 401), UpstreamDenied),
    "401 empty": (says(b"", 401), UpstreamDenied),
    "403 as a page": (says(HTML, 403), UpstreamDenied),
    "429": (says(REFUSAL, 429), UpstreamBusy),
    "408 with envelope": (says(REFUSAL, 408), UpstreamUnanswered),
    "409 with envelope": (says(REFUSAL, 409), UpstreamUnanswered),
    "400 empty": (says(b"", 400), UpstreamUnanswered),
    "400 as a page": (says(HTML, 400), UpstreamUnanswered),
    "400 with somebody else's JSON": (says({"error": "bad gateway"}, 400), UpstreamUnanswered),
    "400 with an envelope that says nothing": (
        says({"detail": "", "title": None, "code": "400"}, 400),
        UpstreamUnanswered,
    ),
    "500 with envelope": (says(REFUSAL, 500), UpstreamUnanswered),
    "502 as a page": (says(HTML, 502), UpstreamUnanswered),
    "redirect to a login page": (
        says(HTML, 302, "Location: /login\r\n"),
        UpstreamUnanswered,
    ),
    "200 as a page": (says(HTML), UpstreamUnanswered),
    "200 empty": (says(b""), UpstreamUnanswered),
    "204": (says_and_closes(b"HTTP/1.1 204 No Content\r\n\r\n"), UpstreamUnanswered),
    "200 without id": (says({"data": element(id=None)}), UpstreamUnanswered),
    "200 with a boolean for an id": (says({"data": element(id=True)}), UpstreamUnanswered),
    "200 with id 0": (says({"data": element(id=0)}), UpstreamUnanswered),
    "200 with half the JSON": (says(b'{"data": {"id": 31000'), UpstreamUnanswered),
    "200 that is not UTF-8": (says(b'{"data": {"id": 5, "x": "\xff"}}'), UpstreamUnanswered),
    "200 nested beyond reason": (says(b"[" * 100_000), UpstreamUnanswered),
    "200 of 1.5 MiB": (
        says({"data": element(text="x" * (3 << 19))}),
        AnswerTooLarge,
    ),
    "200 and blanks for 1.5 MiB": (
        says(b'{"data": {"id": 5}}' + b" " * (3 << 19)),
        AnswerTooLarge,
    ),
    "reset after the request": (resets, UpstreamUnanswered),
    "closed after the request": (says_and_closes(b""), UpstreamUnanswered),
    "closed within the headers": (says_and_closes(WHOLE[:40]), UpstreamUnanswered),
    "closed within the body": (says_and_closes(WHOLE[:-20]), UpstreamUnanswered),
    "closed just before the last brace": (says_and_closes(WHOLE[:-1]), UpstreamUnanswered),
    "closed within a chunk": (says_and_closes(CHUNKED + b"40\r\n{"), UpstreamUnanswered),
    "no chunk's length": (says_and_closes(CHUNKED + b"zz\r\n{}\r\n"), UpstreamUnanswered),
    "not HTTP": (says_and_closes(b"220 smtp.example ESMTP\r\n"), UpstreamUnanswered),
    "two lengths": (
        says({"data": element()}, headers="Content-Length: 3\r\n"),
        UpstreamUnanswered,
    ),
}


@pytest.mark.parametrize("outcome", SUBMIT_OUTCOMES)
def test_only_what_is_proven_is_called_not_created(outcome, serve, story):
    behaviour, expected = SUBMIT_OUTCOMES[outcome]
    server = serve(behaviour)

    with pytest.raises(Exception) as caught:  # noqa: PT011
        metricool_at(server).submit_story(story)

    assert type(caught.value) is expected
    assert len(server.requests) == 1
    assert TOKEN not in str(caught.value)


def test_an_id_is_proof_of_a_story_whatever_else_the_answer_says(serve, story):
    odd = {"id": 5, "media": ["https://other.example/x.mp4"], "providers": "?", "draft": 1}

    post = metricool_at(serve(says({"data": odd}))).submit_story(story)

    assert post.id == "5"
    assert post.media_urls == ("https://other.example/x.mp4",)
    assert post.status is PostStatus.UNKNOWN


def test_a_created_story_is_returned_with_what_was_echoed(serve, story):
    post = metricool_at(serve(says({"data": element()}))).submit_story(story)

    assert (post.id, post.network, post.media_urls) == ("310000001", "instagram", (MEDIA,))
    assert post.planned_for == story.planned_for
    assert post.status is PostStatus.PENDING


REPEATABLE = {
    "post": (lambda m: m.post("42", "instagram", "5"), UpstreamLookFailed),
    "posts_between": (lambda m: m.posts_between("42", "instagram", *_DAY), UpstreamLookFailed),
    "deleted_posts": (lambda m: m.deleted_posts("42", "instagram"), UpstreamLookFailed),
    "delete_post": (lambda m: m.delete_post("42", "5"), UpstreamLookFailed),
    "best_times": (
        lambda m: m.best_times("42", "instagram", "Europe/Madrid", *_DAY),
        UpstreamLookFailed,
    ),
    "brands": (lambda m: m.brands(), UpstreamLookFailed),
    "month_count": (lambda m: m.month_count("42"), UpstreamLookFailed),
    "prepare_media": (lambda m: m.prepare_media("42", "https://a.example/1.mp4"), MediaUnavailable),
}
UNUSABLE = {
    "500": says(REFUSAL, 500),
    "302": says(HTML, 302, "Location: /login\r\n"),
    "page": says(HTML),
    "empty": says(b""),
    "half the JSON": says(b'{"data": ['),
    "another shape": says({"data": "soon"}),
    "reset": resets,
    "closed within the body": says_and_closes(WHOLE[:-20]),
    "1.5 MiB": says({"data": "x" * (3 << 19)}),
}


@pytest.mark.parametrize("call", REPEATABLE)
@pytest.mark.parametrize("outcome", UNUSABLE)
def test_an_unusable_answer_to_a_question_means_ask_again(call, outcome, serve):
    ask, expected = REPEATABLE[call]
    server = serve(UNUSABLE[outcome])

    with pytest.raises(Exception) as caught:  # noqa: PT011
        ask(metricool_at(server))

    assert isinstance(caught.value, expected)
    assert TOKEN not in str(caught.value)


@pytest.mark.parametrize("call", REPEATABLE)
@pytest.mark.parametrize(
    ("behaviour", "expected"),
    [
        (says(REFUSAL, 401), UpstreamDenied),
        (says(b"", 403), UpstreamDenied),
        (says(b"", 429), UpstreamBusy),
    ],
)
def test_every_call_knows_denied_and_busy(call, behaviour, expected, serve):
    with pytest.raises(expected):
        REPEATABLE[call][0](metricool_at(serve(behaviour)))


ALL_CALLS = {**REPEATABLE, "submit_story": (lambda m: m.submit_story(_STORY), None)}


@pytest.mark.parametrize("call", ALL_CALLS)
@pytest.mark.parametrize(
    "base_url",
    [
        f"http://127.0.0.1:{nobody_listens()}/api",
        "http://nobody-has-this-name.invalid/api",
        f"http://{'a' * 70}.example/api",
    ],
    ids=["refused", "no such name", "impossible name"],
)
def test_without_a_connection_nothing_was_sent(call, base_url):
    with pytest.raises(UpstreamUnreachable) as caught:
        ALL_CALLS[call][0](Metricool(base_url, TOKEN, "7", 2))

    assert TOKEN not in str(caught.value)


@pytest.mark.parametrize("status", [400, 404, 422])
def test_a_file_that_metricool_refuses_is_refused_in_its_words(status, serve):
    with pytest.raises(UpstreamRefused, match="no way"):
        metricool_at(serve(says(REFUSAL, status))).prepare_media("42", "https://a.example/1.mp4")


@pytest.mark.parametrize("status", [400, 404, 406])
def test_a_files_refusal_by_somebody_else_may_be_repeated(status, serve):
    with pytest.raises(MediaUnavailable):
        metricool_at(serve(says(HTML, status))).prepare_media("42", "https://a.example/1.mp4")


def test_half_a_url_is_not_taken_for_a_url(serve):
    unmarked_end = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\nhttps://static.metricool.c"

    with pytest.raises(MediaUnavailable):
        metricool_at(serve(says_and_closes(unmarked_end))).prepare_media("42", "https://a.example/")


NO_SUCH_POST = {
    "404": says(REFUSAL, 404),
    "404 in Spring's words": says({"status": 404, "error": "Not Found", "path": "/"}, 404),
    "404 without a word": says(b"", 404),
    "400": says(REFUSAL, 400),
    "204": says_and_closes(b"HTTP/1.1 204 No Content\r\n\r\n"),
}
LOST_ITS_WAY = {
    "404 as a page": says(HTML, 404),
    "404 with somebody else's JSON": says({"error": "no route"}, 404),
    "404 without a word or an end": says_and_closes(b"HTTP/1.1 404 Not Found\r\n\r\n"),
    "400 as a page": says(HTML, 400),
    "400 without a word": says(b"", 400),
    "410": says(REFUSAL, 410),
}


@pytest.mark.parametrize("outcome", NO_SUCH_POST)
def test_a_post_that_metricool_does_not_know_is_none(outcome, serve):
    assert metricool_at(serve(NO_SUCH_POST[outcome])).post("42", Network.INSTAGRAM, "5") is None


@pytest.mark.parametrize("data", [None, {}])
def test_an_answer_that_shows_no_post_is_none(data, serve):
    assert metricool_at(serve(says({"data": data}))).post("42", Network.INSTAGRAM, "5") is None


def test_an_id_that_is_another_networks_post_by_now_is_none(serve):
    others = says({"data": element(providers=[{"network": "tiktok", "status": "PENDING"}])})

    assert metricool_at(serve(others)).post("42", Network.INSTAGRAM, "5") is None


@pytest.mark.parametrize("outcome", LOST_ITS_WAY)
def test_a_gateway_that_finds_nothing_says_nothing_of_a_post(outcome, serve):
    metricool = metricool_at(serve(LOST_ITS_WAY[outcome]))

    with pytest.raises(UpstreamLookFailed):
        metricool.post("42", Network.INSTAGRAM, "5")
    with pytest.raises(UpstreamLookFailed):
        metricool.delete_post("42", "5")


@pytest.mark.parametrize("outcome", ["200", *NO_SUCH_POST])
def test_deleting_what_is_gone_is_fine(outcome, serve):
    behaviour = {**NO_SUCH_POST, "200": says({"data": True})}[outcome]

    metricool_at(serve(behaviour)).delete_post("42", "5")


@pytest.mark.parametrize("body", [{"data": False}, {"data": None}, {}, b"", HTML])
def test_a_delete_that_metricool_does_not_affirm_may_have_worked(body, serve):
    with pytest.raises(UpstreamLookFailed, match="does not say"):
        metricool_at(serve(says(body))).delete_post("42", "5")


@pytest.mark.parametrize(
    "call",
    [
        lambda metricool, send_by: metricool.submit_story(_STORY, send_by),
        lambda metricool, send_by: metricool.delete_post("42", "5", send_by),
    ],
)
def test_nothing_is_sent_by_whoever_wakes_up_too_late(call, serve):
    server = serve(says({"data": element()}))

    with pytest.raises(UpstreamUnreachable, match="moment to send it is over"):
        call(metricool_at(server), time.monotonic() - 1200)
    assert server.connections == 0


def test_a_story_is_sent_before_the_last_moment(serve, story):
    post = metricool_at(serve(says({"data": element(uuid="-5")}))).submit_story(
        story, send_by=time.monotonic() + 60
    )

    assert (post.id, post.uuid, post.media_urls) == ("310000001", "-5", (MEDIA,))


def test_the_months_posts_are_counted_by_metricool(serve):
    server = serve(says({"data": {"monthPublishedPostsByBrand": {"42": 612}}}))

    assert metricool_at(server).month_count("42") == 612
    assert server.requests[0].startswith(
        b"GET /api/v2/scheduler/counters?userId=7&blogId=42 HTTP/1.1"
    )


def test_a_refusal_that_quotes_the_token_does_not_pass_it_on(serve, story):
    quoting = {"status": "UNAUTHORIZED", "code": "401", "detail": f"bad token {TOKEN}!"}

    with pytest.raises(UpstreamDenied, match=r"bad token \[token\]!"):
        metricool_at(serve(says(quoting, 401))).submit_story(story)


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("", 30),
        ("Retry-After: 7\r\n", 7),
        ("Retry-After: 0\r\n", 1),
        ("Retry-After: 99999\r\n", 3600),
        ("Retry-After: soon\r\n", 30),
        ("Retry-After: nan\r\n", 30),
        ("Retry-After: Tue, 24 Nov 2026 05:01:30 GMT\r\n", 90),
        ("Retry-After: Mon, 23 Nov 2026 05:01:30 GMT\r\n", 1),
    ],
)
def test_busy_says_how_long_to_wait(header, expected, serve, story):
    behaviour = says(b"", 429, f"Date: {DATE}\r\n{header}")

    with pytest.raises(UpstreamBusy) as caught:
        metricool_at(serve(behaviour)).submit_story(story)

    assert caught.value.retry_after_s == expected


def test_a_page_is_not_quoted(serve):
    with pytest.raises(UpstreamDenied, match=r"^HTTP 403 without words$"):
        metricool_at(serve(says(HTML, 403))).brands()
