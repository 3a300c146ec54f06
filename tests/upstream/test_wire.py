from __future__ import annotations

import json
from contextlib import suppress
from datetime import UTC

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from storyclip.domain.errors import UpstreamLookFailed
from storyclip.domain.network import Network
from storyclip.domain.story import Brand
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
    lambda answer: posts.listed_posts(answer, Network.INSTAGRAM),
    lambda answer: posts.deleted_page(answer, Network.INSTAGRAM),
    lambda answer: posts.one_post(answer, Network.INSTAGRAM),
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
        posts.created_post(shown, Network.INSTAGRAM)
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


def test_brands_leave_out_what_is_deleted_or_for_show():
    def profile(**changes):
        return {"id": 1, "label": "A", "timezone": "America/Bogota", "facebook": "12", **changes}

    shown = [profile(), profile(id=2, deleted=True), profile(id=3, isDemo=True)]
    shown.append(profile(id=4, label=None, facebook=None, instagram="me", picture="https://p/1"))

    assert wire.brands(shown) == (
        Brand("1", "A", "America/Bogota", "12", None, None),
        Brand("4", "4", "America/Bogota", None, "me", "https://p/1"),
    )


def test_a_network_that_is_connected_without_a_name_has_the_accounts():
    shown = [{"id": 1, "label": "A", "facebook": {"page": 12}, "instagram": ""}]

    (brand,) = wire.brands(shown)

    assert (brand.facebook, brand.instagram) == ("A", None)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (612, 612),
        (0, 0),
        ({"42": 599, "43": 1}, 599),
        ({"43": 1}, None),
        ({}, None),
        (None, None),
        ("612", 612),
        ("-612", None),
        ("many", None),
        (True, None),
        (-1, None),
        (6.5, None),
        ([612], None),
        ({"42": {"count": 5}}, None),
    ],
)
def test_a_months_count_is_a_number_for_all_or_one_for_each_account(said, expected):
    shown = {"data": {"monthPublishedPostsByUser": 7, "monthPublishedPostsByBrand": said}}

    assert wire.month_count(shown, "42") == expected


def test_counters_without_the_months_do_not_tell():
    assert wire.month_count({"data": {}}, "42") is None


@pytest.mark.parametrize("body", [b"", b"\xff", b"{", b"[" * 100_000, b"9" * 5000])
def test_what_is_no_json_is_none(body):
    assert parsed(body) is None
