"""PostgreSQL away for seconds from a step of a clip's life on: once, in order, and soon again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest

from tests.crash.matrix import at
from tests.crash.scenario import MIDDLE, Scenario
from tests.crash.verdicts import assert_clean
from tests.postgres.line import Outage
from tests.postgres.outage import FORGETS, OWN_WITHIN_S, Step, Stood
from tests.postgres.server import require
from tests.postgres.steps import outages

STEPS = {  # all others: `python -m tests.postgres`
    str(step): step
    for step in (
        Step(at("answered", MIDDLE), Outage.CUT),
        Step(at("claimed", MIDDLE), Outage.STILL),
        Step(at("decided", MIDDLE), Outage.UNANSWERED),
        Step(at("batch_committed", MIDDLE), Outage.UNANSWERED),
    )
}
UNSAFE = Step(Scenario("answered", MIDDLE, nth=2, unsafe=FORGETS), Outage.CUT)

pytestmark = [pytest.mark.xdist_group("steps"), pytest.mark.timeout(180)]


@pytest.fixture(scope="module")
def outcomes() -> Iterator[Mapping[str, Stood]]:
    """All of them, side by side once."""
    require()
    with outages() as play:
        yield {str(outcome.scenario): outcome for outcome in play([*STEPS.values(), UNSAFE])}


@pytest.mark.parametrize("name", STEPS)
def test_every_clip_goes_out_once_and_in_order_though_the_server_is_away_from(
    name: str, outcomes: Mapping[str, Stood]
):
    outcome = outcomes[name]

    assert_clean(outcome)
    assert outcome.stood_s is not None
    assert outcome.stood_s < OWN_WITHIN_S


def test_the_judge_sees_the_duplicate_of_a_worker_that_forgets_what_it_could_not_write(
    outcomes: Mapping[str, Stood],
):
    assert len(outcomes[str(UNSAFE)].verdict.duplicate) == 1
