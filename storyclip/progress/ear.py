"""One subscription to the news for the whole process; while Redis is away it keeps trying."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable
from typing import Any

import redis
import structlog
from redis.backoff import NoBackoff
from redis.retry import Retry

from storyclip.domain.batch import BATCH_ID
from storyclip.progress.news import CHANNEL

log = structlog.get_logger("storyclip")

LISTEN_S = 1.0  # shorter than the socket's time-out, or silence would look like a dead line
SOCKET_S = 5.0
CONNECT_S = 1.0
AGAIN_AFTER_S = 1.0
PROVE_ALIVE_S = 5  # a line that died without a word is noticed by a ping

_NAME = re.compile(BATCH_ID)

Tell = Callable[[str, int], None]


class Ear:
    """Hears which event of which batch was committed, for the hub; it believes nothing else."""

    def __init__(self, url: str) -> None:
        self._client = redis.Redis.from_url(
            url,
            socket_timeout=SOCKET_S,
            socket_connect_timeout=CONNECT_S,
            health_check_interval=PROVE_ALIVE_S,
            retry=Retry(NoBackoff(), 0),
        )

    def listen(self, tell: Tell, stopped: threading.Event) -> None:
        """Call `tell` with every (batch id, seq) that is announced, until stopped."""
        is_deaf = False
        while not stopped.is_set():
            try:
                subscriptions = self._client.pubsub(  # type: ignore[no-untyped-call]
                    ignore_subscribe_messages=True
                )
                with subscriptions as subscription:
                    subscription.subscribe(CHANNEL)
                    while not stopped.is_set():
                        message = subscription.get_message(timeout=LISTEN_S)
                        if is_deaf:
                            is_deaf = False
                            log.info("news_heard_again")
                        news = None if message is None else _news(message.get("data"))
                        if news is not None:
                            tell(*news)
            except (redis.RedisError, OSError) as silence:
                if not is_deaf:
                    log.warning("news_unheard", reason=str(silence))
                is_deaf = True
                stopped.wait(AGAIN_AFTER_S)
        self._client.close()


def _news(data: Any) -> tuple[str, int] | None:
    """Return what a message says, None if it is none of ours: anybody can publish."""
    try:
        said = json.loads(data)
        batch_id, seq = said["batchId"], said["seq"]
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    is_ours = isinstance(batch_id, str) and _NAME.fullmatch(batch_id) and type(seq) is int
    return (batch_id, seq) if is_ours else None
