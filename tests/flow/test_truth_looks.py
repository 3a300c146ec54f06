"""A look is not all or nothing, words that leave it open are not safe, and rows say what is so."""

from __future__ import annotations

from datetime import timedelta

import pytest

from storyclip.domain.errors import RetrySafety
from storyclip.domain.network import Network
from storyclip.sandbox.process import SandboxProcess
from tests.flow.acts import (
    FAILED,
    HOUR_S,
    PUBLISHED,
    VERIFYING,
    WAITING,
    assert_told,
    created_by_us,
    dated,
    incidents,
    live_on,
    make,
    on_sqlite,
    person,
    sources,
    statuses_told,
)
from tests.flow.conftest import ACCOUNT, Stage

pytestmark = on_sqlite


def with_strangers(stage: Stage, kind: str) -> None:
    """Fill the account with what no post of ours looks like."""
    soon = stage.at + timedelta(minutes=30)
    if kind == "an empty draft":
        stage.sandbox.person("begin_draft", account=ACCOUNT, date=soon.isoformat())
    elif kind == "null media":
        make(stage, soon, fields={"media": None})
    else:
        stage.sandbox.person(
            "fill", account=ACCOUNT, network="facebook", count=2000, date=soon.isoformat()
        )


STRANGERS = ["an empty draft", "null media", "2,000 posts"]


@pytest.mark.parametrize("kind", STRANGERS)
def test_a_lost_story_is_found_whatever_else_the_list_holds(stage: Stage, kind: str):
    with_strangers(stage, kind)
    stage.sandbox.fault(fault="create_then_drop", times=1)
    stage.accept(2)

    stage.pass_time(5)

    assert stage.states()[0] is WAITING
    live_on(stage, 300)
    assert (stage.live(), stage.states()) == (sources(1, 2), [PUBLISHED] * 2)
    assert created_by_us(stage) == sources(1, 2)


@pytest.mark.parametrize("kind", STRANGERS)
def test_an_edited_story_is_followed_whatever_else_the_list_holds(stage: Stage, kind: str):
    with_strangers(stage, kind)
    [date] = dated(stage, 1)
    person(stage, "edit", date=date + timedelta(minutes=3))

    live_on(stage, 3 * HOUR_S)

    assert sources(1)[0] in stage.live()
    assert stage.states() == [PUBLISHED]


def test_what_a_lists_first_page_lacks_is_found(stage: Stage):
    stage.sandbox.fault(fault="list_paged", most=1)
    stage.sandbox.fault(fault="create_then_drop", times=1, skip=1)
    stage.accept(2)

    live_on(stage, 1800)

    assert (stage.live(), stage.states()) == (sources(1, 2), [PUBLISHED] * 2)
    assert created_by_us(stage) == sources(1, 2)
    assert_told(stage)


def test_finding_needs_no_clock(stage: Stage):
    stage.sandbox.fault(fault="no_date")
    stage.sandbox.fault(fault="create_then_drop", times=1)
    stage.accept(2)

    live_on(stage, 300)

    assert (stage.live(), stage.states()) == (sources(1, 2), [PUBLISHED] * 2)


def test_absence_needs_a_clock_and_the_lane_does_not_stand_behind_it_for_ever(stage: Stage):
    stage.sandbox.fault(fault="no_date")
    stage.sandbox.fault(fault="drop_before_create", times=1)
    stage.accept(2)

    live_on(stage, 1800)

    assert (stage.live(), stage.states()) == (sources(2), [FAILED, PUBLISHED])
    assert stage.clips()[0].retry_safety is RetrySafety.CHECK_FIRST
    assert_told(stage)


def test_looks_that_fail_for_long_are_said_in_the_row_and_do_not_stop_the_lane_for_ever(
    store: str, sandbox: SandboxProcess
):
    stage = Stage(sandbox, STORYCLIP_MAX_LATE_S="900")
    stage.sandbox.fault(fault="drop_before_create", times=1)
    stage.sandbox.fault(fault="list_fails", status=503)
    stage.accept(2)

    stage.pass_time(300)
    said = stage.clips()[0]
    stage.pass_time(1200)

    assert said.state is VERIFYING
    assert "cannot be looked at" in (said.error or "")
    assert "may be there" in (said.error or "")
    assert (stage.live(), stage.states()) == (sources(2), [FAILED, PUBLISHED])
    assert stage.clips()[0].retry_safety is RetrySafety.CHECK_FIRST
    assert_told(stage)


def test_looks_at_what_metricool_has_that_fail_for_long_are_said_in_the_row(
    store: str, sandbox: SandboxProcess
):
    stage = Stage(sandbox, STORYCLIP_LATE_WATCH_S="900")
    stage.accept(2)
    stage.play()
    stage.sandbox.fault(fault="get_fails", status=503)

    stage.pass_time(600)
    said = stage.clips()[0]
    assert_told(stage)
    stage.pass_time(600)

    assert said.state is WAITING
    assert "cannot be looked at" in (said.error or "")
    assert stage.states() == [FAILED, WAITING]
    stage.sandbox.clear_faults()
    live_on(stage, 300)
    assert (stage.live(), stage.states()) == (sources(1, 2), [PUBLISHED] * 2)


def test_what_was_said_of_looks_that_failed_goes_when_one_works(stage: Stage):
    stage.sandbox.fault(fault="publishing_for_long", seconds=140)
    stage.accept(1)
    stage.play()
    stage.sandbox.fault(fault="get_fails", status=503)
    stage.pass_time(150)
    said = stage.clips()[0].error
    stage.sandbox.clear_faults()

    stage.pass_time(10)

    assert "cannot be looked at" in (said or "")
    assert (stage.states(), stage.clips()[0].error) == ([WAITING], None)
    assert_told(stage)


def test_a_story_that_is_missing_for_some_looks_is_there_all_the_same(stage: Stage):
    [date] = dated(stage, 1)
    stage.sandbox.fault(fault="get_404", times=5)
    stage.sandbox.fault(fault="list_lacks_once")

    live_on(stage, 3 * HOUR_S)

    assert (stage.live(), stage.states()) == (sources(1), [PUBLISHED])
    assert stage.clips()[0].planned_for == date
    assert "cancelled" not in statuses_told("b1")
    assert incidents(stage) == []


def test_a_heat_map_with_an_hour_of_null_and_a_list_of_five_megabytes_are_read(stage: Stage):
    stage.sandbox.fault(fault="best_times_null_hour")
    stage.sandbox.fault(fault="brands_huge")
    week = (stage.at, stage.at + timedelta(days=7))

    heat_map = stage.upstream.best_times(ACCOUNT, Network.FACEBOOK, "UTC", *week)

    assert any(value == 0 for day in heat_map.days for value in day)
    assert ACCOUNT in [brand.id for brand in stage.upstream.brands()]
