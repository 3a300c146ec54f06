from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from storyclip.domain.errors import MAX_WORDS, RetrySafety, UpstreamLookFailed
from storyclip.domain.network import Network
from storyclip.domain.story import Post, PostStatus
from storyclip.upstream import posts
from tests.upstream.conftest import MEDIA, element


def the_post(**changes: Any) -> Post:
    (post,) = posts.listed_posts({"data": [element(**changes)]}, Network.INSTAGRAM).posts
    return post


def deleted(**changes: Any) -> dict[str, Any]:
    return {
        "postId": 310000001,
        "postUuid": "-7300000000000000001",
        "content": "",
        "networks": [{"network": "instagram", "status": "PENDING"}],
        "creationDate": {"dateTime": "2026-11-24T04:59:00", "timezone": "UTC"},
        "publicationDate": {"dateTime": "2026-11-24T05:10:00", "timezone": "UTC"},
        "deletionDate": {"dateTime": "2026-11-24T05:01:00", "timezone": "America/Bogota"},
        "media": [{"url": MEDIA, "altText": None}],
        "draft": False,
        **changes,
    }


@pytest.mark.parametrize(
    "odd",
    [
        element(id=None),
        element(id=3.5),
        element(id=None, draft=True),
        element(providers=[{"status": "PENDING"}]),
        element(providers=["instagram"]),
        element(providers="instagram"),
        {name: value for name, value in element().items() if name != "providers"},
        None,
        "a post",
        [],
    ],
)
def test_a_post_that_cannot_be_read_leaves_the_others_to_be_found(odd):
    listed = posts.listed_posts({"data": [odd, element(id=5), odd]}, Network.INSTAGRAM)

    assert [post.id for post in listed.posts] == ["5"]
    assert not listed.is_whole


@pytest.mark.parametrize(
    ("media", "readable"),
    [
        (None, ()),
        ("https://static.metricool.com/a.mp4", ()),
        ([None], ()),
        ([MEDIA, None], (MEDIA,)),
        ([{"link": MEDIA}], ()),
    ],
)
def test_a_post_whose_media_cannot_be_read_is_known_by_its_uuid_alone(media, readable):
    shown = element(media=media, uuid="-5")

    listed = posts.listed_posts({"data": [shown]}, Network.INSTAGRAM)

    assert [(post.uuid, post.media_urls) for post in listed.posts] == [("-5", readable)]
    assert not listed.is_whole


@pytest.mark.parametrize(
    "others",
    [
        element(providers=None, media=[]),
        element(providers=[], media=None, text="Hello"),
        element(providers=None, draft=True),
        {"id": 5, "text": "", "draft": True},
        {"id": None, "text": "", "draft": True, "providers": [{"network": "instagram"}]},
        element(providers=[{"network": "tiktok"}], id=None),
        element(providers=[{"network": "tiktok"}], media=None),
    ],
)
def test_what_cannot_be_ours_may_be_odd(others):
    assert posts.listed_posts({"data": [others]}, Network.INSTAGRAM) == posts.Listed(
        (), is_whole=True
    )


@pytest.mark.parametrize("providers", [None, []])
def test_what_lost_its_network_is_known_by_what_it_shows(providers):
    post = the_post(providers=providers)

    assert post == posts.one_post({"data": element(providers=providers)}, Network.INSTAGRAM)
    assert (post.media_urls, post.status) == ((MEDIA,), PostStatus.UNKNOWN)


@pytest.mark.parametrize(
    ("statuses", "status"),
    [
        (("ERROR", "PUBLISHED"), PostStatus.PUBLISHED),
        (("PENDING", "PUBLISHED"), PostStatus.PUBLISHED),
        (("ERROR", "PENDING"), PostStatus.PENDING),
        (("ERROR", "ERROR"), PostStatus.ERROR),
    ],
)
def test_of_two_parts_for_one_network_the_one_counts_that_is_or_may_come_out(statuses, status):
    parts = [{"network": "instagram", "status": each} for each in statuses]

    assert the_post(providers=parts).status is status
    assert the_post(providers=parts[::-1]).status is status


@pytest.mark.parametrize("changes", [{"text": "Hello"}, {"draft": True}, {"content": "Hello"}])
def test_without_media_but_with_a_text_or_as_a_draft_it_is_somebody_elses(changes):
    listed = posts.listed_posts({"data": [element(media=None, **changes)]}, Network.INSTAGRAM)

    assert [post.media_urls for post in listed.posts] == [()]
    assert listed.is_whole


def test_another_network_without_a_name_hides_nothing_of_ours():
    both = [{"status": "PENDING"}, {"network": "Instagram", "status": "PUBLISHED"}]

    listed = posts.listed_posts({"data": [element(providers=both)]}, Network.INSTAGRAM)

    assert [post.status for post in listed.posts] == [PostStatus.PUBLISHED]
    assert listed.is_whole


def test_each_network_has_its_own_outcome():
    both = element(
        providers=[
            {"network": "FACEBOOK", "status": "ERROR", "detailedStatus": "bad \x00" + "x" * 900},
            {"network": "instagram", "status": "PUBLISHED", "id": 17, "publicUrl": "https://i/1"},
        ]
    )

    (facebook,) = posts.listed_posts({"data": [both]}, Network.FACEBOOK).posts
    (instagram,) = posts.listed_posts({"data": [both]}, Network.INSTAGRAM).posts

    assert facebook.status is PostStatus.ERROR
    assert facebook.words.startswith("bad \ufffdx")
    assert len(facebook.words) == MAX_WORDS
    assert instagram.status is PostStatus.PUBLISHED
    assert (instagram.network_post_id, instagram.public_url) == ("17", "https://i/1")


@pytest.mark.parametrize(
    ("words", "safety"),
    [
        ("Error 36003/2207009: aspect ratio", RetrySafety.NEVER),
        ("Error validating access token", RetrySafety.SAFE),
        ("Code: 500 Internal Server Error", RetrySafety.CHECK_FIRST),
        ("", RetrySafety.CHECK_FIRST),
        (None, RetrySafety.CHECK_FIRST),
    ],
)
def test_an_error_allows_what_its_words_prove(words, safety):
    provider = {"network": "instagram", "status": "ERROR", "detailedStatus": words}

    assert the_post(providers=[provider]).retry_safety is safety


@pytest.mark.parametrize("word", [*PostStatus, "DRAFT", "published", "RETRYING", None, 7, [], {}])
def test_words_that_nobody_knows_are_no_outcome(word):
    post = the_post(providers=[{"network": "instagram", "status": word}])

    assert post.status is (word if isinstance(word, PostStatus) else PostStatus.UNKNOWN)


def test_a_draft_is_not_pending():
    post = the_post(draft=True)

    assert post.status is PostStatus.UNKNOWN
    assert post.is_draft
    assert not the_post().is_draft


@pytest.mark.parametrize(
    ("said", "uuid"),
    [
        ("7300000000000000001", "7300000000000000001"),
        ("-7300000000000000001", "-7300000000000000001"),
        (-7300000000000000001, "-7300000000000000001"),
        ("0d9a5c1e-6e3b-4d0c-9a4f-3f0a5d2c7b11", "0d9a5c1e-6e3b-4d0c-9a4f-3f0a5d2c7b11"),
        ("", None),
        (None, None),
        (True, None),
        ("x" * 65, None),
    ],
)
def test_a_uuid_is_kept_as_it_comes(said, uuid):
    assert the_post(uuid=said).uuid == uuid


def test_a_create_tells_uuid_media_and_when(story):
    created = {"dateTime": "2026-11-23T23:59:00", "timezone": "America/Bogota"}
    kept = "https://static.metricool.com/planner/202611/42-file-1.mp4"

    post = posts.created_post(
        {"data": element(uuid="-5", media=[kept], creationDate=created)}, Network.INSTAGRAM
    )

    assert post is not None
    assert (post.uuid, post.media_urls) == ("-5", (kept,))
    assert post.created_at == datetime(2026, 11, 24, 4, 59, tzinfo=UTC)
    assert post.deleted_at is None


def test_a_create_that_is_odd_elsewhere_still_tells_its_uuid():
    post = posts.created_post(
        {"data": {"id": 5, "uuid": "-5", "providers": "?"}}, Network.INSTAGRAM
    )

    assert post == Post("5", Network.INSTAGRAM, (), None, PostStatus.UNKNOWN, uuid="-5")


@pytest.mark.parametrize(
    "data",
    [None, {}, element(providers=[{"network": "tiktok"}]), element(providers=None, media=[])],
)
def test_what_is_not_for_the_network_is_no_post(data):
    assert posts.one_post({"data": data}, Network.INSTAGRAM) is None


@pytest.mark.parametrize(
    "answer", [None, {}, [], {"data": []}, {"data": True}, {"data": element(id=None)}, "gone"]
)
def test_a_post_that_cannot_be_read_is_not_taken_for_gone(answer):
    with pytest.raises(UpstreamLookFailed):
        posts.one_post(answer, Network.INSTAGRAM)


def test_a_deleted_post_tells_its_uuid_and_when_it_was_deleted():
    page = posts.deleted_page(
        {"data": {"elements": [deleted()], "totalElements": 1}}, Network.INSTAGRAM
    )

    (post,) = page.posts
    assert (post.id, post.uuid, post.media_urls) == ("310000001", "-7300000000000000001", (MEDIA,))
    assert post.created_at == datetime(2026, 11, 24, 4, 59, tzinfo=UTC)
    assert post.deleted_at == datetime(2026, 11, 24, 10, 1, tzinfo=UTC)
    assert page.is_whole
    assert page.is_end(len(page.shown), before=0)


@pytest.mark.parametrize(("total", "is_end"), [(2, False), ("2", False), ("1", True), (1, True)])
def test_how_many_deleted_posts_there_are_may_be_told_in_a_text(total, is_end):
    shown = {"data": {"elements": [deleted()], "totalElements": total}}

    page = posts.deleted_page(shown, Network.INSTAGRAM)

    assert page.is_end(len(page.shown), before=0) is is_end


def test_a_draft_that_is_out_is_out():
    live = [{"network": "instagram", "status": "PUBLISHED"}]

    assert the_post(providers=live, draft=True).status is PostStatus.PUBLISHED


def test_an_unreadable_deleted_post_leaves_the_others_to_be_found():
    shown = {"data": {"elements": [deleted(postId=None), deleted(), 7]}}

    page = posts.deleted_page(shown, Network.INSTAGRAM)

    assert [post.id for post in page.posts] == ["310000001"]
    assert not page.is_whole


FIRST, SECOND = (datetime(2026, 10, 25, hour, 30, tzinfo=UTC) for hour in (0, 1))


@pytest.mark.parametrize(
    ("wall", "zone", "planned_for", "other_reading"),
    [
        ("2026-11-24T05:10:00", "America/Bogota", datetime(2026, 11, 24, 10, 10, tzinfo=UTC), None),
        ("2026-10-25T02:30:00", "Europe/Madrid", FIRST, SECOND),
        ("2026-10-25T03:30:00", "Europe/Madrid", datetime(2026, 10, 25, 2, 30, tzinfo=UTC), None),
        ("2026-10-25T02:30:00+01:00", "Europe/Madrid", SECOND, None),
        ("2026-03-29T02:30:00", "Europe/Madrid", datetime(2026, 3, 29, 1, 30, tzinfo=UTC), None),
        (
            "2026-04-05T01:45:00",
            "Australia/Lord_Howe",  # its clocks go back half an hour
            datetime(2026, 4, 4, 14, 45, tzinfo=UTC),
            datetime(2026, 4, 4, 15, 15, tzinfo=UTC),
        ),
        ("2026-11-24T05:10:00", "Mars/Olympus", None, None),
        ("2026-11-24T05:10:00", "America", None, None),
        ("2026-11-24T05:10:00", None, None, None),
        ("0001-01-01T00:00:00", "Asia/Tokyo", None, None),
        ("soon", "UTC", None, None),
    ],
)
def test_wall_time_and_zone_become_an_instant_or_two(wall, zone, planned_for, other_reading):
    post = the_post(publicationDate={"dateTime": wall, "timezone": zone})

    assert (post.planned_for, post.other_reading) == (planned_for, other_reading)


def test_a_deletion_in_an_hour_that_comes_twice_was_in_the_second_one_for_all_that_is_known():
    twice = {"dateTime": "2026-10-25T02:30:00", "timezone": "Europe/Madrid"}
    page = {"data": {"elements": [deleted(deletionDate=twice)], "totalElements": 1}}

    [post] = posts.deleted_page(page, Network.INSTAGRAM).posts

    assert post.deleted_at == SECOND
