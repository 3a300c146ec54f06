"""Killed at every point of a file's way: each story once, in order, and nothing left behind."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest

from storyclip.domain.crashpoint import FILE_POINTS
from tests.crash.files import FileScenario, run_of
from tests.crash.harness import harness
from tests.crash.verdicts import Outcome, assert_clean

SCENARIOS = {str(one): one for one in map(FileScenario, FILE_POINTS)}
SIDE_BY_SIDE = 4

pytestmark = [pytest.mark.crash, pytest.mark.xdist_group("crash"), pytest.mark.timeout(400)]


@pytest.fixture(scope="module")
def outcomes() -> Iterator[Mapping[str, Outcome]]:
    """All scenarios, run side by side once."""
    with harness(SIDE_BY_SIDE) as running:
        every = running.run(SCENARIOS.values(), run_of)
        yield {str(outcome.scenario): outcome for outcome in every}


@pytest.mark.parametrize("name", SCENARIOS)
def test_every_file_goes_out_once_and_in_order_though_killed_at(
    name: str, outcomes: Mapping[str, Outcome]
):
    assert_clean(outcomes[name])
