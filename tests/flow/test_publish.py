"""From pending to live: one clip after the other, and what Metricool may say on the way."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from itertools import pairwise

import pytest

from storyclip.domain import crashpoint
from storyclip.domain.clip import Event, State
from storyclip.domain.errors import RetrySafety, StoreUnavailable
from storyclip.flow.step import step
from storyclip.sandbox.process import SandboxProcess
from storyclip.store.publishing import wishes
from storyclip.store.service import workers
from tests.flow.acts import slowly
from tests.flow.conftest import Stage, source
from tests.judge import created_by_source
from tests.people import of
from tests.store.making import record


@pytest.fixture
def sandbox(sandbox_process: SandboxProcess) -> SandboxProcess:
    """Over HTTP: the way of a clip, and all that may happen to it, with a real line between."""
    return sandbox_process


def test_clips_go_out_once_each_in_order(stage: Stage):
    stage.accept(3)

    stage.pass_time(300)

    assert stage.live() == [source("b1", i) for i in (1, 2, 3)]
    assert stage.batch().status == "completed"
    assert stage.seqs() == list(range(1, len(stage.seqs()) + 1))


def test_next_clip_is_sent_only_after_the_one_before_was_seen_live(stage: Stage):
    stage.accept(2)

    stage.pass_time(60)

    creates = [line for line in stage.sandbox.ledger() if line["event"] == "created"]
    assert len(creates) == 1
    assert stage.states() == [State.WAITING_CONFIRMATION, State.PENDING]


def test_one_story_a_minute_when_each_is_live_before_second_40(stage: Stage):
    stage.accept(4)

    stage.pass_time(300)

    planned = [clip.plans[0] for clip in stage.clips()]
    steps = [after - before for before, after in pairwise(planned)]
    assert steps == [timedelta(minutes=1)] * 3


def test_media_of_the_next_clip_is_prepared_while_the_one_before_waits(stage: Stage):
    stage.accept(2)

    stage.play()

    assert stage.clips()[1].media_url is not None
    assert stage.clips()[1].state is State.PENDING


def test_second_bell_for_a_clip_in_flight_is_not_heard_upstream(stage: Stage):
    stage.accept(1)
    stage.play()
    calls = len(stage.sandbox.requests())

    step(stage.clips()[0].id, stage.engine)

    assert len(stage.sandbox.requests()) == calls


def test_two_workers_with_the_same_bell_send_once(stage: Stage):
    stage.accept(1)
    clip = stage.clips()[0]
    first_one_in = record(clip, Event.CLAIMED, at=stage.at, next_at=stage.at, worker="other")

    step(clip.id, stage.engine_of("worker-b"))

    assert first_one_in.state is State.UPLOADING
    assert created_by_source(stage.sandbox.ledger()) in ({}, {source("b1", 1): 1})


def test_a_second_worker_that_comes_too_late_to_claim_a_clip_leaves_it_alone(stage: Stage):
    stage.accept(2)
    clip = stage.clips()[0]

    def meanwhile(point: str) -> bool:
        counted = stage.clips()[0].lane.month_counted_at is not None
        if point == "decided" and counted and stage.states()[0] is State.PENDING:
            record(stage.clips()[0], Event.CLAIMED, at=stage.at, next_at=None, worker="other")
        return False

    crashpoint.arm(meanwhile)
    step(clip.id, stage.engine_of("worker-b"))
    crashpoint.arm(None)

    assert stage.states() == [State.UPLOADING, State.PENDING]
    assert stage.clips()[0].worker == "other"


def test_two_batches_of_one_account_never_interleave(stage: Stage):
    stage.accept(2, name="b1")
    stage.accept(2, name="b2")

    stage.pass_time(400)

    expected = [source("b1", 1), source("b1", 2), source("b2", 1), source("b2", 2)]
    assert stage.live() == expected


def test_accounts_run_side_by_side(stage: Stage):
    stage.accept(1, name="b1", account="2000001")
    stage.accept(1, name="b2", account="2000002")

    stage.play()

    assert stage.states("b1") == stage.states("b2") == [State.WAITING_CONFIRMATION]


def test_a_refused_clip_keeps_metricools_words_and_the_batch_goes_on(stage: Stage):
    stage.sandbox.fault(fault="refuse", source="/1.mp4", words="Bad video codec: HEVC")
    stage.accept(2)

    stage.pass_time(200)

    refused, other = stage.clips()
    assert (refused.state, refused.error) == (State.FAILED, "Bad video codec: HEVC")
    assert (refused.error_code, refused.retry_safety) == ("refused", RetrySafety.SAFE)
    assert other.state is State.PUBLISHED
    assert stage.batch().status == "completed"


def test_a_refused_clip_pauses_a_batch_that_asked_for_it(stage: Stage):
    stage.sandbox.fault(fault="refuse", source="b1/1.mp4", words="no")
    stage.accept(3, on_failure="pause")
    stage.accept(1, name="b2")

    stage.pass_time(200)

    assert stage.batch().status == "paused"
    assert stage.states() == [State.FAILED, State.PENDING, State.PENDING]
    assert stage.live() == [source("b2", 1)]


@pytest.mark.parametrize("fault", ["token_revoked", "plan_off"])
def test_a_denied_account_holds_its_lane_and_burns_nothing(stage: Stage, fault: str):
    stage.accept(2)
    stage.sandbox.fault(fault=fault)

    stage.pass_time(3000)

    first, second = stage.clips()
    assert (first.state, first.attempts) == (State.PENDING, 0)
    assert second.state is State.PENDING
    assert "reconnected in Metricool" in (first.lane.blocked_reason or "")

    stage.sandbox.clear_faults()
    stage.pass_time(400)

    assert stage.live() == [source("b1", 1), source("b1", 2)]
    assert stage.clips()[0].lane.blocked_reason is None


def test_what_waited_for_a_reconnect_goes_on_as_its_user_was_told_however_long_it_took(
    stage: Stage,
):
    stage.accept(2)
    stage.sandbox.fault(fault="token_revoked")
    stage.pass_time(2 * 3600)

    stage.sandbox.clear_faults()
    stage.pass_time(400)

    assert stage.states() == [State.PUBLISHED] * 2
    assert stage.live() == [source("b1", 1), source("b1", 2)]


def test_a_token_revoked_after_sending_counts_no_check(stage: Stage):
    stage.accept(1)
    stage.play()
    stage.sandbox.fault(fault="token_revoked")

    stage.pass_time(1800)

    assert stage.states() == [State.WAITING_CONFIRMATION]
    stage.sandbox.clear_faults()
    stage.pass_time(120)
    assert stage.states() == [State.PUBLISHED]


def test_429_is_waited_out_for_as_long_as_metricool_asks(stage: Stage):
    stage.sandbox.fault(fault="busy_429", seconds=90, times=1)
    stage.accept(1)

    stage.pass_time(89)
    assert stage.states() == [State.PENDING]

    stage.pass_time(180)
    assert stage.live() == [source("b1", 1)]
    assert stage.clips()[0].attempts == 1


def test_an_unreachable_metricool_burns_no_clip_and_is_given_up_after_an_hour(stage: Stage):
    stage.accept(2)
    stage.sandbox.fault(fault="busy_429", seconds=60)

    stage.pass_time(1800)
    assert stage.states() == [State.PENDING, State.PENDING]

    stage.pass_time(2400)
    assert stage.clips()[0].state is State.FAILED
    assert stage.clips()[0].error_code == "upstream_unavailable"
    assert stage.live() == []


def test_a_date_that_was_over_is_planned_again_further_ahead(stage: Stage):
    stage.accept(1)
    words = "Invalid value 'DateTimeInfo(…)'. Given datetime cannot be in the past."
    stage.sandbox.fault(fault="refuse", times=1, words=words)

    stage.play()

    clip = stage.clips()[0]
    assert (clip.state, clip.attempts, len(clip.plans)) == (State.WAITING_CONFIRMATION, 1, 1)
    assert clip.lane.lead_s is not None
    assert clip.lane.lead_s >= 2 * stage.settings.lead_s


def test_media_that_metricool_cannot_fetch_is_tried_five_times_then_fails(stage: Stage):
    stage.sandbox.fault(fault="normalize_fails", status=502)
    stage.accept(1)

    stage.pass_time(400)

    clip = stage.clips()[0]
    assert (clip.state, clip.attempts) == (State.FAILED, 5)
    assert (clip.error_code, clip.retry_safety) == ("media_unavailable", RetrySafety.SAFE)
    assert created_by_source(stage.sandbox.ledger()) == {}


def test_publish_speed_keeps_the_gap_between_two_clips(stage: Stage):
    stage.accept(2, gap_s=5.0)

    stage.pass_time(300)

    first, second = stage.clips()
    assert first.published_at is not None
    assert second.intended_at is not None
    assert second.intended_at - first.published_at >= timedelta(seconds=5)


def test_a_batch_paused_between_claim_and_intent_is_not_sent(stage: Stage):
    stage.accept(1)

    with slowly(stage, "prepare_media", before=lambda: wishes.pause("b1", of("ana"), stage.at)):
        stage.play()

    assert created_by_source(stage.sandbox.ledger()) == {}
    assert (stage.states(), stage.clips()[0].attempts) == ([State.PENDING], 0)


@pytest.mark.parametrize("point", ["media_prepared", "answered"])
def test_what_the_database_alone_held_up_costs_no_attempt_and_is_blamed_on_no_worker(
    stage: Stage, point: str
):
    stage.accept(1)
    [clip] = stage.clips()
    said = set[str | None]()

    def away(at: str) -> bool:
        said.add(stage.clips()[0].error)
        if at == point:
            raise StoreUnavailable("away")
        return False

    crashpoint.arm(away)
    for _ in range(stage.settings.max_attempts + 1):
        with suppress(StoreUnavailable):
            step(clip.id, stage.engine)
        for _ in range(2):  # it was away again when the clip was taken up
            assert workers.put_back(clip.id, "worker-a", stage.at)
        assert set(workers.beats()) <= {"worker-a"}
    crashpoint.arm(None)
    stage.pass_time(300)

    assert (stage.states(), stage.clips()[0].attempts) == ([State.PUBLISHED], 1)
    assert not [words for words in said if words is not None and "died" in words]
