"""Somebody asks for a look now: what the workers would have found later is known at once."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest

from storyclip.domain.errors import ErrorCode, LostRace
from storyclip.flow.control import Patience
from storyclip.flow.reconcile import reconcile
from storyclip.store.publishing import looks
from tests.flow.acts import (
    CANCELLED,
    HOUR_S,
    PENDING,
    PUBLISHED,
    VERIFYING,
    WAITING,
    created_by_us,
    dated,
    person,
    sources,
    until,
)
from tests.flow.conftest import Stage
from tests.store.making import note

REST_S = looks.REST.total_seconds()


def look_now(stage: Stage) -> None:
    """Ask for a look, in whose waiting the workers get their steps."""
    spent = [0.0]

    def work(seconds: float) -> None:
        spent[0] += seconds
        stage.play()

    reconcile(stage.batch(), stage.at, Patience(lambda: spent[0], work))


def calls(stage: Stage) -> Counter[str]:
    return Counter(one["method"] for one in stage.sandbox.requests())


def test_what_a_person_deleted_is_known_within_two_looks(stage: Stage):
    dated(stage, 2)
    stage.pass_time(2 * REST_S)
    person(stage, "delete", 2)
    assert stage.states() == [WAITING, WAITING]

    for _ in range(2):  # a 404 has to last before it is believed, as ever
        look_now(stage)
        stage.pass_time(REST_S)

    assert stage.states() == [WAITING, CANCELLED]
    assert stage.clips()[1].error_code == ErrorCode.DELETED_IN_METRICOOL


def test_what_was_looked_at_a_moment_ago_is_left_alone(stage: Stage):
    dated(stage, 2)
    stage.pass_time(2 * REST_S)
    look_now(stage)
    before = calls(stage)

    for _ in range(20):
        look_now(stage)

    assert calls(stage) == before


def test_what_waits_for_its_turn_is_not_sent_sooner(stage: Stage):
    stage.accept(3)
    until(stage, WAITING, 1)
    stage.pass_time(REST_S)

    look_now(stage)

    assert stage.states()[1:] == [PENDING, PENDING]
    assert created_by_us(stage) == sources(1)


def test_looking_all_the_time_changes_nothing_of_what_goes_out_and_how(stage: Stage):
    dated(stage, 3, HOUR_S / 4)

    for _ in range(80):
        look_now(stage)
        stage.pass_time(REST_S)

    assert stage.states() == [PUBLISHED] * 3
    assert stage.live() == created_by_us(stage) == sources(1, 2, 3)


def test_a_lost_answer_is_not_believed_absent_sooner(stage: Stage):
    stage.sandbox.fault(fault="status_before_create", source=sources(1)[0], times=1)
    stage.accept(1)
    until(stage, VERIFYING)
    sent_at = stage.at

    while stage.states() == [VERIFYING]:
        look_now(stage)
        stage.pass_time(1)

    assert stage.at >= sent_at + timedelta(seconds=stage.settings.settle_s)
    until(stage, PUBLISHED)
    assert stage.live() == sources(1)


def test_a_worker_that_looks_meanwhile_loses_nothing(stage: Stage):
    dated(stage, 1)
    stage.pass_time(2 * REST_S)
    seen = stage.clips()[0]

    assert looks.bring_forward("b1", stage.at) == [seen.id]

    due = note(seen, at=stage.at, next_at=stage.at + timedelta(seconds=9))
    assert stage.clips()[0].next_at == due.next_at
    assert not looks.are_due("b1", stage.at)


def test_the_rows_of_two_workers_are_as_guarded_as_ever(stage: Stage):
    dated(stage, 1)
    stage.pass_time(2 * REST_S)
    seen = stage.clips()[0]
    look_now(stage)

    with pytest.raises(LostRace):
        note(seen, at=stage.at, next_at=stage.at)
