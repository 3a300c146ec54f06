"""The lost answer: found and adopted, or proven absent and only then sent again."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from storyclip.domain.clip import Event, State
from storyclip.domain.errors import LostRace, RetrySafety
from storyclip.store.database import run, writing
from tests.flow.acts import slowly
from tests.flow.conftest import Stage, source
from tests.judge import created_by_source
from tests.store.making import record

CREATED_BUT_UNREADABLE = [
    {"fault": "create_then_drop"},
    {"fault": "create_then_status", "status": 500},
    {"fault": "create_then_status", "status": 502},
    {"fault": "create_then_status", "status": 409},
    {"fault": "create_then_html_200"},
    {"fault": "create_then_empty_200"},
    {"fault": "create_then_truncated"},
    {"fault": "create_without_id"},
]


@pytest.mark.parametrize("fault", CREATED_BUT_UNREADABLE, ids=str)
def test_a_story_created_without_a_readable_answer_is_adopted(stage: Stage, fault: dict):
    stage.sandbox.fault(**fault, times=1)
    stage.accept(2)

    stage.pass_time(300)

    assert stage.live() == [source("b1", 1), source("b1", 2)]
    assert created_by_source(stage.sandbox.ledger()) == {source("b1", 1): 1, source("b1", 2): 1}
    assert [clip.attempts for clip in stage.clips()] == [1, 1]


def test_a_post_cut_before_metricool_took_it_is_sent_again_past_the_fence(stage: Stage):
    stage.sandbox.fault(fault="drop_before_create", times=1)
    stage.accept(1)
    stage.play()
    fence_at = stage.clips()[0].fence_at

    stage.pass_time(400)

    clip = stage.clips()[0]
    assert stage.live() == [source("b1", 1)]
    assert clip.attempts == 2
    assert fence_at is not None
    assert clip.plans[1] >= fence_at + timedelta(seconds=stage.settings.settle_s)


def test_nothing_is_sent_again_while_the_list_lags_behind(stage: Stage):
    stage.sandbox.fault(fault="create_then_drop", times=1)
    stage.sandbox.fault(fault="list_lags", seconds=150)
    stage.accept(1)

    stage.pass_time(400)

    assert created_by_source(stage.sandbox.ledger()) == {source("b1", 1): 1}
    assert stage.states() == [State.PUBLISHED]


def test_a_post_that_arrives_after_its_date_is_refused_and_sent_again_once(stage: Stage):
    quick = stage.settings.model_copy(update={"http_deadline_s": 0.5})
    engine = stage.engine_of("worker-a", settings=quick, upstream=stage.access(0.5))
    stage.sandbox.fault(fault="delay_before_create", seconds=200, times=1)
    stage.accept(1)
    stage.play(engine)
    assert stage.states() == [State.VERIFYING]

    stage.pass_time(500)

    assert created_by_source(stage.sandbox.ledger()) == {source("b1", 1): 1}
    assert stage.live() == [source("b1", 1)]


def test_absence_is_not_believed_from_one_list(stage: Stage):
    stage.sandbox.fault(fault="drop_before_create", times=1)
    stage.accept(1)
    stage.play()
    while stage.clips()[0].missing_since is None:
        stage.pass_time(1)

    lists = [call for call in stage.sandbox.requests() if call["path"].endswith("scheduler/posts")]

    assert stage.states() == [State.VERIFYING]
    assert lists
    stage.pass_time(8)
    assert stage.states() == [State.VERIFYING]
    stage.pass_time(3)
    assert stage.clips()[0].attempts == 2


@pytest.mark.parametrize(
    ("listing", "lack"),
    [
        ("posts_between", {"is_whole": False}),
        ("posts_between", {"upstream_now": None}),
        ("deleted_posts", {"is_whole": False}),
    ],
)
def test_absence_is_not_believed_from_a_look_that_lacks_something(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, listing: str, lack: dict[str, Any]
):
    stage.sandbox.fault(fault="drop_before_create", times=1)
    stage.accept(1)
    whole_look = getattr(stage.upstream, listing)
    with monkeypatch.context() as patched:
        patched.setattr(stage.upstream, listing, lambda *of: replace(whole_look(*of), **lack))

        stage.pass_time(600)
        assert stage.states() == [State.VERIFYING]
        stage.pass_time(300)

    clip = stage.clips()[0]
    assert (clip.state, clip.retry_safety) == (State.FAILED, RetrySafety.CHECK_FIRST)
    assert created_by_source(stage.sandbox.ledger()) == {}
    assert 20 <= len(stage.sandbox.requests()) <= 120


def test_a_look_that_fails_leaves_the_clip_where_it_is(stage: Stage):
    stage.sandbox.fault(fault="drop_before_create", times=1)
    stage.sandbox.fault(fault="list_fails", status=503)
    stage.accept(1)

    stage.pass_time(900)

    assert stage.states() == [State.VERIFYING]
    assert created_by_source(stage.sandbox.ledger()) == {}
    stage.sandbox.clear_faults()
    stage.pass_time(300)
    assert stage.live() == [source("b1", 1)]


def test_a_clip_lost_on_the_way_every_time_fails_safely(stage: Stage):
    stage.sandbox.fault(fault="drop_before_create")
    stage.accept(1)

    stage.pass_time(2400)

    clip = stage.clips()[0]
    assert (clip.state, clip.attempts) == (State.FAILED, 5)
    assert (clip.error_code, clip.retry_safety) == ("not_created", RetrySafety.SAFE)


def test_a_story_deleted_in_metricool_while_its_answer_was_lost_is_cancelled(stage: Stage):
    stage.sandbox.fault(fault="create_then_drop", times=1)
    stage.sandbox.fault(fault="list_fails", status=503)
    stage.accept(1)
    stage.play()
    made = next(line for line in stage.sandbox.ledger() if line["event"] == "created")
    stage.upstream.delete_post("2000001", str(made["postId"]))
    stage.sandbox.clear_faults()

    stage.pass_time(400)

    assert stage.states() == [State.CANCELLED]
    assert stage.clips()[0].error_code == "deleted_in_metricool"
    assert stage.live() == []


def test_equal_urls_in_one_batch_are_told_apart_though_media_is_only_echoed(stage: Stage):
    stage.sandbox.fault(fault="normalize_echo")
    batch = stage.accept(1, name="b1")
    twin = stage.accept(1, name="b2")
    same_url = source("b1", 1)
    _rename(twin.batch_id, same_url)
    stage.pass_time(90)
    assert stage.states(batch.batch_id) == [State.PUBLISHED]
    stage.sandbox.fault(fault="create_then_drop", times=1)

    stage.pass_time(300)

    first, second = stage.clips("b1")[0], stage.clips("b2")[0]
    assert first.post_id != second.post_id
    assert stage.live() == [same_url, same_url]


def test_a_slow_worker_called_dead_cannot_finish_what_was_taken_from_it(stage: Stage):
    stage.accept(1)
    clip = stage.clips()[0]
    plan = {"planned_for": stage.at, "plans": (stage.at,), "intended_at": stage.at}
    mine = record(clip, Event.CLAIMED, at=stage.at, next_at=stage.at, worker="slow", **plan)
    record(mine, Event.UNANSWERED, at=stage.at)

    with pytest.raises(LostRace):
        record(mine, Event.ACCEPTED, at=stage.at, post_id="310000001")


def test_a_slow_worker_called_dead_hands_over_the_id_it_has(stage: Stage):
    stage.accept(1)

    def called_dead() -> None:
        clip = stage.clips()[0]
        record(clip, Event.UNANSWERED, at=stage.at, next_at=stage.at + timedelta(seconds=30))

    with slowly(stage, "submit_story", after=called_dead):
        stage.play()

    assert stage.states() == [State.WAITING_CONFIRMATION]
    assert stage.clips()[0].post_id is not None


def _rename(batch_id: str, url: str) -> None:
    with writing():
        run("UPDATE publish_batch_clips SET clip_url = ? WHERE batch_id = ?", (url, batch_id))
