"""One history from its beginning to its end: set up, run, and judged."""

from __future__ import annotations

import functools
from collections.abc import Collection
from dataclasses import dataclass, field

from config.settings import Settings
from tests.world import cinema, ears, rows
from tests.world.choices import Choices
from tests.world.clock import Clock
from tests.world.judge import Finding, judge
from tests.world.looks import Looks
from tests.world.metricool import Metricool
from tests.world.neighbours import Neighbours
from tests.world.operator import Operator
from tests.world.people import People
from tests.world.record import Ending, Record
from tests.world.restoring import Restoring
from tests.world.rights import Rights
from tests.world.scenario import HOUR_S, PROFILES, Scenario
from tests.world.second import Second
from tests.world.times import SECOND_US, instant
from tests.world.web import Web
from tests.world.workers import Workers
from tests.world.world import World

MOST_S = 8 * 24 * HOUR_S
MANY = 50  # stories a day, more than any history has on a lane
GLIMPSED = 0.1  # of the histories, for it takes time
AFTERWARDS_S = 3 * HOUR_S  # late watches and fences after the last thing that happened


@dataclass
class History:
    """What came of a scenario and its disturbances."""

    scenario: Scenario
    record: Record
    taken: list[str]
    findings: list[Finding] = field(default_factory=list)


def run(
    scenario: Scenario, allowed: Collection[str] | None = None, *, telling: bool = False
) -> History:
    """Run one history and judge it; with `allowed`, with exactly these disturbances."""
    ahead_us = round(scenario.metricool_ahead_s) * SECOND_US
    record = Record(
        telling=telling,
        metricool_ahead_us=ahead_us,
        tells_time=scenario.has_date_header,
        is_quota_small=scenario.quota_24h < MANY,
        has_pages=scenario.list_page > 0,
    )
    world = World(scenario, Choices(scenario.seed, allowed), record)
    metricool = Metricool(world)
    workers = Workers(metricool, settings_of(scenario))
    People(metricool)
    web = Web(workers)
    clock = Clock(workers)
    operator = Operator(workers)
    Rights(workers, clock)
    if "restore" in PROFILES[scenario.profile]:
        looks = Looks(workers)
        looks.doubts = clock.audit_soon
    Second(workers)
    restoring = Restoring(workers, web, lambda batch: _shown(batch, world.hub.now_us))

    def restored() -> None:
        clock.restored()
        operator.look()

    restoring.done = restored

    def glimpse() -> None:
        record.glimpses += [_shown(batch, world.hub.now_us) for batch in rows.all_batches()]

    if world.choices.draw("glimpses") < GLIMPSED:
        clock.glimpse = glimpse

    def changed(
        batch: str, seq: int, opened_clip_id: int | None, failed: tuple[str, int] | None
    ) -> None:
        clock.changed()
        record.event_us.setdefault((batch, seq), world.hub.now_us)
        if operator.look() and rows.is_held(batch):
            record.held_events.add((batch, seq))
        if opened_clip_id is not None:
            workers.ring("publish", opened_clip_id)
        if failed is not None:
            web.failed(f"{failed[0]}.{failed[1]}")

    neighbours = None
    if "hold" in PROFILES[scenario.profile]:
        neighbours = Neighbours(world)
        neighbours.is_in_hand, neighbours.able = workers.is_in_hand, workers.able
        workers.gave_up = neighbours.gave_up
    with cinema.opened(workers, web, restoring) as films:

        def committed() -> None:
            clock.committed()
            films.committed()

        clock.looks_anew = committed
        hear = ears.Ears(world.gap, world.is_full, committed, changed, neighbours)
        with ears.opened(hear):
            try:
                workers.begin()
                films.begin()
                _until_quiet(world, metricool, operator)
            finally:
                world.hub.abandon()
            record.held_at_end = [f"lane {lane_id}" for lane_id in rows.held_lanes()]
            record.known_uuids = rows.known_uuids()
            record.endings = [_shown(batch, record.ended_us) for batch in rows.all_batches()]
            films.end()
    return History(scenario, record, world.choices.taken, judge(record))


def _shown(batch: str, at_us: int) -> Ending:
    summary, clips = rows.whole_shown(batch, instant(at_us))
    return Ending(batch, summary, clips, rows.events_told(batch))


def settings_of(scenario: Scenario) -> Settings:
    """Return the settings that the processes of a scenario run with."""
    return _settings(
        tuple({"STORYCLIP_QUOTA_24H": str(scenario.quota_24h), **scenario.settings}.items())
    )


@functools.cache
def _settings(said: tuple[tuple[str, str], ...]) -> Settings:
    return Settings.from_environment(dict(said), needs_upstream=False)


def _until_quiet(world: World, metricool: Metricool, operator: Operator) -> None:
    """Run until the faults are over and nothing more is due, with a bound."""
    hub, step_us = world.hub, 600 * SECOND_US
    hub.run(round(world.scenario.faults_end_s * SECOND_US))
    end_us = hub.now_us + round(AFTERWARDS_S * SECOND_US)
    while hub.now_us < min(end_us, round(MOST_S * SECOND_US)):
        is_quiet = hub.run(hub.now_us + step_us) and rows.soonest_due() is None
        if operator.look():
            end_us = max(end_us, hub.now_us + round(HOUR_S * SECOND_US))
        elif is_quiet or hub.is_over:
            break
        upstream_us = metricool.next_us()
        if upstream_us is not None:
            end_us = max(end_us, upstream_us + round(AFTERWARDS_S * SECOND_US))
    hub.run(hub.now_us + 60 * SECOND_US)
    world.record.ended_us = hub.now_us
    while (later_us := metricool.next_us()) is not None:  # what nobody waits for any more
        hub.now_us = max(hub.now_us, later_us)
        metricool.catch_up()
