"""What a clock that ran ahead has put off is due at once when ours finds it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from storyclip.domain.clip import Clip
from storyclip.store.publishing import ahead, clips
from storyclip.store.service import workers
from tests.store.making import T0, made, note, sql

HOUR = timedelta(hours=1)
SOON = timedelta(seconds=5)


def put_off(name: str, at: datetime, **changes: Any) -> Clip:
    """A clip that was to go on five seconds after `at`, by a clock that showed that."""
    clip = made(name, 1, account=name)[0]
    return note(clip, at=at, next_at=at + SOON, rung_at=None, **changes)


def test_what_was_put_off_by_a_clock_ahead_of_ours_is_due_now(store: str):
    clip = put_off("b1", T0 + HOUR)

    assert ahead.make_due(T0) == [clip.id]
    assert clips.find(clip.id).next_at == T0
    assert clips.make_due(T0 + SOON, portion=50) == [clip.id]  # rung again: the bell may be lost


@pytest.mark.parametrize("noted_at", [T0 - HOUR, T0, T0 + ahead.AHEAD])
def test_what_waits_by_our_own_clock_goes_on_waiting(store: str, noted_at: datetime):
    clip = put_off("b1", noted_at)

    assert ahead.make_due(T0) == []
    assert clips.find(clip.id).next_at == noted_at + SOON


def test_it_is_found_once(store: str):
    put_off("b1", T0 + HOUR)

    assert [len(ahead.make_due(T0 + n * SOON)) for n in range(3)] == [1, 0, 0]


def test_what_lasts_since_then_begins_anew_and_what_was_asked_for_is_not_ahead(store: str):
    clip = put_off(
        "b1",
        T0 + HOUR,
        missing_since=T0 + HOUR,
        postponed_since=T0 + HOUR,
        intended_at=T0 + HOUR,
    )

    ahead.make_due(T0)

    now = clips.find(clip.id)
    assert (now.missing_since, now.postponed_since, now.intended_at) == (None, None, T0)


def test_what_a_worker_has_in_hand_stays_there(store: str):
    clip = put_off("b1", T0 + HOUR, worker="worker-a")

    ahead.make_due(T0)

    assert clips.find(clip.id).next_at == T0 + HOUR + SOON
    workers.bury(["worker-a"], T0 + SOON)
    assert clips.find(clip.id).next_at == T0 + SOON


def test_a_turn_that_is_to_come_has_come_and_a_date_that_was_asked_for_stays(store: str):
    date = T0 + 3 * HOUR
    turn = put_off("b1", T0 + HOUR, wished_for=T0 + HOUR)
    dated = put_off("b2", T0 + HOUR, wished_for=date)
    sql("UPDATE publish_batches SET publish_mode = 'scheduled' WHERE batch_id = 'b2'")

    ahead.make_due(T0)

    assert [clips.find(clip.id).wished_for for clip in (turn, dated)] == [T0, date]


def test_nobody_can_see_that_it_was_put_right(store: str):
    clip = put_off("b1", T0 + HOUR)

    ahead.make_due(T0)

    now = clips.find(clip.id)
    assert replace(now, next_at=clip.next_at, rung_at=clip.rung_at) == clip
