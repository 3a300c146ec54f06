"""The actors: once for each bell, an id in, one step called."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import dramatiq
import structlog

from storyclip.domain.errors import NotFound, StoreUnavailable
from storyclip.flow.engine import Engine
from storyclip.flow.lane_care import look_after
from storyclip.flow.step import prepare, step
from storyclip.tasks.broker import AUDIT, PREPARE, PUBLISH, QUEUE

log = structlog.get_logger("storyclip")

MOST_PREPARING = 8  # threads that may be busy with media ahead of its turn: it takes minutes


def declare(broker: dramatiq.Broker, engine: Engine) -> None:
    """Declare the three actors on `broker`; what is asked for first has the smaller priority."""
    publishing, preparing, auditing = _InHand(), _InHand(at_most=MOST_PREPARING), _InHand()

    @dramatiq.actor(actor_name=PUBLISH, queue_name=QUEUE, broker=broker)
    def publish_clip(clip_id: int) -> None:
        _run(step, clip_id, engine, publishing)

    @dramatiq.actor(actor_name=PREPARE, queue_name=QUEUE, priority=5, broker=broker)
    def prepare_clip(clip_id: int) -> None:
        _run(prepare, clip_id, engine, preparing)

    @dramatiq.actor(actor_name=AUDIT, queue_name=QUEUE, priority=10, broker=broker)
    def audit_lane(lane_id: int) -> None:
        _run(look_after, lane_id, engine, auditing)


class _InHand:
    """What this process is busy with: a bell for it, rung again meanwhile, is dropped.

    Only spares work: two processes may still hear the same bell, and the rows decide.
    """

    def __init__(self, at_most: int | None = None) -> None:
        self._ids: set[int] = set()
        self._at_most = at_most
        self._lock = threading.Lock()

    @contextmanager
    def taking(self, row_id: int) -> Iterator[bool]:
        """Take an id for the block; yields False if it is taken or too many are."""
        with self._lock:
            full = self._at_most is not None and len(self._ids) >= self._at_most
            taken = row_id not in self._ids and not full
            if taken:
                self._ids.add(row_id)
        try:
            yield taken
        finally:
            if taken:
                with self._lock:
                    self._ids.discard(row_id)


def _run(
    what: Callable[[int, Engine], None], row_id: int, engine: Engine, in_hand: _InHand
) -> None:
    if type(row_id) is not int:  # a message is no authority: anybody may have written it
        log.warning("bell_not_ours", id=repr(row_id)[:80])
        return
    with in_hand.taking(row_id) as taken:
        if not taken:
            return
        try:
            what(row_id, engine)
        except NotFound as missing:
            log.warning("bell_not_ours", reason=str(missing))
        except StoreUnavailable as failure:
            log.error("store_unavailable", reason=str(failure))
