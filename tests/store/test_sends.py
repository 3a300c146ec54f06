from datetime import timedelta

import pytest

from storyclip.domain import moves
from storyclip.domain.clip import Clip
from storyclip.domain.clip_words import quoted
from storyclip.domain.errors import ErrorCode, RetrySafety
from storyclip.domain.moves import later
from storyclip.domain.network import Network
from storyclip.domain.send import Send
from storyclip.domain.story import Post, PostStatus
from storyclip.store.database import reading
from storyclip.store.publishing import clips, sends, writer
from storyclip.store.publishing import situation as situations
from tests.store.making import T0, made, note, sql

COPY = "https://static.metricool.com/video/202612/1.mp4"
PLANNED = T0 + timedelta(minutes=1)


def a_post(number: int = 1, media_url: str = COPY) -> Post:
    uuid = str(-7 - number)
    return Post(str(number), Network.FACEBOOK, (media_url,), PLANNED, PostStatus.PENDING, uuid=uuid)


def intended(clip: Clip, media_url: str = COPY) -> Clip:
    move = moves.intended(clip, media_url, PLANNED, "worker-a", T0, T0 + timedelta(seconds=25))
    return writer.write(move, T0)


def accepted(clip: Clip, number: int = 1, media_url: str = COPY) -> Clip:
    post = a_post(number, media_url)
    return writer.write(moves.accepted(intended(clip, media_url), post, T0), T0)


def kept(clip: Clip) -> tuple[Send, ...]:
    with reading():
        return sends.of_clip(clip.id)


def test_every_intent_is_kept_with_its_number(store: str):
    clip = intended(made()[0])

    [send] = kept(clip)

    assert (send.number, send.media_url, send.planned_for) == (1, COPY, PLANNED)
    assert send.is_marked


def test_an_intent_that_surely_made_no_post_leaves_none(store: str):
    clip = intended(made()[0])

    writer.write(moves.postponed(clip, later(PLANNED), quoted("429"), T0), T0)

    assert kept(clip) == ()


@pytest.mark.parametrize("ending", ["refused", "tried"])
def test_so_does_one_that_metricool_refused(store: str, ending: str):
    clip = intended(made()[0])
    refused = moves.refused(clip, quoted("no"), ErrorCode.REFUSED, RetrySafety.SAFE)

    writer.write(
        refused if ending == "refused" else moves.tried(clip, later(PLANNED), quoted("no")), T0
    )

    assert kept(clip) == ()


def test_the_post_that_a_clip_lets_go_of_stays_known(store: str):
    clip = accepted(made()[0])

    back = writer.write(moves.recalled(clip, T0), T0)

    [send] = kept(back)
    assert (back.post_id, back.post_uuid, back.media_url, back.plans) == (None, None, None, ())
    assert (send.post_id, send.post_uuid, send.gone_at) == ("1", "-8", T0)


def test_an_id_brought_home_late_is_written_beside_its_send(store: str):
    clip = intended(made()[0])

    sends.keep_late_id(clip, 1, a_post(9))

    assert [(send.post_id, send.post_uuid) for send in kept(clip)] == [("9", "-16")]


def test_one_copy_for_two_sends_marks_neither(store: str):
    first, second = made("b1", 1)[0], made("b2", 1, account="2000002")[0]
    intended(first)
    intended(second)

    assert [send.is_marked for send in (*kept(first), *kept(second))] == [False, False]


@pytest.mark.parametrize(
    "media_url",
    [
        "https://cdn.example.com/b1/1.mp4",
        "https://CDN.example.com/b1/1.mp4?v=2",
        "https://cdn.example.com/b1/%31.mp4#t",
    ],
)
def test_an_echoed_address_marks_nothing_however_it_is_written(store: str, media_url: str):
    [send] = kept(intended(made()[0], media_url))

    assert not send.is_marked


def test_the_sends_of_a_lane_are_watched_whatever_became_of_their_clips(store: str):
    clip = accepted(made()[0])
    writer.write(moves.recalled(clip, T0), T0)

    watched = sends.watched(clip.lane.id, T0)

    assert [(send.number, now.post_id) for send, now in watched] == [(1, None)]
    assert sends.watched(clip.lane.id, PLANNED) == []


def test_a_post_is_held_by_others_when_another_clip_has_it_and_not_when_this_one_has(store: str):
    mine, theirs = made("b1", 1)[0], made("b2", 1, account="2000002")[0]
    mine, theirs = accepted(mine, 1, "https://a.example/1"), accepted(theirs, 2)
    edited = a_post(2)
    posts = (
        a_post(1),
        Post("77", Network.FACEBOOK, (), None, PostStatus.PENDING, uuid=edited.uuid),
    )

    held = situations.held_by_others(mine, (*posts, a_post(5)))

    assert held == {theirs.post_uuid}


def test_a_post_without_uuid_is_held_by_its_id(store: str):
    mine, theirs = made("b1", 1)[0], made("b2", 1, account="2000002")[0]
    sql("UPDATE publish_batch_clips SET metricool_post_id = '2' WHERE id = ?", theirs.id)
    post = Post("2", Network.FACEBOOK, (), None, PostStatus.PENDING)

    assert situations.held_by_others(mine, (post,)) == {"2"}
    assert situations.held_by_others(clips.find(theirs.id), (post,)) == set()


def test_no_posts_are_held_by_nobody(store: str):
    assert situations.held_by_others(made()[0], ()) == set()


def test_more_posts_than_one_statement_takes_are_asked_for_in_pages(store: str):
    mine, theirs = made("b1", 1)[0], made("b2", 1, account="2000002")[0]
    held = accepted(theirs, 1900)

    posts = tuple(a_post(number) for number in range(2000))

    assert situations.held_by_others(mine, posts) == {held.post_uuid}
    assert note(mine, checks=1).checks == 1
