"""From PENDING to PUBLISHED, and the posts that never get there."""

import pytest

from tests.eventually import eventually
from tests.sandbox.conftest import Metricool


def test_a_story_is_publishing_at_its_date_and_published_the_delay_later(metricool: Metricool):
    post = metricool.created(metricool.story(in_s=120))

    metricool.sandbox.advance(119.999)
    assert metricool.status(post["id"]) == "PENDING"
    metricool.sandbox.advance(0.001)
    assert metricool.status(post["id"]) == "PUBLISHING"
    metricool.sandbox.advance(4.999)
    assert metricool.status(post["id"]) == "PUBLISHING"
    metricool.sandbox.advance(0.001)

    [provider] = metricool.get(post["id"]).json()["data"]["providers"]
    assert provider["status"] == "PUBLISHED"
    assert provider["id"]
    assert provider["publicUrl"].startswith("https://facebook.com/")
    [line] = metricool.ledger("published")
    assert line["time"] == metricool.iso(125)
    assert line["plannedFor"] == metricool.iso(120)


def test_each_network_of_a_post_ends_on_its_own(metricool: Metricool):
    metricool.sandbox.fault(fault="network_error", network="instagram", words="Media not ready")
    body = metricool.story(network="instagram") | {
        "providers": [{"network": "facebook"}, {"network": "instagram"}],
        "facebookData": {"type": "STORY"},
    }
    post = metricool.created(body)

    metricool.sandbox.advance(125)

    facebook, instagram = metricool.get(post["id"]).json()["data"]["providers"]
    assert facebook["status"] == "PUBLISHED"
    assert (instagram["status"], instagram["detailedStatus"]) == ("ERROR", "Media not ready")
    assert [(line["event"], line["network"]) for line in metricool.ledger()] == [
        ("created", "facebook"),
        ("created", "instagram"),
        ("published", "facebook"),
        ("error", "instagram"),
    ]


@pytest.mark.parametrize(
    "fields",
    [
        {"draft": True},
        {"autoPublish": False},
        {"instagramData": {"type": "STORY"}},
        {"instagramData": {"type": "STORY", "autoPublish": False}},
    ],
)
def test_drafts_and_reminders_stay_pending(metricool: Metricool, fields):
    post = metricool.created(metricool.story(network="instagram") | fields)

    metricool.sandbox.advance(600)

    assert metricool.status(post["id"]) == "PENDING"
    assert metricool.listed() != []


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"text": "Hello"}, "max characters allowed: 0"),
        ({"media": []}, "a story needs an image or a video"),
    ],
)
def test_a_story_with_text_or_without_media_is_an_error(metricool: Metricool, fields, words):
    post = metricool.created(metricool.story() | fields)

    metricool.sandbox.advance(125)

    assert metricool.status(post["id"]) == "ERROR"
    assert [line["detail"] for line in metricool.ledger("error")] == [words]


def test_a_post_that_is_no_story_may_have_text(metricool: Metricool):
    post = metricool.created(metricool.story(text="Hello", facebookData={"type": "POST"}))

    metricool.sandbox.advance(125)

    assert metricool.status(post["id"]) == "PUBLISHED"


def test_stories_with_text_are_published_when_that_is_accepted(start, client_of):
    metricool = client_of(start(clock="2026-12-01T12:00:00Z", stories_text="accept"))
    post = metricool.created(metricool.story(text="Hello"))

    metricool.sandbox.advance(125)

    assert metricool.status(post["id"]) == "PUBLISHED"


def test_at_once_publishes_on_creation_and_the_answer_still_says_pending(start, client_of):
    metricool = client_of(start(clock="2026-12-01T12:00:00Z", at_once=True))

    post = metricool.created(metricool.story(in_s=86_400))

    assert post["providers"][0]["status"] == "PENDING"
    assert metricool.status(post["id"]) == "PUBLISHED"
    assert [(line["event"], line["time"]) for line in metricool.ledger()] == [
        ("created", metricool.iso(0)),
        ("published", metricool.iso(0)),
    ]


def test_a_running_sandbox_publishes_though_nobody_calls(start, client_of):
    metricool = client_of(start(date_step=1, publish_delay=0.2))
    metricool.created(metricool.story(in_s=1))

    eventually(lambda: metricool.ledger("published"))

    [created], [published] = metricool.ledger("created"), metricool.ledger("published")
    assert published["time"] == created["plannedFor"].replace(".000Z", ".200Z")
