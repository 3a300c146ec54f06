from __future__ import annotations

import json
from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from storyclip.domain.errors import MAX_WORDS, RetrySafety, UpstreamLookFailed
from storyclip.domain.story import Brand, PostStatus
from storyclip.upstream import posts, wire, words
from storyclip.upstream.reading import parsed
from tests.upstream.conftest import MEDIA, element

KEYS = st.sampled_from(
    [
        *("data", "id", "postId", "elements", "providers", "networks", "network", "status"),
        *("media", "url", "publicationDate", "dateTime", "timezone", "draft", "text", "detail"),
        *("message", "title", "error", "code", "detailedStatus", "publicUrl", "label"),
    ]
)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters())
    | st.sampled_from(["instagram", "PENDING", "UTC", "America", "2026-11-24T05:10:00", MEDIA, 5])
    | st.sampled_from(["0001-01-01T00:00:00", "9999-12-31T23:59:59", "Asia/Tokyo", "../UTC"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=6),
    max_leaves=25,
)
LOOKS = [
    lambda answer: posts.listed_posts(answer, "instagram"),
    lambda answer: posts.deleted_page(answer, "instagram"),
    lambda answer: posts.one_post(answer, "instagram"),
    wire.brands,
]


@given(VALUES)
@example({"data": [element(publicationDate={"dateTime": "0001-01-01T00:00", "timezone": "Asia"})]})
@example({"data": element(providers=[{"network": "instagram", "status": []}])})
def test_whatever_metricool_shows_is_read_or_the_look_fails(value):
    for shown in (value, {"data": value}, {"data": [value]}, {"data": {"elements": [value]}}):
        for look in LOOKS:
            with suppress(UpstreamLookFailed):
                look(shown)


@given(VALUES)
def test_no_refusal_and_no_created_post_is_too_odd_to_read(value):
    for shown in (value, {"data": value}, {"data": element(providers=value, media=value)}):
        posts.created_post(shown, "instagram")
        said = words.any_words(shown, b"raw", 400)
        assert said
        said.encode()


def test_words_nested_without_end_are_cut_short():
    nested = json.loads('{"a":' * 900 + "1" + "}" * 900)

    assert words.refusal_words({"detail": nested}) == "a: a: a: …"


@given(st.binary() | VALUES.map(lambda value: json.dumps(value).encode()))
def test_any_bytes_are_a_url_or_none(body):
    url = wire.media_url(body)

    assert url is None or url.startswith(("http://", "https://", "HTTP", "Http"))


@given(st.text())
@example("Tue, 99 Foo 2026 05:00:00 GMT")
@example("Tue, 24 Nov 2026 99:99:99 GMT")
@example("Tue, 24 Nov 0000 05:00:00 GMT")
def test_any_header_is_a_wait_and_a_clock_or_none(text):
    assert 1 <= words.retry_after_s({"Retry-After": text, "Date": text}) <= 3600
    now = words.upstream_now({"Date": text})
    assert now is None or now.tzinfo is UTC


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"id": None}, "id"),
        ({"id": 3.5}, "id"),
        ({"media": None}, "media"),
        ({"media": "https://static.metricool.com/a.mp4"}, "media"),
        ({"media": [None]}, "media"),
        ({"media": [{"link": MEDIA}]}, "media"),
        ({"providers": None}, "networks"),
        ({"providers": [{"status": "PENDING"}]}, "network without a name"),
        ({"providers": ["instagram"]}, "no object"),
    ],
)
def test_one_unreadable_post_spoils_the_list(changes, reason):
    with pytest.raises(UpstreamLookFailed, match=reason):
        posts.listed_posts({"data": [element(), element(**changes)]}, "instagram")


@pytest.mark.parametrize("changes", [{"id": None}, {"media": None}])
def test_what_cannot_be_ours_may_be_odd(changes):
    others = element(providers=[{"network": "tiktok"}], **changes)

    assert posts.listed_posts({"data": [others]}, "instagram") == ()


def test_a_text_without_media_is_somebody_elses_post():
    (post,) = posts.listed_posts({"data": [element(media=None, text="Hello")]}, "instagram")

    assert post.media_urls == ()


def test_each_network_has_its_own_outcome():
    both = element(
        providers=[
            {"network": "FACEBOOK", "status": "ERROR", "detailedStatus": "bad \x00" + "x" * 900},
            {"network": "instagram", "status": "PUBLISHED", "id": 17, "publicUrl": "https://i/1"},
        ]
    )

    (facebook,) = posts.listed_posts({"data": [both]}, "facebook")
    (instagram,) = posts.listed_posts({"data": [both]}, "instagram")

    assert facebook.status is PostStatus.ERROR
    assert facebook.words.startswith("bad \ufffdx")
    assert len(facebook.words) == MAX_WORDS
    assert instagram.status is PostStatus.PUBLISHED
    assert (instagram.network_post_id, instagram.public_url) == ("17", "https://i/1")


@pytest.mark.parametrize("word", [*PostStatus, "DRAFT", "published", "RETRYING", None, 7, [], {}])
def test_words_that_nobody_knows_are_no_outcome(word):
    shown = element(providers=[{"network": "instagram", "status": word}])

    (post,) = posts.listed_posts({"data": [shown]}, "instagram")

    assert post.status is (word if isinstance(word, PostStatus) else PostStatus.UNKNOWN)


def test_a_draft_is_not_pending():
    (post,) = posts.listed_posts({"data": [element(draft=True)]}, "instagram")

    assert post.status is PostStatus.UNKNOWN


@pytest.mark.parametrize(
    ("wall", "zone", "expected"),
    [
        ("2026-11-24T05:10:00", "America/Bogota", datetime(2026, 11, 24, 10, 10, tzinfo=UTC)),
        ("2026-10-25T02:30:00", "Europe/Madrid", datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),
        ("2026-11-24T05:10:00", "Mars/Olympus", None),
        ("2026-11-24T05:10:00", "America", None),
        ("2026-11-24T05:10:00", None, None),
        ("0001-01-01T00:00:00", "Asia/Tokyo", None),
        ("soon", "UTC", None),
    ],
)
def test_wall_time_and_zone_become_an_instant(wall, zone, expected):
    shown = element(publicationDate={"dateTime": wall, "timezone": zone})

    assert posts.one_post({"data": shown}, "instagram").planned_for == expected


@pytest.mark.parametrize(
    "body",
    [
        MEDIA,
        f'"{MEDIA}"',
        f" '{MEDIA}'\r\n",
        "\ufeff" + MEDIA,
        json.dumps({"data": MEDIA}),
        json.dumps({"url": MEDIA}),
        json.dumps({"data": None, "normalizedUrl": f" {MEDIA} "}),
        json.dumps(MEDIA).replace("/", "\\/"),
    ],
)
def test_a_files_url_comes_in_many_clothes(body):
    assert wire.media_url(body.encode()) == MEDIA


@pytest.mark.parametrize(
    "body",
    [
        "",
        "  ",
        '""',
        "<html>https://a.example</html>",
        "ftp://a.example/x",
        "https://",
        "{}",
        "null",
        "https://a.example/x y",
        "https://a.example/\nhttps://b.example",
        "https://a.example/" + "x" * 2000,
    ],
)
def test_what_is_no_url_is_none(body):
    assert wire.media_url(body.encode()) is None


@pytest.mark.parametrize(
    ("envelope", "expected"),
    [
        ({"detail": "d", "message": "m", "title": "t", "error": "e"}, "d"),
        ({"detail": {"create.date": "must not be null", "create.text": ["a", 1]}},
         "create.date: must not be null; create.text: a; 1"),
        ({"detail": "", "message": "m"}, "m"),
        ({"title": "t", "error": "e", "code": "400"}, "t"),
        ({"error": "e", "status": 400}, "e"),
        ({"error": "e"}, None),
        ({"status": 400, "code": "400"}, None),
        ({"detail": None}, None),
        (["detail"], None),
        (None, None),
    ],
)  # fmt: skip
def test_an_envelope_is_known_by_its_words(envelope, expected):
    assert words.refusal_words(envelope) == expected


@pytest.mark.parametrize(
    ("said", "safety"),
    [
        ("Error 36003/2207009: aspect ratio", RetrySafety.NEVER),
        ("Error validating access token", RetrySafety.SAFE),
        ("Code: 500 Internal Server Error", RetrySafety.CHECK_FIRST),
        ("", RetrySafety.CHECK_FIRST),
        (None, RetrySafety.CHECK_FIRST),
    ],
)
def test_an_error_allows_what_its_words_prove(said, safety):
    provider = {"network": "instagram", "status": "ERROR", "detailedStatus": said}

    (post,) = posts.listed_posts({"data": [element(providers=[provider])]}, "instagram")

    assert post.retry_safety is safety


def test_brands_leave_out_what_is_deleted_or_for_show():
    def profile(**changes):
        return {"id": 1, "label": "A", "timezone": "America/Bogota", "facebook": "12", **changes}

    shown = [profile(), profile(id=2, deleted=True), profile(id=3, isDemo=True)]
    shown.append(profile(id=4, label=None, facebook=None, instagram="me", picture="https://p/1"))

    assert wire.brands(shown) == (
        Brand("1", "A", "America/Bogota", True, False, None),
        Brand("4", "4", "America/Bogota", False, True, "https://p/1"),
    )


@pytest.mark.parametrize("body", [b"", b"\xff", b"{", b"[" * 100_000, b"9" * 5000])
def test_what_is_no_json_is_none(body):
    assert parsed(body) is None
