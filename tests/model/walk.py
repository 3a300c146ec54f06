"""One history of a scene, by chance, in the model and in the real store at once."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from random import Random
from typing import Any

from storyclip.domain.dates.schedule import first_step
from storyclip.domain.errors import LostRace, NotItsTurn
from storyclip.domain.lane import Lane
from storyclip.domain.moves import Move
from storyclip.flow.asking import BeginRemoval, Learn, MakeWay, MarkGone, Rest
from storyclip.flow.engine import Engine
from storyclip.flow.hand import Hand
from storyclip.store.database import writing
from storyclip.store.publishing import lanes
from tests.model.held import differences
from tests.model.real import Real
from tests.model.scene import LANE, T0, Scene
from tests.model.state import Buried, Happened, State, Wished
from tests.model.visits import Node
from tests.model.world import World

MOST_STEPS = 150
WRITTEN = (Move, Rest, MakeWay, BeginRemoval, MarkGone, Learn)


class Numbered(World):
    """A world whose revisions stay what they are, as in the store."""

    def kept(self, state: State) -> State:
        """Return the same state made of parts that are kept."""
        kept = self._kept(state.metricool)
        return state._replace(rows=self._kept(state.rows), metricool=kept)


class NoMetricool:
    """The model has made the calls already."""

    def now(self) -> None:
        """Tell no time."""

    def is_heard(self) -> bool:
        """Return whether our clock may be believed."""
        return True


def walked(scene: Scene, seed: int) -> tuple[list[str], list[str]]:
    """Return where model and store differ after the first step that they differ after, and how."""
    chance, world, real, story = Random(seed), Numbered(scene), Real(), list[str]()
    state = world.start()
    real.create(scene.batch(), T0)
    with writing():
        lanes.write(Lane(LANE.id, LANE.account_id, LANE.network), LANE)
    while not (found := list(differences(state.rows, real.rows, "rows"))):
        following = list(world.after(state))
        if not following or len(story) == MOST_STEPS:
            break
        happened = chance.choice(following)
        story.append(f"{state.now:%H:%M:%S} {happened.who} {happened.what}")
        _do(happened, state.now, scene, real)
        state = happened.state
    return found, story


def _do(happened: Happened, now: datetime, scene: Scene, real: Real) -> None:
    """Do to the real store what the model did to its rows."""
    match happened.deed:
        case Buried(worker):
            real.bury(worker, now)
        case Wished("pause"):
            real.pause("b1", now)
        case Wished("resume"):
            settings = scene.settings
            real.resume("b1", now, first_step(now, settings.lead_s, settings.date_step_s))
        case Wished():
            real.cancel("b1", now)
        case Node() as visit if isinstance(visit.asked, WRITTEN):
            _give(visit, now, scene)


def _give(visit: Node, now: datetime, scene: Scene) -> None:
    """Have the real hand write what a visit asks for; that it may not, the rows tell."""
    upstream: Any = NoMetricool()
    engine = Engine(
        upstream=upstream,
        settings=scene.settings,
        now=lambda: now,
        monotonic=lambda: 0.0,
        wait=lambda _: None,
        jitter=lambda: 1.0,
        worker="",
        ring_prepare=lambda _: None,
        ring_audit=lambda _: None,
        leave_sending=lambda _: None,
    )
    hand = Hand(engine, visit.clip)
    hand._created = visit.created
    assert visit.asked is not None
    with suppress(LostRace, NotItsTurn):
        hand.give(visit.asked)
