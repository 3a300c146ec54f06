"""What is handled late, or brought home late, is not forgotten: nobody gets what nobody wants."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from storyclip.domain.clip import Clip, Event, State
from storyclip.domain.errors import RefusalCode, StoreUnavailable
from storyclip.domain.moves import Move
from storyclip.flow.control import outcome_of
from storyclip.store.publishing import wishes, writer
from storyclip.store.service import workers
from tests.flow.acts import (
    CANCELLED,
    FAILED,
    HOUR_S,
    PUBLISHED,
    assert_told,
    created_by_us,
    dated,
    deleted_by_us,
    hand,
    impatient,
    incidents,
    live_on,
    on_sqlite,
    post_id,
    slowly,
    sources,
    until,
)
from tests.flow.conftest import Stage
from tests.flow.test_retry import refused, retry
from tests.people import of

pytestmark = on_sqlite

ALL = sources(1, 2, 3)


@pytest.mark.parametrize("late_s", [20.0, 600.0, 6900.0])
def test_a_delete_that_is_handled_late_hits_nothing_that_was_sent_anew(stage: Stage, late_s: float):
    dated(stage, 3)
    stage.sandbox.fault(fault="delay_before_delete", seconds=late_s, times=1)
    wishes.pause("b1", of("ana"), stage.at)
    with impatient(stage, "delete_post"):
        stage.play()

    hand(stage).resume(stage.batch())
    live_on(stage, 3 * HOUR_S)

    assert (stage.live(), stage.states()) == (ALL, [PUBLISHED] * 3)
    assert_told(stage)


@pytest.mark.parametrize("late_s", [1200.0, 3600.0])
def test_a_cancelled_story_whose_post_is_handled_late_does_not_go_out(stage: Stage, late_s: float):
    date = stage.at + timedelta(hours=2)
    stage.sandbox.fault(fault="delay_before_create", seconds=late_s, times=1)
    stage.accept(1, dates=[date])
    with impatient(stage, "submit_story"):
        stage.play()
    wishes.cancel("b1", of("ana"), stage.at)

    live_on(stage, late_s - 60)
    told = outcome_of(stage.clips())
    live_on(stage, 3 * HOUR_S)

    assert told.cancelled == (1,) or told.unknown == (1,)
    assert created_by_us(stage) == deleted_by_us(stage) == sources(1)
    assert stage.live() == []
    assert stage.states() == [CANCELLED]


def test_what_a_worker_brings_home_after_standing_still_for_twenty_minutes_does_not_go_out(
    stage: Stage,
):
    date = stage.at + timedelta(hours=2)
    stage.accept(1, dates=[date])

    def twenty_minutes() -> None:
        wishes.cancel("b1", of("ana"), stage.at)
        stage.bells.clear()
        live_on(stage, 1200)
        told.extend(stage.states())

    told = list[State]()
    with slowly(stage, "submit_story", before=twenty_minutes):
        stage.play()
    live_on(stage, 3 * HOUR_S)

    assert told == [CANCELLED]
    assert created_by_us(stage) == deleted_by_us(stage) == sources(1)
    assert (stage.live(), stage.states()) == ([], [CANCELLED])


@pytest.mark.parametrize("called_dead", [False, True])
def test_an_id_that_cannot_be_written_is_kept_until_the_database_is_back(
    stage: Stage, called_dead: bool
):
    stage.sandbox.fault(fault="media_rehosted")  # without the id nobody could recognise it
    stage.accept(2)
    write, away = writer.write, 3

    def fails_at_first(move: Move, at: datetime) -> Clip:
        nonlocal away
        if move.event is Event.ACCEPTED and away:
            away -= 1
            if called_dead:
                workers.bury(["worker-a"], stage.at)
            raise StoreUnavailable("the database is away")
        return write(move, at)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(writer, "write", fails_at_first)
        stage.play()
        live_on(stage, 900)

    assert away == 0
    assert (stage.live(), stage.states()) == (sources(1, 2), [PUBLISHED] * 2)
    assert created_by_us(stage) == sources(1, 2)
    assert_told(stage)


def test_what_somebody_restores_after_our_cancel_is_theirs_and_told(stage: Stage):
    dated(stage, 1)
    old_id = post_id(stage)
    hand(stage).cancel(stage.batch())
    stage.sandbox.person("restore", account="2000001", postId=old_id)

    live_on(stage, HOUR_S)

    assert deleted_by_us(stage) == sources(1)
    assert incidents(stage)[0] == "restored"


def test_a_story_deleted_after_its_date_is_sent_again_by_a_persons_word_alone(stage: Stage):
    stage.sandbox.fault(fault="never_publishes", times=1)
    stage.accept(1)
    until(stage, FAILED)
    stage.sandbox.person("delete", postId=post_id(stage))

    by_itself = refused(stage, 1)
    retry(stage, 1, absence_confirmed=True)
    live_on(stage, 300)

    assert by_itself is RefusalCode.STILL_PENDING
    assert (stage.live(), stage.states()) == (sources(1), [PUBLISHED])
