"""What a receiver hears, over real HTTP and on both databases."""

from __future__ import annotations

from datetime import timedelta

import pytest

from storyclip.domain.clip import Event
from storyclip.store.history import deliveries, events
from storyclip.store.publishing.clips import find
from tests.store.making import made, published, rows
from tests.webhooks.conftest import LIVE, LOST, REFUSED, Post
from tests.webhooks.receiver import answers, breaks_off, receiving, says_nothing, secret_of

ALL_OF_TWO = [("clip.published", 4), ("clip.published", 7), ("batch.completed", 7)]


def test_each_end_of_a_clip_and_of_its_batch_is_told_in_order(post: Post):
    for clip in post.batch():
        post.walk(clip, *LIVE)

    post.tell_all()

    assert [one.place for one in post.receiver.heard] == ALL_OF_TWO
    assert post.next_at() is None


def test_the_courier_is_called_by_what_makes_a_webhook_due_and_by_nothing_else(post: Post):
    due = list[object]()
    events.on_delivery(lambda: due.append(post.next_at()))
    (told,) = post.batch(count=1)
    untold, *_ = made("nobody is told", account="2")

    published(untold)
    post.walk(told, *LIVE[:-1])
    assert due == []

    post.walk(find(told.id), LIVE[-1])

    assert len(due) == 1
    assert due[0] is not None


def test_a_message_says_how_the_batch_stood_and_is_signed_for_its_user(post: Post):
    first, second = post.batch()
    post.walk(first, *LIVE)
    post.walk(second, *REFUSED)

    post.tell_all()

    heard = post.receiver.heard
    assert heard[0].body == {
        "type": "clip.published",
        "timestamp": "2026-12-01T12:00:00.000Z",
        "data": {
            "batchId": "b1",
            "jobId": "job_b1",
            "seq": 4,
            "accountId": "2000001",
            "network": "facebook",
            "status": "processing",
            "total": 2,
            "published": 1,
            "failed": 0,
            "unconfirmed": 0,
            "cancelled": 0,
            "clip": heard[0].body["data"]["clip"],
        },
    }
    assert heard[0].body["data"]["clip"]["id"] == "clip_1"
    assert heard[0].path == "/hooks?from=storyclip"
    assert heard[0].headers["content-type"] == "application/json"
    assert len({one.id for one in heard}) == len(heard) == 3
    assert not any("." in one.id for one in heard)
    assert all(one.is_signed_with(secret_of("ana")) for one in heard)
    assert not any(one.is_signed_with(secret_of("bob")) for one in heard)


@pytest.mark.parametrize(
    ("ending", "asked", "told"),
    [
        (REFUSED, {}, ["clip.failed", "batch.failed"]),
        (LOST, {}, ["clip.unconfirmed", "batch.failed"]),
        ((Event.WITHDRAWN,), {}, ["batch.cancelled"]),
    ],
)
def test_an_end_without_a_story_is_told_by_its_kind(post: Post, ending, asked, told):
    (clip,) = post.batch(count=1, **asked)
    post.walk(clip, *ending)

    post.tell_all()

    assert [kind for kind, _ in post.places()] == told


def test_a_batch_that_paused_itself_says_so(post: Post):
    first, _ = post.batch(on_failure="pause")
    post.walk(first, *REFUSED)

    post.tell_all()

    assert [kind for kind, _ in post.places()] == ["clip.failed", "batch.paused"]


def test_a_story_that_turns_up_late_is_told_and_one_that_only_moved_is_not(post: Post):
    (clip,) = post.batch(count=1)
    post.walk(clip, *LOST)
    post.tell_all()
    told = len(post.receiver.heard)

    post.walk(find(clip.id), Event.MOVED)
    post.tell_all()
    after_the_move = len(post.receiver.heard)
    post.walk(find(clip.id), Event.SEEN_LIVE)
    post.tell_all()

    assert (told, after_the_move) == (2, 2)
    assert [kind for kind, _ in post.places()][2:] == ["clip.published", "batch.completed"]


@pytest.mark.parametrize(
    "manner",
    [answers(500), answers(302, Location="http://127.0.0.1:1/"), breaks_off, says_nothing],
    ids=["500", "redirect", "half an answer", "half a status line"],
)
def test_what_is_not_clearly_heard_is_told_again_and_nothing_overtakes_it(post: Post, manner):
    post.receiver.manners = [manner, manner, answers(200), manner]
    for clip in post.batch():
        post.walk(clip, *LIVE)

    post.tell_all()

    first, second, third = ALL_OF_TWO
    assert [one.place for one in post.receiver.heard] == [first] * 3 + [second] * 2 + [third]
    assert len(post.receiver.firsts()) == 3
    assert all(one.is_signed_with(secret_of("ana")) for one in post.receiver.heard)


@pytest.mark.parametrize("manner", ["is_stuck", "drips"])
def test_a_receiver_slower_than_the_deadline_is_hung_up_on_and_told_again(post: Post, manner):
    post.receiver.manners = [getattr(post.receiver, manner)]
    post.teller = post.teller_with(deadline_s=0.5)
    (clip,) = post.batch(count=1)
    post.walk(clip, *LIVE)

    post.tell_all()

    assert [kind for kind, _ in (one.place for one in post.receiver.heard)] == [
        "clip.published",
        "clip.published",
        "batch.completed",
    ]


def test_a_receiver_that_is_down_hears_everything_when_it_is_back(post: Post):
    port = int(post.receiver.url.split(":")[2].split("/")[0])
    with receiving() as down:
        post.receiver.url = down.url
        port = int(down.url.split(":")[2].split("/")[0])
    for clip in post.batch():
        post.walk(clip, *LIVE)
    post.tell_all(within=timedelta(hours=20))
    down_until = post.at

    with receiving(port) as back:
        post.receiver = back
        post.tell_all()

        assert down_until.day != 1 or down_until.hour >= 7
        assert post.places() == ALL_OF_TWO


def test_waits_between_attempts_double_up_to_the_longest(post: Post):
    post.receiver.manners = [answers(503)] * 12
    (clip,) = post.batch(count=1)
    post.walk(clip, *LIVE)

    waits = []
    for _ in range(10):
        post.round()
        due = post.next_at()
        assert due is not None
        waits.append((due - post.at).total_seconds())
        post.at = due

    assert waits == [2, 4, 8, 16, 32, 64, 128, 256, 300, 300]


def test_after_a_day_of_failures_it_is_given_up_and_an_incident_says_so(post: Post):
    post.receiver.manners = [answers(500)] * 1000
    for clip in post.batch():
        post.walk(clip, *LIVE)

    post.tell_all(within=timedelta(hours=23, minutes=50))
    before = rows("SELECT kind FROM incidents")
    post.tell_all(within=timedelta(hours=1))

    assert before == []
    ((kind, subject, detail),) = rows("SELECT kind, subject, detail FROM incidents")
    assert (kind, subject) == ("webhook_given_up", "b1")
    assert "answered 500" in detail
    assert post.next_at() is None


def test_a_receiver_that_is_gone_for_good_is_told_nothing_more(post: Post):
    post.receiver.manners = [answers(410)]
    first, second = post.batch()
    post.walk(first, *LIVE)
    post.tell_all()

    post.walk(second, *LIVE)
    post.tell_all()

    assert len(post.receiver.heard) == 1
    assert rows("SELECT kind FROM incidents") == []


def test_only_one_of_two_that_see_the_same_delivery_makes_it(post: Post):
    (clip,) = post.batch(count=1)
    post.walk(clip, *LIVE)
    (seen,) = deliveries.due(post.at, 10)

    post.teller.step(seen)
    post.teller.step(seen)

    assert len(post.receiver.heard) == 1


def test_what_a_killed_worker_had_claimed_is_due_again_a_minute_later(post: Post):
    (clip,) = post.batch(count=1)
    post.walk(clip, *LIVE)
    (seen,) = deliveries.due(post.at, 10)
    deliveries.claim(seen, post.at, post.at + timedelta(seconds=60))

    at_once = post.round()
    post.tell_all()

    assert at_once == 0
    assert [kind for kind, _ in post.places()] == ["clip.published", "batch.completed"]


def test_what_happens_while_a_message_is_under_way_is_told_next(post: Post):
    first, second = post.batch()
    post.walk(first, *LIVE)
    (seen,) = deliveries.due(post.at, 10)
    revision = deliveries.claim(seen, post.at, post.at + timedelta(seconds=60))

    post.walk(second, *LIVE)
    has_more = deliveries.move_on(seen, revision, 5, 0, post.at)
    post.tell_all()

    assert has_more
    assert post.places() == ALL_OF_TWO[1:]


def test_without_leave_nothing_goes_to_this_machine(post: Post):
    post.teller = post.teller_with(STORYCLIP_WEBHOOK_ALLOW_PRIVATE="false")
    (clip,) = post.batch(count=1)
    post.walk(clip, *LIVE)

    post.round()

    assert post.receiver.heard == []
    assert "https" in rows("SELECT last_error FROM webhook_deliveries")[0][0]
