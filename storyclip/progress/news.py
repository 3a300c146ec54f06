"""Redis as far as StoryClip needs it outside the queue: a connection, a ping, and the news."""

from __future__ import annotations

import json
from collections.abc import Callable

import redis
import structlog
from redis.backoff import NoBackoff
from redis.retry import Retry

log = structlog.get_logger("storyclip")

CHANNEL = "storyclip:news"
ANSWER_WITHIN_S = 2.0  # what a request or a step waits at most for a Redis that hangs
DEAF_FOR_S = 1.0  # after a failure nobody else waits for it for so long


def connect(url: str, answer_within_s: float = ANSWER_WITHIN_S) -> redis.Redis:
    """Return a client for the Redis at `url`; it connects when it is first used.

    One retry, for a connection that a restart of Redis closed; who hangs is not asked twice.
    """
    return redis.Redis.from_url(
        url,
        socket_connect_timeout=answer_within_s,
        socket_timeout=answer_within_s,
        retry=Retry(NoBackoff(), 1, (redis.ConnectionError,)),
        health_check_interval=0,
    )


def answers(client: redis.Redis) -> bool:
    """Return whether Redis answers a ping."""
    try:
        return bool(client.ping())
    except redis.RedisError:
        return False


class Quietly:
    """Tells Redis what may go unheard: a failure is logged, and nobody waits for the next second.

    `monotonic` returns seconds that never run back.
    """

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._deaf_until = float("-inf")

    def tell(self, call: Callable[[], object], failures: tuple[type[Exception], ...]) -> bool:
        """Make one call, and return whether it was heard.

        Only `failures` are swallowed, for the clock rings again whatever got lost.
        """
        if self._monotonic() < self._deaf_until:
            return False
        try:
            call()
        except failures as failure:
            self._deaf_until = self._monotonic() + DEAF_FOR_S
            log.warning("redis_unheard", reason=str(failure))
            return False
        return True


class News:
    """Says on Redis that a batch changed; who listens reads the rest from the database."""

    def __init__(self, client: redis.Redis, quietly: Quietly) -> None:
        self._client = client
        self._quietly = quietly

    def publish(self, batch_id: str, seq: int) -> None:
        """Say that event `seq` of the batch is committed; it may go unheard."""
        news = json.dumps({"batchId": batch_id, "seq": seq})
        self._quietly.tell(lambda: self._client.publish(CHANNEL, news), (redis.RedisError,))
