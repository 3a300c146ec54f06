"""The tools of the simulated world: what they see, and that they see it again."""

from __future__ import annotations

from tests.world import history, story
from tests.world.scenario import scenario_of


def test_the_same_seed_is_the_same_history():
    once = history.run(scenario_of(7, "kills"), telling=True)
    again = history.run(scenario_of(7, "kills"), telling=True)

    assert once.record.counts["kills"] > 0
    assert story.fingerprint(once.record) == story.fingerprint(again.record)


def test_a_calm_world_has_every_clip_live_once():
    calm = history.run(scenario_of(1, "calm"))

    assert len(calm.record.lives) == calm.scenario.clips
