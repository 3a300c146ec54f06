"""Lanes: which are watched, which stall, and what is learnt of them."""

from dataclasses import replace
from datetime import timedelta

import pytest

from storyclip.domain import moves
from storyclip.domain.clip import State
from storyclip.domain.errors import NotFound
from storyclip.store.publishing import clips, lanes, writer
from tests.store.making import (
    T0,
    brought_to,
    due,
    made,
    note,
    published,
    reopened,
    sql,
)

LATER = T0 + timedelta(seconds=30)


def test_a_lane_that_stalled_is_opened_again(store: str):
    first = made("b1")[0]
    made("b2", account="2000002")
    sql("UPDATE publish_batch_clips SET next_at = NULL WHERE id = ?", first.id)

    opened = reopened(LATER)

    assert opened == [first.id]
    assert clips.find(first.id).next_at == LATER


@pytest.mark.parametrize("state", [State.PENDING, State.UPLOADING, State.WAITING_CONFIRMATION])
def test_a_lane_that_moves_is_left_alone(store: str, state: State):
    brought_to(state, made()[0])
    before = due()

    assert reopened(LATER) == []
    assert due() == before


def test_a_lane_is_active_while_a_batch_runs_and_for_a_while_after(store: str):
    published(made("b1", 1, account="ended")[0], T0)
    running = made("b2", 1, account="running")[0]
    ended = clips.of_batch("b1")[0]

    just_before = T0 + lanes.AUDITED_FOR
    assert sorted(lanes.active(just_before)) == sorted([running.lane.id, ended.lane.id])
    assert lanes.active(just_before + timedelta(microseconds=1)) == [running.lane.id]


def test_what_a_move_says_of_its_lane_is_written_with_it_and_nothing_else(store: str):
    clip = made()[0]
    blocked = replace(clip.lane, blocked_reason="reconnect", blocked_since=T0)

    note(clip, lane=replace(blocked, lead_s=40.0, lead_until=LATER))
    clip = clips.find(clip.id)
    reopened = replace(clip.lane, blocked_reason=None, blocked_since=None, reopened_at=LATER)
    note(clip, lane=reopened)

    lane = lanes.find(clip.lane.id)
    assert (lane.blocked_reason, lane.blocked_since, lane.reopened_at) == (None, None, LATER)
    assert (lane.lead_s, lane.lead_until) == (40.0, LATER)


def test_a_lane_is_watched_until_the_last_date_asked_for_has_passed(store: str):
    clip = made("b1", 1)[0]
    date = T0 + timedelta(days=7)
    moved = moves.intended(clip, "https://static.metricool.com/1.mp4", date, "w", T0, LATER)
    writer.write(moved, T0)
    sql("UPDATE publish_batches SET completed_at = created_at, status = 'cancelled'")

    assert lanes.active(date) == [clip.lane.id]
    assert lanes.active(date + lanes.AUDITED_FOR + timedelta(seconds=1)) == []


def test_a_lane_that_does_not_exist_is_not_found(store: str):
    with pytest.raises(NotFound):
        lanes.find(999)
