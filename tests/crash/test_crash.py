"""Killed at every registered point, on the first, a middle and the last clip of a batch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest

from storyclip.domain.crashpoint import POINTS
from tests.crash.harness import SLOTS, Outcome, harness
from tests.crash.scenario import Scenario, every_point, with_dates

SCENARIOS = {str(scenario): scenario for scenario in (*every_point(), *with_dates())}
UNSAFE = {
    "no_settling": Scenario("request_sent", clip=2, nth=2, unsafe="no_settling"),
    "blind_retry": Scenario("answered", clip=2, nth=2, unsafe="blind_retry"),
}

pytestmark = [pytest.mark.crash, pytest.mark.xdist_group("crash"), pytest.mark.timeout(400)]


@pytest.fixture(scope="module")
def outcomes() -> Iterator[Mapping[str, Outcome]]:
    """All scenarios, run side by side once."""
    asked = {**SCENARIOS, **UNSAFE}
    with harness(SLOTS) as running:
        yield dict(zip(asked, running.run(asked.values()), strict=True))


@pytest.mark.parametrize("name", SCENARIOS)
def test_every_clip_goes_out_once_and_in_order_though_killed_at(
    name: str, outcomes: Mapping[str, Outcome]
):
    outcome = outcomes[name]

    assert outcome.trouble is None
    assert outcome.was_hit
    assert outcome.verdict.is_clean


def test_every_registered_point_was_hit(outcomes: Mapping[str, Outcome]):
    hit = {outcomes[name].scenario.point for name in SCENARIOS if outcomes[name].was_hit}

    assert hit == set(POINTS)


@pytest.mark.parametrize("unsafe", UNSAFE)
def test_the_judge_sees_the_duplicate_that_an_unsafe_worker_makes_by(
    unsafe: str, outcomes: Mapping[str, Outcome]
):
    outcome = outcomes[unsafe]

    assert outcome.trouble is None
    assert len(outcome.verdict.duplicate) == 1
