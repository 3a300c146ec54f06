"""Each call under v2/scheduler/posts: what it does, and how it refuses."""

import pytest

from tests.sandbox.conftest import Metricool


def test_a_created_post_comes_back_with_id_uuid_and_defaults(metricool: Metricool):
    answer = metricool.post(metricool.story(in_s=120, network="instagram"))

    assert answer.headers["Content-Type"] == "application/json"
    post = answer.json()["data"]
    assert post["id"] >= 310_000_001
    assert len(post["uuid"]) == 19
    assert post["uuid"].isdecimal()
    assert post["providers"] == [
        {"network": "instagram", "status": "PENDING", "detailedStatus": "Pending"}
    ]
    assert post["publicationDate"] == {"dateTime": metricool.wall(120), "timezone": "UTC"}
    assert post["instagramData"] == {
        "type": "STORY",
        "autoPublish": True,
        "tags": [],
        "carouselTags": {},
        "collaborators": [],
    }
    assert post["facebookData"] == {}
    assert post["mediaAltText"] == [None]
    assert post["smartLinkData"] == {"ids": []}


def test_two_equal_calls_make_two_posts(metricool: Metricool):
    first, second = metricool.created(), metricool.created()

    assert second["id"] > first["id"]
    assert len(metricool.listed()) == 2


def test_media_given_as_objects_are_dropped_without_a_word(metricool: Metricool):
    post = metricool.created(metricool.story(media=[{"url": "https://x.example/1.mp4"}]))

    assert post["media"] == []


def test_a_uuid_of_the_client_is_ignored(metricool: Metricool):
    post = metricool.created(metricool.story(uuid="7000000000000000007"))

    assert post["uuid"] != "7000000000000000007"


@pytest.mark.parametrize(
    ("fields", "status", "words"),
    [
        ({"text": None}, 400, "body.text"),
        ({"providers": None}, 400, "body.providers"),
        ({"providers": []}, 400, "body.providers"),
        ({"publicationDate": None}, 400, "body.publicationDate"),
        ({"publicationDate": "2026-12-01T12:00:00"}, 500, "InternalError"),
        ({"publicationDate": {"dateTime": "2026-12-01", "timezone": "UTC"}}, 400, "yyyy-MM-dd"),
        ({"publicationDate": {"dateTime": "2026-12-01T12:00:00Z", "timezone": "UTC"}}, 400, "yyyy"),
        (
            {"publicationDate": {"dateTime": "2030-12-01T12:00:00", "timezone": "Mars/One"}},
            400,
            "Mars/One",
        ),
        (
            {"publicationDate": {"dateTime": "2030-13-01T12:00:00", "timezone": "UTC"}},
            400,
            "month must be",
        ),
        ({"providers": [{"network": "myspace"}]}, 400, "InvalidEnumBaseException"),
        (
            {"providers": [{"network": "facebook", "status": "PENDING"}]},
            400,
            "Deserialization error",
        ),
        ({"providers": [{"network": "tiktok"}]}, 403, "There is no tiktok connection for blog"),
        ({"media": "https://x.example/1.mp4"}, 400, "media must be an array"),
    ],
)
def test_a_wrong_post_is_refused_in_the_error_envelope(metricool: Metricool, fields, status, words):
    answer = metricool.post(metricool.story() | fields)

    assert answer.status_code == status
    assert set(answer.json()) == {"status", "code", "title", "detail"}
    assert answer.json()["code"] == str(status)
    assert words in answer.text
    assert metricool.ledger("created") == []


@pytest.mark.parametrize("body", [b"{", b"[]", b""])
def test_a_body_that_is_no_json_object_is_refused(metricool: Metricool, body):
    answer = metricool.http.post(
        f"{metricool.sandbox.url}/v2/scheduler/posts?userId=1&blogId=2000001", body, timeout=20
    )

    assert answer.status_code == 400
    assert answer.json()["title"] == "Deserialization error"
    assert [line["event"] for line in metricool.ledger()] == ["refused"]


def test_a_post_without_blog_is_refused(metricool: Metricool):
    assert metricool.post(blogId=None).json()["detail"] == {"create.blogId": "must not be null"}


def test_a_post_is_found_by_id_with_or_without_its_brand(metricool: Metricool):
    post = metricool.created()

    assert metricool.get(post["id"]).json() == {"data": post}
    path = f"v2/scheduler/posts/{post['id']}"
    assert metricool.call("GET", path, blogId=None).json() == {"data": post}


def test_an_unknown_id_and_one_of_another_brand_are_404(metricool: Metricool):
    post = metricool.created()
    path = f"v2/scheduler/posts/{post['id']}"

    assert metricool.get(5).status_code == 404
    assert metricool.get(5).json()["status"] == "NOT_FOUND"
    assert metricool.call("GET", path, blogId="2000002").status_code == 404


def test_an_id_that_is_no_number_is_refused(metricool: Metricool):
    assert metricool.call("GET", "v2/scheduler/posts/abc").status_code == 400


def test_the_list_shows_its_window_both_ends_included_in_time_order(metricool: Metricool):
    late = metricool.created(metricool.story(in_s=300))
    early = metricool.created(metricool.story(in_s=180))
    metricool.created(metricool.story(in_s=360))

    assert metricool.listed(from_s=180, to_s=300) == [early, late]


def test_the_extended_range_is_a_day_wider_on_both_sides(metricool: Metricool):
    post = metricool.created(metricool.story(in_s=86_400))

    assert metricool.listed(from_s=-60, to_s=60) == []
    assert metricool.listed(from_s=-60, to_s=0, extendedRange="true") == [post]


def test_the_list_reads_its_window_in_the_zone_asked_for(metricool: Metricool):
    metricool.created(metricool.story(in_s=120))

    assert len(metricool.listed(from_s=-18_000, to_s=-17_000, timezone="America/Bogota")) == 1


def test_the_filter_finds_one_uuid_whatever_the_window(metricool: Metricool):
    metricool.created()
    post = metricool.created()
    wanted = f'{{"uuid": "{post["uuid"]}"}}'

    assert metricool.listed(filter=wanted, start=None, end=None) == [post]


@pytest.mark.parametrize(
    "query",
    [
        {"start": "2026-12-01"},
        {"end": None},
        {"timezone": "Nowhere"},
        {"filter": "{"},
        {"filter": '{"providers": []}'},
    ],
)
def test_a_wrong_list_query_is_refused(metricool: Metricool, query):
    window = {"start": metricool.wall(0), "end": metricool.wall(60), "timezone": "UTC"}

    answer = metricool.call("GET", "v2/scheduler/posts", **(window | query))

    assert answer.status_code == 400
    assert answer.json()["title"] == "ValidationError"
