"""The twin of the rows says what the real store says, whatever is done to them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from random import Random

import pytest

from storyclip.domain.batch import OnFailure
from storyclip.domain.dates.mode import Mode
from storyclip.domain.network import Network
from storyclip.store.publishing.new_batch import NewBatch, NewClip
from tests.model.acts import VERBS, Act
from tests.model.held import Held
from tests.model.real import USER
from tests.model.scene import T0, Scene
from tests.model.scenes import QUICK
from tests.model.walk import walked
from tests.world.ears import Ears, opened
from tests.world.shrink import least

DEAF = Ears(lambda _: None, lambda: False, lambda: None, lambda *_: None)
ACTS = 35


def a_batch(name: str, chance: Random) -> NewBatch:
    mode = chance.choice((Mode.NOW, Mode.SCHEDULED))
    dates = [T0 + timedelta(minutes=5 * index) for index in range(1, chance.randint(1, 3) + 1)]
    return NewBatch(
        batch_id=name,
        job_id=None,
        user_id=USER,
        key_id=None,
        account_id="2000001",
        network=Network.FACEBOOK,
        on_failure=chance.choice((OnFailure.CONTINUE, OnFailure.PAUSE)),
        gap_s=chance.choice((0.0, 60.0)),
        clips=tuple(
            NewClip(f"{name}-{n}", f"https://cdn.example.com/{name}/{n}.mp4", "", wished_for)
            for n, wished_for in enumerate(dates if mode is Mode.SCHEDULED else [None] * len(dates))
        ),
        mode=mode,
    )


def an_act(chance: Random) -> Act:
    return Act(
        verb=chance.choice(VERBS),
        clip=chance.randrange(6),
        is_due=chance.random() < 0.7,
        way=chance.random() ** 2,
        number=chance.randrange(12),
        late=chance.choice((0, 0, 0, 0, 1, 3)),
        waits_s=chance.choice((0, 0, 0, 20, 70)),
        date_s=chance.choice((60, 120, 240, 1200, 0, -60)),
    )


def upstream(chance: Random) -> Iterator[Act]:
    """Have all clips of a dated batch sent, and seen in Metricool; then it may be paused."""
    for clip in range(3):
        for _ in ("intended", "accepted", "looked"):
            yield Act("move", clip, False, 0.0, 1 + clip, 0, 0, 60)
    yield Act(chance.choice(("pause", "make way")), 0, False, 0.0, 0, 0, 0, 60)


def a_history(seed: int) -> list[NewBatch | Act]:
    """One batch, or two of which the second comes early, and what is done to their clips."""
    chance = Random(seed)
    history: list[NewBatch | Act] = [an_act(chance) for _ in range(ACTS)]
    if chance.random() < 0.6:
        history = [*upstream(chance), *history]
    if chance.random() < 0.7:
        history.insert(chance.randrange(10), a_batch("b2", chance))
    return [a_batch("b1", chance), *history]


def told(history: list[NewBatch | Act]) -> tuple[list[str], list[str]]:
    """Return where the sides differ after the first act that they differ after, and the story."""
    with opened(DEAF):
        held = Held()
        for happening in history:
            if differences := held.do(happening):
                return differences, held.story
    return [], held.story


@pytest.mark.parametrize("seed", range(100))
def test_the_twin_says_what_the_store_says(seed: int):
    first, *rest = a_history(seed)

    differences, story = told([first, *rest])

    if differences:
        shortest = least(rest, lambda some: bool(told([first, *some])[0]))
        differences, story = told([first, *shortest])
    assert not differences, "\n".join([*story, *differences])


@pytest.mark.parametrize("scene", QUICK, ids=lambda scene: scene.name)
def test_the_store_follows_where_the_decisions_lead_the_model(scene: Scene):
    for seed in range(3):
        with opened(DEAF):
            differences, story = walked(scene, seed)
        assert not differences, "\n".join([*story, *differences])
