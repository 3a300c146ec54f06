"""The kills of `make crash` beyond the matrix: more going wrong at once, again and again."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import replace

from storyclip.domain.clip import State
from storyclip.domain.crashpoint import POINTS
from tests.crash.files import FileScenario, any_file_scenario, every_file_point
from tests.crash.matrix import (
    CANCEL,
    UPSTREAM,
    asked_again,
    every_point,
    far,
    matrix,
    never_seen,
    paused_by_itself,
)
from tests.crash.scenario import (
    BEST_TIME,
    CLIPS,
    FIRST,
    NOW,
    POSITIONS,
    SCHEDULED,
    WEB_POINTS,
    Act,
    Fault,
    Scenario,
    on_clip,
)

WORKER_POINTS = tuple(point for point in POINTS if point not in WEB_POINTS)
MOST_PASSES = 6  # of a point before the kill: a clip has about so many of the busier ones
OF_FILES = 0.25  # of the rounds: they last longer
MISHAPS: tuple[tuple[Fault, ...], ...] = (
    (),
    (),
    *(
        on_clip(clip, fault, **how)
        for clip in POSITIONS
        for fault, how in (
            ("create_then_drop", {}),
            ("create_then_truncated", {}),
            ("drop_before_create", {}),
            ("busy_429", {"seconds": 1}),
            ("date_moved", {"seconds": 1}),
            ("list_lags", {"seconds": 1}),
            ("delete_then_drop", {}),
            ("drop_before_delete", {}),
        )
    ),
)

Kind = Callable[[random.Random], Scenario]


def breadth(rng: random.Random) -> Iterator[Scenario | FileScenario]:
    """Yield the matrix on every position, then all that may be, for as long as one likes."""
    yield from every_point()
    yield from every_file_point()
    yield from matrix()
    certain = [*every_point(), *matrix()]
    while True:
        for scenario in rng.sample(certain, len(certain)):
            yield _with_more(scenario, rng)
            yield _with_more(_by_chance(rng), rng)
            if rng.random() < OF_FILES:
                yield any_file_scenario(rng)


def _with_more(scenario: Scenario, rng: random.Random) -> Scenario:
    """Return the same with other processes dying or working beside, on either network."""
    return replace(
        scenario,
        network=rng.choice(("facebook", "instagram")),
        flush=rng.random() < 0.3,
        then=tuple(rng.sample(WORKER_POINTS, rng.choice((0, 1, 1, 2)))),
        workers=int(rng.random() < 0.3),
    )


def _by_chance(rng: random.Random) -> Scenario:
    """Return a kill at whatever comes first, while a user does one of the usual things."""
    scenario = rng.choice(_KINDS)(rng)
    return replace(
        scenario, point=rng.choice(WORKER_POINTS), nth=rng.randint(1, MOST_PASSES), is_sure=False
    )


def _stopped(rng: random.Random) -> Scenario:
    """Return one that is paused at some clip, and goes on or ends."""
    pause = Act("pause", UPSTREAM, rng.choice(POSITIONS))
    return replace(_any(rng), acts=(pause, rng.choice((Act("resume"), Act("cancel")))))


def _cancelled(rng: random.Random) -> Scenario:
    return replace(_any(rng), acts=(Act("cancel", UPSTREAM, rng.choice(POSITIONS)),))


def _paused_twice(rng: random.Random) -> Scenario:
    """Return one in the hand of somebody who cannot make up their mind."""
    pause, resume = Act("pause", UPSTREAM, FIRST), Act("resume")
    return replace(_any(rng), acts=(pause, resume, Act("pause"), resume))


def _far_ahead(rng: random.Random) -> Scenario:
    pause, resume = Act("pause", UPSTREAM), Act("resume")
    acts = rng.choice(((CANCEL,), (pause, Act("cancel")), (pause, resume, CANCEL)))
    mode = rng.choice((SCHEDULED, BEST_TIME))
    return replace(far("", FIRST), acts=acts, mode=mode, faults=rng.choice(MISHAPS))


def _two_on_a_lane(rng: random.Random) -> Scenario:
    return replace(_any(rng), beside=rng.choice((NOW, SCHEDULED)))


def _failing(rng: random.Random) -> Scenario:
    """Return one of which a clip fails, and is asked for again or given up."""
    clip = rng.choice(POSITIONS)
    kind = rng.choice((asked_again, never_seen, paused_by_itself))
    if kind is not paused_by_itself or clip == CLIPS:
        return kind("", clip)
    scenario = replace(paused_by_itself("", clip), mode=rng.choice((NOW, SCHEDULED)))
    if rng.random() < 0.5:
        return scenario
    given_up = (Act("pause", State.FAILED, clip), Act("cancel"))
    return replace(scenario, acts=given_up, ends_as="network_error")


def _any(rng: random.Random) -> Scenario:
    """Return a batch with dates or without, and a mishap or none."""
    mode = rng.choice((NOW, SCHEDULED, BEST_TIME))
    return Scenario("", FIRST, mode=mode, faults=rng.choice(MISHAPS))


_KINDS: tuple[Kind, ...] = (
    _stopped,
    _cancelled,
    _paused_twice,
    _far_ahead,
    _two_on_a_lane,
    _failing,
)
