"""Killed at every registered point: once, in order, and no untrue word for all that."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest

from storyclip.domain.clip import Event
from storyclip.domain.crashpoint import POINTS
from tests.crash.harness import SLOTS, harness
from tests.crash.matrix import matrix
from tests.crash.scenario import Scenario
from tests.crash.verdicts import Outcome, assert_clean

SCENARIOS = {str(scenario): scenario for scenario in matrix()}
UNSAFE = {
    "no_settling": Scenario("request_sent", clip=2, nth=2, unsafe="no_settling"),
    "blind_retry": Scenario("answered", clip=2, nth=2, unsafe="blind_retry"),
}
BY_A_WISH_ALONE = {Event.RETRIED, Event.RECHECKED}  # its point is `wish_written`

pytestmark = [pytest.mark.crash, pytest.mark.xdist_group("crash"), pytest.mark.timeout(400)]


@pytest.fixture(scope="module")
def outcomes() -> Iterator[Mapping[str, Outcome]]:
    """All scenarios, run side by side once."""
    with harness(SLOTS) as running:
        every = running.run([*SCENARIOS.values(), *UNSAFE.values()])
        yield {outcome.scenario.unsafe or str(outcome.scenario): outcome for outcome in every}


@pytest.mark.parametrize("name", SCENARIOS)
def test_every_clip_goes_out_once_and_in_order_though_killed_at(
    name: str, outcomes: Mapping[str, Outcome]
):
    assert_clean(outcomes[name])


def test_every_registered_point_was_hit(outcomes: Mapping[str, Outcome]):
    hit = {outcomes[name].scenario.point for name in SCENARIOS if outcomes[name].was_hit}

    assert hit == set(POINTS)


def test_every_move_of_a_worker_has_a_point_of_its_own():
    assert {event.value for event in set(Event) - BY_A_WISH_ALONE} <= set(POINTS)


@pytest.mark.parametrize("unsafe", UNSAFE)
def test_the_judge_sees_the_duplicate_that_an_unsafe_worker_makes_by(
    unsafe: str, outcomes: Mapping[str, Outcome]
):
    outcome = outcomes[unsafe]

    assert outcome.trouble is None
    assert len(outcome.verdict.duplicate) == 1
