"""A slice of the simulated world in every run: the same seeds each time, some of each profile."""

from __future__ import annotations

import pytest

from tests.world.history import run
from tests.world.scenario import PROFILES, scenario_of

SEEDS = range(1, 41)  # of each profile
FEWER = {  # some cost more, and some of what others show would be shown twice
    "films": range(1, 13),
    "rights": range(1, 17),
    "settings": range(1, 9),
    "shapes": range(1, 17),
}


@pytest.mark.timeout(300)
@pytest.mark.parametrize("profile", sorted(PROFILES))
def test_nothing_is_lost_doubled_out_of_order_untrue_or_stuck(profile: str):
    found = {seed: run(scenario_of(seed, profile)).findings for seed in FEWER.get(profile, SEEDS)}

    assert {seed: findings for seed, findings in found.items() if findings} == {}
