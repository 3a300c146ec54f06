"""The Redis broker with exactly the middleware we mean, and the bells rung through it."""

from __future__ import annotations

from collections.abc import Callable

import dramatiq
import redis
from dramatiq.brokers.redis import RedisBroker
from dramatiq.errors import BrokerError

from storyclip.progress.bell import News, Quietly
from storyclip.store.events import Change

QUEUE = "storyclip"  # one for all: each queue costs two consumers that poll Redis
PUBLISH, PREPARE, AUDIT = "publish_clip", "prepare_clip", "audit_lane"  # the actors
HEARTBEAT_TIMEOUT_MS = 5000
MAINTENANCE_CHANCE = 50_000  # of a million commands; the clock rings again what a dead one had


def make_broker(client: redis.Redis, middleware: list[dramatiq.Middleware]) -> RedisBroker:
    """Return the broker: no retries, no results, no delays, no time limits; rows do all that."""
    return RedisBroker(
        client=client,
        middleware=middleware,
        maintenance_chance=MAINTENANCE_CHANCE,
        heartbeat_timeout=HEARTBEAT_TIMEOUT_MS,
    )


class Bells:
    """Rings for a clip's step, its media or a lane's audit; any of them may go unheard."""

    def __init__(self, broker: dramatiq.Broker, quietly: Quietly) -> None:
        self._broker = broker
        self._quietly = quietly

    def publish(self, clip_id: int) -> None:
        """Ring for the step that is due for a clip."""
        self._ring(PUBLISH, clip_id)

    def prepare(self, clip_id: int) -> None:
        """Ring for having a clip's media prepared ahead of its turn."""
        self._ring(PREPARE, clip_id)

    def audit(self, lane_id: int) -> None:
        """Ring for comparing a lane with what Metricool shows."""
        self._ring(AUDIT, lane_id)

    def _ring(self, actor: str, row_id: int) -> None:
        message: dramatiq.Message[None] = dramatiq.Message(
            queue_name=QUEUE, actor_name=actor, args=(row_id,), kwargs={}, options={}
        )
        failures = (redis.RedisError, BrokerError)
        self._quietly.tell(lambda: self._broker.enqueue(message), failures)


def teller(bells: Bells, news: News) -> Callable[[Change], None]:
    """Return what carries a committed change to whoever has to hear of it, the next clip first."""

    def tell(change: Change) -> None:
        if change.opened_clip_id is not None:
            bells.publish(change.opened_clip_id)
        news.publish(change.batch_id, change.seq)

    return tell
