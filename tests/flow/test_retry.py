"""Asking again for a clip that failed: never a second story, and never a silent change of order."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from storyclip.domain.batch import Status
from storyclip.domain.clip import Clip, State
from storyclip.domain.errors import (
    ActionRefused,
    LostRace,
    NotFound,
    RefusalCode,
    RetrySafety,
    UpstreamLookFailed,
)
from storyclip.domain.story import Look
from storyclip.flow.audit import audit
from storyclip.flow.retry import Retried, Retry
from storyclip.store.history.events import events_since
from storyclip.store.publishing import wishes
from tests.flow.conftest import Stage, source
from tests.judge import created_by_source
from tests.people import of
from tests.store.making import at_once, note

NOTHING_DELETED = Look((), None, is_whole=True)


def retry(stage: Stage, index: int | None = None, **confirmed: bool) -> Retried:
    again = Retry(stage.upstream, stage.settings, stage.at, of("ana"), None)
    return again(stage.batch(), index, **{"order_may_change": False, **confirmed})


def refused(stage: Stage, index: int | None = None) -> RefusalCode:
    with pytest.raises(ActionRefused) as refusal:
        retry(stage, index)
    return refusal.value.code


def with_a_refused(stage: Stage, index: int, count: int, **asked: Any) -> None:
    """A batch whose clip was refused once and would be taken the next time."""
    stage.sandbox.fault(fault="refuse", words="no such codec", source=source("b1", index), times=1)
    stage.accept(count, **asked)


def with_an_unconfirmed(stage: Stage, fault: str = "never_publishes", **spec: Any) -> Clip:
    stage.sandbox.fault(fault=fault, source=source("b1", 1), **spec)
    stage.accept(1)
    while stage.states()[0] is not State.FAILED:
        stage.pass_time(5)
    clip = stage.clips()[0]
    assert clip.retry_safety is RetrySafety.CHECK_FIRST
    return clip


def with_one_deleted(stage: Stage) -> None:
    """A clip that is unconfirmed, and whose post was deleted after its date."""
    clip = with_an_unconfirmed(stage, times=1)
    assert clip.post_id is not None
    stage.upstream.delete_post("2000001", clip.post_id)


def test_a_refused_clip_is_sent_again_and_the_batch_that_had_ended_runs_again(stage: Stage):
    with_a_refused(stage, 1, 1)
    stage.pass_time(200)
    assert stage.batch().status is Status.FAILED

    done = retry(stage)
    stage.pass_time(200)

    assert done == Retried((1,), (), (), is_late=False)
    assert stage.states() == [State.PUBLISHED]
    assert stage.batch().status is Status.COMPLETED
    assert stage.live() == [source("b1", 1)]
    types = [event["type"] for event in events_since("b1", 0)]
    assert types.count("resumed") == 1
    assert stage.seqs() == list(range(1, len(stage.seqs()) + 1))


def test_a_clip_after_which_others_are_live_is_sent_again_only_if_the_order_may_change(
    stage: Stage,
):
    with_a_refused(stage, 3, 8)
    stage.pass_time(900)
    before = stage.clips()
    assert stage.states().count(State.PUBLISHED) == 7

    assert refused(stage, 3) is RefusalCode.ORDER_WOULD_CHANGE
    assert stage.clips() == before
    done = retry(stage, 3, order_may_change=True)
    stage.pass_time(200)

    assert done.is_late
    assert stage.live() == [source("b1", n) for n in (1, 2, 4, 5, 6, 7, 8, 3)]


def test_a_clip_whose_turn_comes_after_the_one_in_hand_is_not_said_to_keep_the_order(
    stage: Stage,
):
    stage.sandbox.fault(fault="date_moved", seconds=180, source=source("b1", 2), times=1)
    with_a_refused(stage, 1, 3)
    stage.pass_time(60)
    assert stage.states() == [State.FAILED, State.WAITING_CONFIRMATION, State.PENDING]

    assert refused(stage, 1) is RefusalCode.ORDER_WOULD_CHANGE
    done = retry(stage, 1, order_may_change=True)
    stage.pass_time(600)

    assert done.is_late
    assert stage.live() == [source("b1", n) for n in (2, 1, 3)]


def test_in_a_batch_that_paused_itself_the_order_is_kept(stage: Stage):
    with_a_refused(stage, 3, 5, on_failure="pause")
    stage.pass_time(600)
    assert stage.batch().status is Status.PAUSED

    done = retry(stage, 3)
    stage.pass_time(300)
    assert stage.states()[2:] == [State.PENDING] * 3
    wishes.resume("b1", of("ana"), stage.at, stage.at)
    stage.pass_time(600)

    assert not done.is_late
    assert stage.live() == [source("b1", n) for n in range(1, 6)]


def test_an_unconfirmed_clip_that_is_live_is_adopted_and_not_sent_again(stage: Stage):
    clip = with_an_unconfirmed(stage)
    stage.sandbox.ask("POST", f"posts/{clip.post_id}", {"status": "PUBLISHED"})

    done = retry(stage)

    assert done == Retried((), (1,), (), is_late=False)
    assert stage.states() == [State.PUBLISHED]
    assert stage.clips()[0].error is None
    stage.pass_time(900)
    assert created_by_source(stage.sandbox.ledger()) == {source("b1", 1): 1}


@pytest.mark.parametrize("fault", ["never_publishes", "awaiting_confirmation"])
def test_an_unconfirmed_clip_that_metricool_may_yet_publish_is_left_alone(stage: Stage, fault: str):
    before = with_an_unconfirmed(stage, fault)

    assert refused(stage, 1) is RefusalCode.STILL_PENDING
    assert stage.clips()[0].state is State.FAILED
    assert stage.clips()[0].attempts == before.attempts


def test_an_unconfirmed_clip_deleted_after_its_date_is_sent_again_by_a_persons_word(stage: Stage):
    with_one_deleted(stage)

    assert refused(stage, 1) is RefusalCode.STILL_PENDING
    done = retry(stage, absence_confirmed=True)
    stage.pass_time(300)

    assert done.sent_again == (1,)
    assert stage.states() == [State.PUBLISHED]
    assert stage.live() == [source("b1", 1)]
    assert created_by_source(stage.sandbox.ledger()) == {source("b1", 1): 2}


def test_a_clip_that_metricool_had_and_shows_nowhere_is_sent_again_by_a_persons_word_alone(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
):
    with_one_deleted(stage)
    monkeypatch.setattr(stage.upstream, "deleted_posts", lambda *of: NOTHING_DELETED)

    assert refused(stage, 1) is RefusalCode.STILL_PENDING
    retry(stage, absence_confirmed=True)
    stage.pass_time(300)

    assert stage.states() == [State.PUBLISHED]
    assert stage.live() == [source("b1", 1)]


def test_a_clip_asked_for_again_waits_for_the_batch_that_has_the_lane(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
):
    with_one_deleted(stage)
    monkeypatch.setattr(stage.upstream, "deleted_posts", lambda *of: NOTHING_DELETED)
    stage.accept(3, name="b2")
    stage.play()
    assert stage.states("b2")[0] is State.WAITING_CONFIRMATION

    retry(stage, absence_confirmed=True)
    stage.pass_time(900)

    assert stage.live() == [*[source("b2", n) for n in (1, 2, 3)], source("b1", 1)]


def test_an_absence_is_not_believed_before_the_fence(stage: Stage, monkeypatch: pytest.MonkeyPatch):
    with_one_deleted(stage)
    monkeypatch.setattr(stage.upstream, "deleted_posts", lambda *of: NOTHING_DELETED)
    later = stage.settings.model_copy(update={"settle_s": 3600.0})

    again = Retry(stage.upstream, later, stage.at, of("ana"), None)
    with pytest.raises(ActionRefused) as refusal:
        again(stage.batch(), 1, order_may_change=False)

    assert refusal.value.code is RefusalCode.STILL_PENDING


def with_a_failed_one_asked_again(stage: Stage, *faults: str) -> None:
    """A story that the network refused once, asked for again while those faults are on."""
    stage.sandbox.fault(fault="network_error", words="Error 190: token has expired", times=1)
    stage.accept(1)
    stage.pass_time(120)
    assert stage.states() == [State.FAILED]
    for fault in faults:
        stage.sandbox.fault(fault=fault, times=1)
    retry(stage, 1)


def test_a_second_send_that_got_lost_is_not_taken_for_the_first_one_that_had_failed(stage: Stage):
    with_a_failed_one_asked_again(stage, "drop_before_create")

    stage.pass_time(900)

    assert stage.states() == [State.PUBLISHED]
    assert stage.live() == [source("b1", 1)]


def test_a_second_send_that_may_be_out_is_not_called_safe_because_the_first_one_had_failed(
    stage: Stage,
):
    with_a_failed_one_asked_again(stage, "normalize_echo", "drop_before_create")

    stage.pass_time(900)
    audit(stage.clips()[0].lane.id, stage.engine)
    stage.pass_time(600)

    assert stage.states() == [State.FAILED]
    assert stage.clips()[0].retry_safety is RetrySafety.CHECK_FIRST
    assert refused(stage, 1) is RefusalCode.STILL_PENDING


def test_what_would_be_refused_for_good_is_not_asked_for_again(stage: Stage):
    words = "Instagram: this account is restricted"
    stage.sandbox.fault(fault="network_error", words=words)
    stage.accept(1)
    stage.pass_time(200)
    clip = stage.clips()[0]
    if clip.retry_safety is not RetrySafety.NEVER:
        note(clip, retry_safety=RetrySafety.NEVER)

    with pytest.raises(ActionRefused, match="restricted") as refusal:
        retry(stage)

    assert refusal.value.code is RefusalCode.RETRY_REFUSED


def test_of_several_failed_clips_what_can_be_sent_again_is_and_the_rest_is_named(stage: Stage):
    stage.sandbox.fault(fault="never_publishes", source=source("b1", 1))
    with_a_refused(stage, 2, 2)
    stage.pass_time(900)
    assert stage.states() == [State.FAILED] * 2

    done = retry(stage)

    assert done.sent_again == (2,)
    assert [(index, why.code) for index, why in done.refused] == [(1, RefusalCode.STILL_PENDING)]


def test_a_look_that_fails_changes_nothing(stage: Stage):
    with_an_unconfirmed(stage)
    stage.sandbox.fault(fault="get_fails", status=503)
    before = stage.clips()

    with pytest.raises(UpstreamLookFailed):
        retry(stage)

    assert stage.clips() == before


def test_nothing_is_retried_where_nothing_failed_or_all_was_cancelled(stage: Stage):
    batch = stage.accept(2)

    assert refused(stage) is RefusalCode.NOTHING_TO_RETRY
    assert refused(stage, 1) is RefusalCode.NOTHING_TO_RETRY
    with pytest.raises(NotFound):
        retry(stage, 3)
    wishes.cancel(batch.batch_id, of(batch.user_id), stage.at)
    assert refused(stage) is RefusalCode.BATCH_CANCELLED


def test_of_two_retries_at_once_one_counts(stage: Stage):
    with_a_refused(stage, 1, 1)
    stage.pass_time(200)

    outcomes = at_once(*[partial(retry, stage, 1)] * 2)
    stage.pass_time(300)

    assert sum(isinstance(outcome, Retried) for outcome in outcomes) == 1
    assert any(isinstance(outcome, ActionRefused | LostRace) for outcome in outcomes)
    assert stage.live() == [source("b1", 1)]


def test_a_long_time_after_a_failure_a_retry_is_not_called_missed(stage: Stage):
    with_a_refused(stage, 1, 1)
    stage.pass_time(200)
    stage.at += timedelta(hours=5)
    stage.sandbox.set_clock(stage.at.isoformat())

    retry(stage)
    stage.pass_time(200)

    assert stage.states() == [State.PUBLISHED]


class Slow:
    """Metricool, which takes its time over one look: meanwhile something else happens."""

    def __init__(self, stage: Stage, meanwhile: Callable[[], Any]) -> None:
        self._upstream, self._meanwhile = stage.upstream, meanwhile

    def __getattr__(self, name: str) -> Any:
        return getattr(self._upstream, name)

    def deleted_posts(self, *about: Any) -> Look:
        look = self._upstream.deleted_posts(*about)
        self._meanwhile()
        return look


def test_who_looked_before_somebody_else_had_it_sent_again_does_not_send_it_once_more(stage: Stage):
    stage.sandbox.fault(fault="normalize_echo")
    stage.sandbox.fault(fault="media_rehosted")
    stage.sandbox.fault(fault="drop_before_create", times=1)
    stage.sandbox.fault(fault="create_then_drop", times=1)
    stage.accept(1)
    stage.pass_time(1200)
    before = stage.clips()[0]

    def somebody_else() -> None:
        retry(stage, 1, absence_confirmed=True)
        stage.play()
        stage.pass_time(1200)

    again = Retry(Slow(stage, somebody_else), stage.settings, stage.at, of("ana"), None)
    with pytest.raises(LostRace):
        again(stage.batch(), 1, order_may_change=False, absence_confirmed=True)

    after = stage.clips()[0]
    assert (before.state, before.error_code) == (after.state, after.error_code)
    assert (before.sends, after.sends) == (1, 2)
    stage.pass_time(600)
    assert created_by_source(stage.sandbox.ledger()) == {source("b1", 1): 1}
