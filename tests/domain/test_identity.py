from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from storyclip.domain.clip import State
from storyclip.domain.errors import RetrySafety
from storyclip.domain.identity import (
    Fate,
    came_of,
    fate_of,
    found_among,
    held_among,
    is_of,
    may_be_among,
    proves_absence,
    shows_other_media,
)
from storyclip.domain.lane import Lane
from storyclip.domain.network import Network
from storyclip.domain.send import Send
from storyclip.domain.story import Post, PostStatus
from tests.domain.making import T0, a_clip

COPY = "https://static.metricool.com/video/202612/1.mp4"
OTHER = "https://static.metricool.com/planner/202612/1-file-1.mp4"
SOURCE = "https://cdn.example.com/1.mp4"
DATE = T0 + timedelta(minutes=1)
LANE = Lane(1, "2000001", Network.FACEBOOK)


def a_post(post_id: str = "1", uuid: str | None = "-1", **facts: Any) -> Post:
    usual: dict[str, Any] = {"media_urls": (COPY,), "planned_for": DATE, "created_at": T0}
    usual |= {"status": PostStatus.PENDING, **facts}
    return Post(post_id, Network.FACEBOOK, uuid=uuid, **usual)


def a_send(number: int = 1, media_url: str = COPY, **facts: Any) -> Send:
    return replace(Send(1, number, SOURCE, media_url, DATE, T0), **facts)


HOLDING = a_clip(1, State.WAITING_CONFIRMATION, post_id="1", post_uuid="-1", media_url=COPY)


def test_a_post_is_its_uuid_whatever_its_id_or_media_are_now():
    assert is_of(HOLDING, a_post("99", media_urls=(OTHER,)))


def test_an_id_that_names_another_post_by_now_is_none_of_ours_though_it_shows_our_media():
    assert not is_of(HOLDING, a_post("1", uuid="-2"))


def test_without_a_uuid_the_media_tell_also_under_the_url_that_the_answer_showed():
    clip = replace(HOLDING, post_uuid=None, shown_media=(OTHER,))

    assert is_of(clip, a_post("99", media_urls=(OTHER,)))
    assert not is_of(clip, a_post("1", media_urls=("https://static.metricool.com/x.mp4",)))


def test_of_two_that_show_the_same_the_one_under_the_known_id_is_held():
    clip = replace(HOLDING, post_uuid=None)

    found = held_among(clip, [a_post("7", uuid="-7"), a_post("1")])

    assert found is not None
    assert found.id == "1"


@pytest.mark.parametrize(
    ("dates", "held"),
    [((DATE, T0), "8"), ((T0, DATE), "9"), ((DATE, DATE), None), ((T0, T0), None)],
)
def test_of_two_that_only_show_its_media_the_one_on_its_date_is_held(dates: Any, held: str | None):
    clip = replace(HOLDING, post_uuid=None, planned_for=DATE)
    posts = [
        a_post(post_id, None, planned_for=date) for post_id, date in zip("89", dates, strict=True)
    ]

    found = held_among(clip, posts)

    assert (found.id if found else None) == held


def test_a_marked_send_is_known_by_its_media_on_whatever_date():
    assert came_of(a_send(), a_post(planned_for=DATE + timedelta(days=9)))


@pytest.mark.parametrize("send", [a_send(media_url=SOURCE), a_send(is_shared=True)])
def test_without_a_marker_a_post_has_to_be_on_the_very_minute_and_made_since(send: Send):
    post = a_post(media_urls=(send.media_url,))

    assert came_of(send, post)
    assert not came_of(send, replace(post, planned_for=DATE + timedelta(minutes=1)))
    assert not came_of(send, replace(post, created_at=T0 - timedelta(minutes=5)))


def test_the_hour_that_comes_twice_is_read_as_it_was_asked_for():
    first_reading = DATE - timedelta(hours=1)
    post = a_post(planned_for=first_reading, other_reading=DATE, media_urls=(SOURCE,))

    assert came_of(a_send(media_url=SOURCE), post)


def test_what_another_clip_holds_or_what_is_gone_is_not_found_again():
    assert found_among([a_send()], [a_post()], {"-1"}) is None
    assert found_among([a_send(gone_at=T0)], [a_post()], ()) is None


def test_of_two_sends_the_later_ones_post_is_found_first():
    again = a_send(2, OTHER, planned_for=DATE + timedelta(minutes=5))
    posts = [a_post("1"), a_post("2", "-2", media_urls=(OTHER,))]

    found = found_among([a_send(), again], posts, ())

    assert found is not None
    assert found.id == "2"


def test_what_failed_and_was_sent_again_because_of_that_is_not_what_came_of_the_later_send():
    failed = a_post(status=PostStatus.ERROR)

    assert found_among([a_send()], [failed], ()) is failed
    assert found_among([a_send(), a_send(2, OTHER)], [failed], ()) is None


def test_a_post_known_to_be_of_one_send_came_of_no_other_that_got_the_same_url():
    gone = a_send(1, SOURCE, post_uuid="-1", gone_at=T0)

    assert found_among([gone, a_send(2, SOURCE)], [a_post(media_urls=(SOURCE,))], ()) is None


def test_absence_is_proven_by_copies_made_for_the_very_sends_alone():
    assert proves_absence([a_send(), a_send(2, OTHER)], LANE)
    assert not proves_absence([a_send(), a_send(2, SOURCE)], LANE)
    assert not proves_absence([a_send(is_shared=True)], LANE)
    assert proves_absence([a_send(media_url=SOURCE, gone_at=T0)], LANE)


def test_where_media_is_shown_under_other_urls_nothing_proves_an_absence():
    assert not proves_absence([a_send()], replace(LANE, changes_media=True))


@pytest.mark.parametrize(
    ("stranger", "may_be"),
    [
        ({"created_at": T0}, True),
        ({"created_at": None}, True),
        ({"created_at": T0 - timedelta(hours=1), "planned_for": DATE}, True),
        ({"created_at": T0 - timedelta(hours=1), "planned_for": T0 + timedelta(hours=1)}, False),
    ],
)
def test_a_post_that_is_nobodys_may_be_ours_under_another_url(stranger: Any, may_be: bool):
    post = a_post("9", "-9", media_urls=(OTHER,), **stranger)

    assert may_be_among(a_send(), [post], ()) is may_be
    assert not may_be_among(a_send(), [post], {"-9"})


@pytest.mark.parametrize(
    ("facts", "fate"),
    [
        ({"status": PostStatus.PUBLISHED}, Fate.OUT),
        ({"status": PostStatus.PENDING, "deleted_at": T0}, Fate.NOT_OUT),
        ({"status": PostStatus.PENDING, "deleted_at": DATE}, Fate.UNKNOWN),
        ({"status": PostStatus.PENDING}, Fate.UNKNOWN),
        ({"status": PostStatus.PENDING, "deleted_at": T0, "planned_for": None}, Fate.UNKNOWN),
        ({"status": PostStatus.PUBLISHED, "is_draft": True}, Fate.OUT),
        ({"status": PostStatus.UNKNOWN, "is_draft": True, "deleted_at": T0}, Fate.NOT_OUT),
        ({"status": PostStatus.PENDING, "is_draft": True, "deleted_at": DATE}, Fate.NOT_OUT),
        ({"status": PostStatus.PUBLISHING, "deleted_at": T0}, Fate.UNKNOWN),
        ({"status": PostStatus.ERROR, "retry_safety": RetrySafety.SAFE}, Fate.NOT_OUT),
        ({"status": PostStatus.ERROR, "retry_safety": RetrySafety.CHECK_FIRST}, Fate.UNKNOWN),
    ],
)
def test_what_lies_among_the_deleted_may_have_gone_out(facts: Any, fate: Fate):
    assert fate_of(a_post(**facts)) is fate


def test_a_list_teaches_that_it_shows_our_media_otherwise():
    other = replace(HOLDING, id=2, post_uuid="-2", media_url="https://static.metricool.com/2.mp4")
    changed = a_post("2", "-2", media_urls=(OTHER,))

    assert not shows_other_media([HOLDING], [a_post()])
    assert shows_other_media([HOLDING, other], [a_post(), changed])
    assert not shows_other_media([HOLDING], [changed])
