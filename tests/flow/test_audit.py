"""The audit: a twin is deleted while that is still possible, and said aloud when it is not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from storyclip.domain.clip import State
from storyclip.domain.network import Network
from storyclip.domain.story import Story
from storyclip.flow.audit import audit
from storyclip.store.database import reading, run
from storyclip.store.publishing import wishes
from tests.flow.acts import on_sqlite, slowly, until
from tests.flow.conftest import Stage
from tests.people import of


def test_what_came_late_of_a_lost_send_is_deleted_and_the_one_we_hold_goes_out(stage: Stage):
    twin_id = _sent_twice(stage)

    audit(stage.clips()[0].lane.id, stage.engine)

    assert stage.upstream.post("2000001", Network.FACEBOOK, twin_id) is None
    stage.pass_time(3 * 3600)
    assert len(stage.live()) == 1
    assert _incidents() == []


@on_sqlite
def test_what_came_of_the_last_send_is_deleted_when_the_clip_holds_that_of_an_earlier_one(
    stage: Stage,
):
    date = stage.at + timedelta(hours=2)
    stage.sandbox.fault(fault="drop_before_create", times=2)
    stage.accept(1, dates=[date])
    stage.play()
    first = _handled_late(stage, date)
    until(stage, State.PENDING)
    until(stage, State.VERIFYING)
    second = _handled_late(stage, date)
    first_id = first()
    until(stage, State.WAITING_CONFIRMATION)
    second_id = second()

    audit(stage.clips()[0].lane.id, stage.engine)

    assert stage.clips()[0].post_id == first_id
    assert stage.upstream.post("2000001", Network.FACEBOOK, second_id) is None


@on_sqlite
def test_a_clip_cancelled_with_the_post_of_an_earlier_send_is_watched_for_that_of_the_last(
    stage: Stage,
):
    date = stage.at + timedelta(hours=2)
    stage.sandbox.fault(fault="drop_before_create", times=2)
    batch = stage.accept(1, dates=[date])
    stage.play()
    first = _handled_late(stage, date)
    until(stage, State.PENDING)
    until(stage, State.VERIFYING)
    second = _handled_late(stage, date)
    first()
    until(stage, State.WAITING_CONFIRMATION)
    wishes.cancel(batch.batch_id, of(batch.user_id), stage.at)
    until(stage, State.CANCELLED)
    second_id = second()

    audit(stage.clips()[0].lane.id, stage.engine)

    assert stage.upstream.post("2000001", Network.FACEBOOK, second_id) is None


@on_sqlite
def test_a_twin_that_was_taken_up_while_an_audit_deleted_it_is_sent_anew(stage: Stage):
    _sent_twice(stage)
    lane_id = stage.clips()[0].lane.id

    def taken_up() -> None:
        wishes.pause("b1", of("ana"), stage.at)
        until(stage, State.PENDING)
        audit(lane_id, stage.engine)
        assert stage.states() == [State.WAITING_CONFIRMATION]

    with slowly(stage, "delete_post", before=taken_up):
        audit(lane_id, stage.engine)
    wishes.resume("b1", of("ana"), stage.at, stage.at)
    stage.pass_time(3 * 3600)

    assert stage.states() == [State.PUBLISHED]
    assert len(stage.live()) == 1


def test_a_twin_that_is_out_is_an_incident_said_once(stage: Stage):
    twin_id = _sent_twice(stage)
    stage.sandbox.ask("POST", f"posts/{twin_id}", {"status": "PUBLISHED"})

    audit(stage.clips()[0].lane.id, stage.engine)
    audit(stage.clips()[0].lane.id, stage.engine)

    [(kind, detail)] = _incidents()
    assert kind == "twin"
    assert twin_id in detail


def test_a_copy_somebody_planned_for_another_minute_is_left_alone(stage: Stage):
    stage.accept(1)
    stage.play()
    copy_id = _twin(stage, later=timedelta(hours=3))

    audit(stage.clips()[0].lane.id, stage.engine)

    assert stage.upstream.post("2000001", Network.FACEBOOK, copy_id) is not None
    assert _incidents() == []


def test_a_published_story_that_vanished_upstream_is_an_incident(stage: Stage):
    stage.accept(1)
    stage.pass_time(120)
    clip = stage.clips()[0]
    assert clip.state is State.PUBLISHED
    stage.upstream.delete_post("2000001", str(clip.post_id))
    stage.at += timedelta(minutes=15)

    audit(clip.lane.id, stage.engine)

    assert [kind for kind, _ in _incidents()] == ["published_absent"]


def test_an_audit_that_metricool_does_not_answer_changes_nothing(stage: Stage):
    stage.accept(1)
    stage.play()
    before = stage.clips()
    stage.sandbox.fault(fault="list_fails", status=503)

    audit(before[0].lane.id, stage.engine)

    assert stage.clips() == before
    assert _incidents() == []


def test_a_copy_on_the_same_date_is_told_and_not_touched(stage: Stage):
    stage.accept(1)
    stage.play()
    copy_id = _twin(stage)

    audit(stage.clips()[0].lane.id, stage.engine)

    assert stage.upstream.post("2000001", Network.FACEBOOK, copy_id) is not None
    [(kind, detail)] = _incidents()
    assert kind == "copied"
    assert copy_id in detail


def _sent_twice(stage: Stage) -> str:
    """A clip sent again after its first POST was lost, which Metricool handles only now."""
    date = stage.at + timedelta(hours=2)
    stage.sandbox.fault(fault="drop_before_create", times=1)
    stage.accept(1, dates=[date])
    stage.play()
    lost_media = stage.clips()[0].media_url
    assert lost_media is not None
    stage.pass_time(1200)
    assert stage.clips()[0].post_id is not None
    return stage.upstream.submit_story(Story("2000001", Network.FACEBOOK, lost_media, date)).id


def _handled_late(stage: Stage, date: datetime) -> Callable[[], str]:
    """Return what has Metricool handle now the POST that the clip was last sent with."""
    media_url = stage.clips()[0].media_url
    assert media_url is not None
    story = Story("2000001", Network.FACEBOOK, media_url, date)
    return lambda: stage.upstream.submit_story(story).id


def _twin(stage: Stage, later: timedelta = timedelta(0)) -> str:
    clip = stage.clips()[0]
    assert clip.media_url
    assert clip.planned_for
    story = Story("2000001", Network.FACEBOOK, clip.media_url, clip.planned_for)
    return stage.upstream.submit_story(replace(story, planned_for=story.planned_for + later)).id


def _incidents() -> list[Any]:
    with reading():
        return list(run("SELECT kind, detail FROM incidents ORDER BY id").fetchall())
