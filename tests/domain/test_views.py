import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storyclip.domain.batch import Status
from storyclip.domain.clip import State
from storyclip.domain.dates.mode import Mode
from storyclip.domain.errors import ErrorCode, RetrySafety
from storyclip.domain.views import clip_view, event_view, rfc3339, status_view, summary_view
from tests.domain.making import T0, a_batch, a_clip

TOTAL_S = 120.0
NAIVE = T0.replace(tzinfo=None)
CLIP_KEYS = {
    "index",
    "id",
    "url",
    "title",
    "status",
    "metricoolPostId",
    "facebookPostId",
    "publicUrl",
    "error",
    "errorCode",
    "errorFacts",
    "retrySafety",
    "attempts",
    "scheduledAt",
    "uploadedAt",
    "publishedAt",
}
FACTS = {
    "batchId",
    "tenant",
    "jobId",
    "status",
    "phase",
    "publishMode",
    "accountId",
    "network",
    "progress",
    "currentIndex",
    "currentStory",
    "currentStatus",
    "waitProgress",
    "scheduledFor",
    "schedule",
    "createdAt",
    "startedAt",
    "completedAt",
    "error",
    "errorCode",
    "errorFacts",
    "lastSeq",
}
EVENT_KEYS = {
    "type",
    "batchId",
    "seq",
    "current",
    "total",
    "published",
    "errors",
    "unconfirmed",
    "cancelled",
    "currentStory",
    "status",
    "clip",
    "timestamp",
}
COUNTERS = {"total", "published", "failed", "unconfirmed", "cancelled"}

FAR_ON = a_clip(
    2,
    State.FAILED,
    title="Second",
    attempts=2,
    post_id="310000001",
    network_post_id="fb_1",
    public_url="https://facebook.com/fb_1",
    error="gone",
    error_code=ErrorCode.UNCONFIRMED.value,
    retry_safety=RetrySafety.CHECK_FIRST,
    planned_for=T0,
    uploaded_at=T0 + timedelta(seconds=1),
    published_at=T0 + timedelta(seconds=2),
)


def test_a_clip_is_shown_with_exactly_its_fields():
    assert clip_view(a_clip()).keys() == CLIP_KEYS


def test_a_clip_is_shown_as_it_is():
    assert clip_view(FAR_ON) == {
        "index": 2,
        "id": "clip_2",
        "url": "https://cdn.example.com/2.mp4",
        "title": "Second",
        "status": "failed",
        "metricoolPostId": "310000001",
        "facebookPostId": "fb_1",
        "publicUrl": "https://facebook.com/fb_1",
        "error": "gone",
        "errorCode": "unconfirmed",
        "errorFacts": {"reason": "quoted", "said": "gone"},
        "retrySafety": "check_first",
        "attempts": 2,
        "scheduledAt": "2026-12-01T12:00:00.000Z",
        "uploadedAt": "2026-12-01T12:00:01.000Z",
        "publishedAt": "2026-12-01T12:00:02.000Z",
    }


def test_a_status_has_exactly_its_fields():
    view = status_view(a_batch(), [a_clip()], T0, TOTAL_S, None)

    assert view.keys() == FACTS | {"posts", "clips"}
    assert view["posts"].keys() == COUNTERS
    assert view["waitProgress"].keys() == {"elapsed", "total"}


def test_a_summary_has_the_same_facts_with_the_counters_on_top():
    view = summary_view(a_batch(), a_clip(), T0, TOTAL_S, None)

    assert view.keys() == FACTS | COUNTERS


def test_status_and_summary_agree_on_every_fact():
    batch, clips = a_batch(2, published=1, started_at=T0), [a_clip(1, State.PUBLISHED), a_clip(2)]

    status = dict(status_view(batch, clips, T0, TOTAL_S, None))
    summary = dict(summary_view(batch, clips[1], T0, TOTAL_S, None))

    assert {key: status[key] for key in FACTS} == {key: summary[key] for key in FACTS}
    assert status["posts"] == {key: summary[key] for key in COUNTERS}


def test_an_event_has_exactly_its_fields():
    assert event_view(a_batch(), a_batch(), a_clip(), T0).keys() == EVENT_KEYS


def test_an_event_without_a_clip_says_so():
    view = event_view(a_batch(), a_batch(), None, T0)

    assert (view["clip"], view["currentStory"]) == (None, None)


def test_an_event_shows_the_batch_as_it_is_after_the_change():
    after = a_batch(3, last_seq=7, current_index=2, published=1, failed=1)

    view = event_view(a_batch(3), after, FAR_ON, T0)

    shown = {key: view[key] for key in ("seq", "current", "total", "published", "errors")}
    assert shown == {"seq": 7, "current": 2, "total": 3, "published": 1, "errors": 1}
    assert view["clip"] == clip_view(FAR_ON)


@pytest.mark.parametrize(
    ("before", "after", "kind"),
    [
        (Status.PROCESSING, Status.PROCESSING, "progress"),
        (Status.PAUSED, Status.PAUSED, "progress"),
        (Status.PROCESSING, Status.PAUSED, "paused"),
        (Status.PAUSED, Status.PROCESSING, "resumed"),
        (Status.FAILED, Status.PROCESSING, "resumed"),
        (Status.PROCESSING, Status.COMPLETED, "completed"),
        (Status.FAILED, Status.COMPLETED, "completed"),
        (Status.PROCESSING, Status.FAILED, "error"),
        (Status.PROCESSING, Status.CANCELLED, "cancelled"),
    ],
)
def test_an_event_is_named_after_what_became_of_the_batch(before, after, kind):
    assert event_view(a_batch(status=before), a_batch(status=after), None, T0)["type"] == kind


@pytest.mark.parametrize(
    "view",
    [
        status_view(a_batch(1, published=1), [FAR_ON], T0, TOTAL_S, "refused"),
        summary_view(a_batch(1), FAR_ON, T0, TOTAL_S, None),
        event_view(a_batch(1), a_batch(1), FAR_ON, T0),
    ],
)
def test_whatever_is_shown_is_json(view):
    assert json.loads(json.dumps(view)) == view


def test_a_title_is_shown_and_without_one_the_clients_own_id():
    untitled = a_clip(1, title="")

    assert summary_view(a_batch(), a_clip(1), T0, TOTAL_S, None)["currentStory"] == "Clip 1"
    assert summary_view(a_batch(), untitled, T0, TOTAL_S, None)["currentStory"] == "clip_1"


def test_why_an_account_is_refused_is_the_error_while_the_batch_runs():
    running = summary_view(a_batch(error="old"), a_clip(), T0, TOTAL_S, "reconnect it")
    ended = a_batch(1, published=1, status=Status.COMPLETED, error="old")

    assert running["error"] == "reconnect it"
    assert summary_view(ended, a_clip(), T0, TOTAL_S, "reconnect it")["error"] == "old"


@given(
    st.sampled_from(State),
    st.none() | st.integers(-10_000, 10_000),
    st.floats(0, 7200, allow_nan=False),
)
def test_a_wait_never_shows_less_than_nothing_or_more_than_all(state, ago_s, total_s):
    planned_for = None if ago_s is None else T0 - timedelta(seconds=ago_s)
    clip = a_clip(1, state, planned_for=planned_for)

    wait = summary_view(a_batch(), clip, T0, round(total_s, 1), None)["waitProgress"]

    assert 0 <= wait["elapsed"] <= wait["total"] == round(total_s, 1)


def test_only_a_clip_that_metricool_has_is_waited_for():
    waiting = a_clip(1, State.WAITING_CONFIRMATION, planned_for=T0 - timedelta(seconds=7))
    verifying = replace(waiting, state=State.VERIFYING)

    waits = [
        summary_view(a_batch(), clip, T0, TOTAL_S, None)["waitProgress"]["elapsed"]
        for clip in (waiting, verifying)
    ]

    assert waits == [7.0, 0.0]


@given(st.datetimes(NAIVE.replace(2000), NAIVE.replace(2200), timezones=st.just(UTC)))
def test_every_time_out_is_utc_with_a_z_and_the_same_instant_to_the_millisecond(instant):
    text = rfc3339(instant)

    assert text is not None
    assert text.endswith("Z")
    assert timedelta() <= instant - datetime.fromisoformat(text) < timedelta(milliseconds=1)


def test_no_time_stays_none():
    assert rfc3339(None) is None


def test_a_time_of_another_zone_is_shown_in_utc():
    madrid = T0.astimezone(timezone(timedelta(hours=1)))

    assert rfc3339(madrid) == "2026-12-01T12:00:00.000Z"


def test_a_time_of_nobody_knows_where_is_not_shown():
    with pytest.raises(ValueError, match="naive"):
        rfc3339(NAIVE)


def test_a_clip_with_a_date_of_its_own_shows_it_before_metricool_is_asked():
    clip = a_clip(wished_for=T0)

    assert clip_view(clip, Mode.SCHEDULED)["scheduledAt"] == "2026-12-01T12:00:00.000Z"
    assert clip_view(clip, Mode.NOW)["scheduledAt"] is None
