"""Each planted mistake is caught, from the seed on that caught it before."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.world.planted.__main__ import CAUGHT, hunt
from tests.world.planted.plant import MISTAKES

BEFORE: list[dict[str, Any]] = json.loads(CAUGHT.read_text())


def test_every_mistake_was_caught_once():
    assert [one["name"] for one in BEFORE] == [mistake.name for mistake in MISTAKES]
    assert all(one["seed"] is not None for one in BEFORE)


@pytest.mark.parametrize(
    ("mistake", "seed"),
    [(mistake, one["seed"]) for mistake, one in zip(MISTAKES, BEFORE, strict=True)],
    ids=[mistake.name for mistake in MISTAKES],
)
def test_a_planted_mistake_is_caught(mistake: Any, seed: int):
    assert hunt(mistake, first=seed)["seed"] is not None
