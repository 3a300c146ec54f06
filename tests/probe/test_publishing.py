"""With probing switched on, a batch is recorded only when each of its clips can be a story."""

from __future__ import annotations

import pytest

from app import build
from config.settings import Settings
from storyclip.probe.check import ClipCheck
from storyclip.store import database
from storyclip.store.history import events
from storyclip.web.factory import create_app
from tests.probe.mp4 import film
from tests.web.conftest import good, nothing_recorded, rows


@pytest.fixture
def app(sqlite, clock, metricool, redis, clips):
    settings = Settings.from_environment({"STORYCLIP_PROBE_CLIPS": "1"}, needs_upstream=False)
    check = ClipCheck(clips.fetcher()).check
    return create_app(settings, metricool, clock, redis.answers, check_clips=check)


def of(*urls):
    return good(posts=[{"url": url} for url in urls])


def test_it_is_off_unless_asked_for():
    assert not Settings.from_environment({}, needs_upstream=False).probe_clips


@pytest.mark.parametrize(("value", "is_on"), [("1", True), ("0", False)])
def test_the_web_looks_at_clips_if_the_setting_says_so(value, is_on, tmp_path):
    settings = Settings.from_environment(
        {
            "DATABASE_URL": f"sqlite:///{tmp_path}/storyclip.db",
            "REDIS_URL": "redis://127.0.0.1:1/0",
            "STORYCLIP_PROBE_CLIPS": value,
        },
        needs_upstream=False,
    )
    try:
        front = build(settings).extensions["storyclip"]
    finally:
        database.disconnect()
        events.forget_listeners()

    assert (front.check_clips is not None) is is_on


def test_a_bad_batch_is_refused_whole_with_every_clip_named_and_nothing_recorded(ana, clips):
    short, wide = film(2), film(size=(1920, 1080))
    body = of(clips.good(), clips.has("/s", short), clips.url("/gone"), clips.has("/w", wide))

    answer = ana.publish(body, {"Idempotency-Key": "k1"})

    assert answer.status_code == 422
    assert answer.content_type == "application/problem+json"
    assert answer.get_json()["code"] == "clips_unusable"
    assert answer.get_json()["errors"] == [
        {"pointer": "/posts/1/url", "detail": "lasts 2 s; 3 to 60 s are allowed"},
        {"pointer": "/posts/2/url", "detail": "its server answers 404; 200 is needed"},
        {
            "pointer": "/posts/3/url",
            "detail": "is 1920 x 1080, that is 1.778; 9:16 is needed, 0.5625 within 5%",
        },
    ]
    assert nothing_recorded()


def test_a_hundred_bad_clips_are_all_named(ana, clips):
    answer = ana.publish(of(*[clips.url(f"/{n}") for n in range(100)]))

    assert [each["pointer"] for each in answer.get_json()["errors"]] == [
        f"/posts/{n}/url" for n in range(100)
    ]


def test_a_good_batch_is_accepted(ana, clips):
    assert ana.publish(of(clips.good(), clips.good())).status_code == 202
    assert rows("publish_batch_clips") == 2


def test_a_repeated_request_gets_its_first_answer_even_if_the_clip_is_gone(ana, clips):
    body, key = of(clips.good()), {"Idempotency-Key": "k1"}
    first = ana.publish(body, key)
    clips.answers.clear()

    again = ana.publish(body, key)
    other = ana.publish(of(clips.url("/other")), key)

    assert (again.status_code, again.get_json()) == (202, first.get_json())
    assert other.get_json()["code"] == "idempotency_key_reused"
    assert len(clips.asked) == 1


def test_a_refused_batch_may_be_sent_again_under_its_key_once_the_clip_is_there(ana, clips):
    body, key = of(clips.url("/good.mp4")), {"Idempotency-Key": "k1"}
    assert ana.publish(body, key).status_code == 422

    clips.good()

    assert ana.publish(body, key).status_code == 202
