"""Looking at a lane in doubt: by whoever has a clip due there, and by the audit."""

from __future__ import annotations

from datetime import datetime

import structlog

from storyclip.domain.errors import LostRace, UpstreamError
from storyclip.domain.installation import Installation
from storyclip.domain.lane import Lane
from storyclip.flow.asking import run
from storyclip.flow.audit import audit
from storyclip.flow.doubt import clear_up, look_for_late_ones, may_come_late
from storyclip.flow.engine import Engine
from storyclip.flow.hand import Hand
from storyclip.store.publishing import lanes
from storyclip.store.service import newest

log = structlog.get_logger("storyclip")


def look_after(lane_id: int, engine: Engine) -> None:
    """Clear up a lane in doubt, and compare it with what Metricool lists.

    Raises:
        StoreUnavailable: the next audit looks again.
    """
    here = newest.find()
    if not here.may_act:
        return  # these rows are none to act on here
    lane = lanes.find(lane_id)
    if lane.doubted_since is not None:
        look_at_lane(lane, engine)
    elif may_come_late(here, engine.now()):
        _look_once_more(lane, here, engine)
    audit(lane_id, engine)


def _look_once_more(lane: Lane, here: Installation, engine: Engine) -> None:
    hand = Hand(engine)
    try:
        run(look_for_late_ones(lane, here, hand.visit), hand.give)
    except UpstreamError as failure:
        log.info("late_look_failed", account=lane.account_id, reason=str(failure))
    except LostRace as moved_on:
        log.debug("late_look_lost_race", account=lane.account_id, reason=str(moved_on))


def look_at_lane(lane: Lane, engine: Engine) -> datetime | None:
    """Look at what Metricool has on a lane in doubt; return when to come back, None if it is known.

    Raises:
        StoreUnavailable: nothing was written.
    """
    hand = Hand(engine)
    try:
        return run(clear_up(lane, newest.find(), hand.visit), hand.give)
    except LostRace:
        return None  # somebody else has looked: read anew
