"""The actors: once for each bell, an id in, one step called."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import dramatiq
import structlog

from storyclip.domain.errors import LostRace, NotFound, StoreUnavailable
from storyclip.flow.engine import Engine
from storyclip.flow.lane_care import look_after
from storyclip.flow.step import prepare, step
from storyclip.tasks.broker import AUDIT, PREPARE, PUBLISH, QUEUE
from storyclip.tasks.chain import Chain
from storyclip.tasks.in_hand import InHand

log = structlog.get_logger("storyclip")

MOST_PREPARING = 8  # threads that may be busy with media ahead of its turn: it takes minutes


def declare(
    broker: dramatiq.Broker, engine: Engine, publishing: InHand, chain: Chain
) -> Mapping[str, Callable[[int], None]]:
    """Declare the three actors on `broker`; what is asked for first has the smaller priority.

    Returns what each does, by its name.
    """

    def take_step(clip_id: int) -> None:
        if not _run(step, clip_id, engine, publishing):
            publishing.keep(clip_id)

    preparing, auditing = InHand(at_most=MOST_PREPARING), InHand()

    @dramatiq.actor(actor_name=PUBLISH, queue_name=QUEUE, broker=broker)
    def publish_clip(clip_id: int) -> None:
        chain.follow(clip_id, take_step)

    @dramatiq.actor(actor_name=PREPARE, queue_name=QUEUE, priority=5, broker=broker)
    def prepare_clip(clip_id: int) -> None:
        _run(prepare, clip_id, engine, preparing)

    @dramatiq.actor(actor_name=AUDIT, queue_name=QUEUE, priority=10, broker=broker)
    def audit_lane(lane_id: int) -> None:
        _run(look_after, lane_id, engine, auditing)

    return {PUBLISH: publish_clip.fn, PREPARE: prepare_clip.fn, AUDIT: audit_lane.fn}


def _run(what: Callable[[int, Engine], None], row_id: int, engine: Engine, hand: InHand) -> bool:
    """Take a step, and return whether the database was there for all of it."""
    if type(row_id) is not int:  # a message is no authority: anybody may have written it
        log.warning("bell_not_ours", id=repr(row_id)[:80])
        return True
    with hand.taking(row_id) as taken:
        if not taken:
            return True
        try:
            what(row_id, engine)
        except NotFound as missing:
            log.warning("bell_not_ours", reason=str(missing))
        except LostRace as race:
            log.debug("lost_race", reason=str(race))
        except StoreUnavailable as failure:
            log.error("store_unavailable", reason=str(failure))
            return False
    return True
