"""Accepted is not live: what a look may show, and how long StoryClip keeps looking."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from storyclip.domain.clip import State
from storyclip.domain.errors import RetrySafety
from storyclip.upstream import SANDBOX_TOKEN, SANDBOX_USER_ID
from storyclip.upstream.exchange import Request
from tests.flow.conftest import Stage, source
from tests.judge import created_by_source

MADE_BY_METRICOOL = ("creationDate", "creatorUserMail", "creatorUserId", "hasNotReadNotes")


def test_a_confirmation_that_never_comes_is_called_unconfirmed_after_60_checks(stage: Stage):
    stage.sandbox.fault(fault="never_publishes", source="/1.mp4")
    stage.accept(2)
    stage.play()
    planned_for = stage.clips()[0].planned_for
    assert planned_for is not None
    until_planned_s = (planned_for - stage.at).total_seconds()

    stage.pass_time(until_planned_s + 115)
    assert stage.states()[0] is State.WAITING_CONFIRMATION

    stage.pass_time(10)
    clip = stage.clips()[0]
    assert (clip.state, clip.checks) == (State.FAILED, 60)
    assert (clip.error_code, clip.retry_safety) == ("unconfirmed", RetrySafety.CHECK_FIRST)
    assert stage.batch().unconfirmed == 1
    stage.pass_time(180)
    assert stage.states()[1] is State.PUBLISHED


def test_a_confirmation_at_minute_nine_heals_the_clip_and_the_counters(stage: Stage):
    stage.sandbox.fault(fault="publishing_for_long", seconds=9 * 60, times=1)
    stage.accept(1)

    stage.pass_time(5 * 60)
    assert stage.states() == [State.FAILED]
    assert stage.batch().status == "failed"

    stage.pass_time(10 * 60)
    assert stage.states() == [State.PUBLISHED]
    batch = stage.batch()
    assert batch.status == "completed"
    assert (batch.published, batch.failed, batch.unconfirmed) == (1, 0, 0)
    assert created_by_source(stage.sandbox.ledger()) == {source("b1", 1): 1}


def test_the_late_watch_looks_less_and_less_often_and_ends_after_an_hour(stage: Stage):
    stage.sandbox.fault(fault="never_publishes")
    stage.accept(1)
    stage.pass_time(300)
    looks_at_first = len(stage.sandbox.requests())

    stage.pass_time(3700)

    looks = len(stage.sandbox.requests()) - looks_at_first
    assert 8 <= looks <= 40
    assert stage.clips()[0].next_at is None
    assert stage.clips()[0].error_code == "unconfirmed"


def test_an_error_upstream_fails_the_clip_in_the_networks_words(stage: Stage):
    stage.sandbox.fault(fault="network_error", words="Error 36003/2207009: aspect ratio")
    stage.accept(1)

    stage.pass_time(120)

    clip = stage.clips()[0]
    assert (clip.state, clip.error_code) == (State.FAILED, "network_error")
    assert clip.error == "Error 36003/2207009: aspect ratio"
    assert stage.batch().status == "failed"


def test_awaiting_confirmation_is_said_at_once_and_healed_when_somebody_confirms(stage: Stage):
    stage.sandbox.fault(fault="awaiting_confirmation")
    stage.accept(1)
    stage.pass_time(120)
    clip = stage.clips()[0]
    assert (clip.state, clip.error_code) == (State.FAILED, "awaiting_confirmation")
    assert clip.retry_safety is RetrySafety.CHECK_FIRST

    stage.sandbox.ask("POST", f"posts/{clip.post_id}", {"status": "PUBLISHED"})
    stage.pass_time(300)

    assert stage.states() == [State.PUBLISHED]


def test_a_status_nobody_knows_is_not_an_end(stage: Stage):
    stage.sandbox.fault(fault="unknown_status", words="IN_REVIEW")
    stage.accept(1)

    stage.pass_time(120)

    assert stage.states() == [State.WAITING_CONFIRMATION]


def test_a_404_right_after_the_create_means_nothing(stage: Stage):
    stage.sandbox.fault(fault="get_404_after_create", seconds=30)
    stage.accept(1)

    stage.pass_time(180)

    assert stage.states() == [State.PUBLISHED]
    assert stage.clips()[0].attempts == 1


def test_a_date_that_metricool_moved_moves_the_count_with_it(stage: Stage):
    stage.sandbox.fault(fault="date_moved", seconds=600)
    stage.accept(1)
    stage.play()
    first_plan = stage.clips()[0].plans[0]

    stage.pass_time(500)
    assert stage.states() == [State.WAITING_CONFIRMATION]
    assert stage.clips()[0].planned_for == first_plan + timedelta(minutes=10)

    stage.pass_time(300)
    assert stage.states() == [State.PUBLISHED]


def test_a_post_edited_in_metricool_is_followed_to_its_new_id(stage: Stage):
    stage.accept(1)
    stage.play()
    old_id = stage.clips()[0].post_id
    _edit_in_metricool(stage, str(old_id))

    stage.pass_time(180)

    clip = stage.clips()[0]
    assert clip.post_id != old_id
    assert clip.state is State.PUBLISHED
    assert stage.live() == [source("b1", 1)]


def test_a_post_deleted_in_metricool_is_cancelled_and_the_batch_goes_on(stage: Stage):
    stage.accept(2)
    stage.play()
    stage.upstream.delete_post("2000001", str(stage.clips()[0].post_id))

    stage.pass_time(300)

    assert stage.states() == [State.CANCELLED, State.PUBLISHED]
    assert stage.clips()[0].error == "deleted in Metricool"


def test_looks_without_an_answer_are_not_counted(stage: Stage):
    stage.sandbox.fault(fault="get_fails", status=503)
    stage.accept(1)

    stage.pass_time(600)
    assert stage.states() == [State.WAITING_CONFIRMATION]
    assert stage.clips()[0].checks == 0

    stage.sandbox.clear_faults()
    stage.pass_time(10)
    assert stage.states() == [State.PUBLISHED]


def _edit_in_metricool(stage: Stage, post_id: str) -> None:
    post = _asked(stage, "GET", post_id)
    post = {name: value for name, value in post.items() if name not in MADE_BY_METRICOOL}
    post["providers"] = [{"network": provider["network"]} for provider in post["providers"]]
    _asked(stage, "PUT", post_id, post)


def _asked(stage: Stage, method: str, post_id: str, body: Any = None) -> Any:
    query = {"userId": SANDBOX_USER_ID, "blogId": "2000001"}
    access = {"X-Mc-Auth": SANDBOX_TOKEN}
    request = Request(method, f"/v2/scheduler/posts/{post_id}", query, access, body)
    answer = stage.upstream._exchange.ask(request, over_at=float("inf"))
    assert answer.status == 200, answer
    return json.loads(answer.body)["data"]
