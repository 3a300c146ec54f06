"""Killed at every point of a file's way: each story once, in order, and nothing left behind."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor

import pytest

from storyclip.domain.crashpoint import FILE_POINTS
from tests.crash.files import FileOutcome, FileRun, FileScenario
from tests.crash.harness import STRAGGLERS_S, harness

SCENARIOS = {str(one): one for one in map(FileScenario, FILE_POINTS)}
SIDE_BY_SIDE = 4

pytestmark = [pytest.mark.crash, pytest.mark.xdist_group("crash"), pytest.mark.timeout(400)]


@pytest.fixture(scope="module")
def outcomes() -> Iterator[Mapping[str, FileOutcome]]:
    """All scenarios, run side by side once."""
    with harness(SIDE_BY_SIDE) as running:

        def run(scenario: FileScenario) -> FileRun:
            with running.place() as place:
                ran = FileRun(running, place, scenario)
                ran.go()
                return ran

        with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
            runs = list(pool.map(run, SCENARIOS.values()))
        time.sleep(STRAGGLERS_S)
        ledger = running.ledger()
        yield {name: one.judged(ledger) for name, one in zip(SCENARIOS, runs, strict=True)}


@pytest.mark.parametrize("name", SCENARIOS)
def test_every_file_goes_out_once_and_in_order_though_killed_at(
    name: str, outcomes: Mapping[str, FileOutcome]
):
    outcome = outcomes[name]

    assert outcome.was_hit
    assert outcome.states == ["published"] * 3
    assert outcome.verdict.is_clean
    assert outcome.orphans <= 1
    assert outcome.left_over == set()
