"""The Redis broker with exactly the middleware we mean, and the bells rung through it."""

from __future__ import annotations

import json
from collections.abc import Callable

import dramatiq
import redis
import structlog
from dramatiq import Consumer
from dramatiq.brokers.redis import RedisBroker
from dramatiq.errors import BrokerError

from storyclip.progress.news import News, Quietly
from storyclip.store.history.events import Change

QUEUE = "storyclip"  # one for all: each queue costs two consumers that poll Redis
PUBLISH, PREPARE, AUDIT = "publish_clip", "prepare_clip", "audit_lane"  # the actors
LISTEN_MS = 50  # an idle worker may leave a bell unheard for so long
MAX_BELL_BYTES = 1024  # ours have a quarter of it
MAX_ROW_ID = 2**31
HEARTBEAT_TIMEOUT_MS = 5000
MAINTENANCE_CHANCE = 50_000  # of a million commands; the clock rings again what a dead one had

_FIELDS = {
    "queue_name",
    "actor_name",
    "args",
    "kwargs",
    "options",
    "message_id",
    "message_timestamp",
}

log = structlog.get_logger("storyclip")


class OurBroker(RedisBroker):
    """Hands its workers nothing but our own bells: anybody may have written into the queue.

    Dramatiq's consumer stops for 3 s at each message that it cannot read, and forgets what it had
    fetched with it.
    """

    def consume(self, queue_name: str, prefetch: int = 1, timeout: int = 5000) -> Consumer:
        """Listen closely to bells; to what is delayed, of which there is none, as Dramatiq does."""
        listen_ms = LISTEN_MS if queue_name == QUEUE else timeout
        return super().consume(queue_name, prefetch, listen_ms)

    def do_fetch(self, queue_name: str, count: int) -> list[bytes]:
        """Return up to `count` bells; what is none is passed over, and not fetched again."""
        while fetched := self._dispatch("fetch")(queue_name, count):  # type: ignore[no-untyped-call]
            bells = [data for data in fetched if _is_bell(data, queue_name)]
            if len(bells) < len(fetched):
                log.warning("bells_not_ours", count=len(fetched) - len(bells))
            if bells:
                return bells
        return []


def make_broker(client: redis.Redis, middleware: list[dramatiq.Middleware]) -> RedisBroker:
    """Return the broker: no retries, no results, no delays, no time limits; rows do all that."""
    return OurBroker(  # type: ignore[no-untyped-call]
        client=client,
        middleware=middleware,
        maintenance_chance=MAINTENANCE_CHANCE,
        heartbeat_timeout=HEARTBEAT_TIMEOUT_MS,
    )


class Bells:
    """Rings for a clip's step, its media or a lane's audit; any of them may go unheard.

    `unheard` is told which, by the actor and the row's id.
    """

    def __init__(
        self,
        broker: dramatiq.Broker,
        quietly: Quietly,
        unheard: Callable[[str, int], None] = lambda actor, row_id: None,  # noqa: ARG005
    ) -> None:
        self._broker = broker
        self._quietly = quietly
        self._unheard = unheard

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
        if not self._quietly.tell(lambda: self._broker.enqueue(message), failures):
            self._unheard(actor, row_id)


def teller(came: Callable[[int], None], news: News) -> Callable[[Change], None]:
    """Return what carries a committed change to whoever has to hear of it, the next clip first.

    `came` is told of a clip whose turn came.
    """

    def tell(change: Change) -> None:
        if change.opened_clip_id is not None:
            came(change.opened_clip_id)
        news.publish(change.batch_id, change.seq)

    return tell


def _is_bell(data: bytes | None, queue_name: str) -> bool:
    if data is None or len(data) > MAX_BELL_BYTES or queue_name != QUEUE:  # we delay none
        return False
    try:
        said = json.loads(data)
    except (ValueError, RecursionError):
        return False
    if not isinstance(said, dict) or set(said) != _FIELDS:
        return False
    args, options = said["args"], said["options"]
    return (
        said["queue_name"] == QUEUE
        and said["actor_name"] in (PUBLISH, PREPARE, AUDIT)
        and isinstance(args, list)
        and [type(arg) for arg in args] == [int]
        and 0 < args[0] < MAX_ROW_ID
        and said["kwargs"] == {}
        and isinstance(said["message_id"], str)
        and type(said["message_timestamp"]) is int
        and isinstance(options, dict)
        and set(options) == {"redis_message_id"}
        and isinstance(options["redis_message_id"], str)
    )
