"""All histories of one and two clips, with two workers and two faults at most: none goes wrong."""

from __future__ import annotations

import pytest

from tests.model.explore import explore
from tests.model.mistakes import MISTAKES, Mistake, planted
from tests.model.scene import Scene
from tests.model.scenes import QUICK

# What takes half a million states to show is looked for by `python -m tests.model` alone
SOON_SHOWN = [mistake for mistake in MISTAKES if mistake.scene.name != "two dated"]


@pytest.mark.parametrize("scene", QUICK, ids=lambda scene: scene.name)
def test_no_history_goes_wrong(scene: Scene):
    seen = explore(scene)

    assert seen.fault is None, "\n".join([*seen.story, seen.fault or ""])
    assert seen.states > 100


@pytest.mark.parametrize("mistake", SOON_SHOWN, ids=lambda mistake: mistake.name)
def test_a_mistake_shows_in_some_history(mistake: Mistake):
    with planted(mistake):
        seen = explore(mistake.scene)

    assert seen.fault is not None
