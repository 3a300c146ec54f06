"""What failed under a name, counted over Redis by all processes that serve the same people.

Whoever counts keeps a count of their own besides: what Redis forgets or cannot be told is not
counted here, and then counts in each process by itself.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import timedelta
from hashlib import blake2b

import redis
import structlog

from storyclip.progress.news import connect

log = structlog.get_logger("storyclip")

ANSWER_WITHIN_S = 0.3  # what a try waits for a Redis that hangs, once in DEAF_FOR_S
DEAF_FOR_S = 5.0

# The newest first, never more than `most`; by the clock of Redis, which all of them share
_FAILED = """
local time = redis.call('TIME')
redis.call('LPUSH', KEYS[1], tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000))
redis.call('LTRIM', KEYS[1], 0, tonumber(ARGV[1]) - 1)
redis.call('PEXPIRE', KEYS[1], tonumber(ARGV[2]))
"""
_WAIT_MS = """
local oldest = redis.call('LINDEX', KEYS[1], tonumber(ARGV[1]) - 1)
if not oldest then return 0 end
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
return math.max(0, tonumber(oldest) + tonumber(ARGV[2]) - now)
"""


class SharedFailures:
    """The failures of all processes; for many threads, and carried over a fork.

    `monotonic` returns seconds that never run back.
    """

    def __init__(self, client: redis.Redis, monotonic: Callable[[], float]) -> None:
        self._client, self._monotonic = client, monotonic
        self._deaf_until = float("-inf")

    def wait_s(self, name: str, most: int, within: timedelta) -> int:
        """Return for how many seconds there may be no other try; 0 also while nobody can tell."""
        found = self._told(_WAIT_MS, name, most, within)
        return math.ceil(found / 1000) if isinstance(found, int) else 0

    def failed(self, name: str, most: int, within: timedelta) -> None:
        """Count a failure."""
        self._told(_FAILED, name, most, within)

    def _told(self, script: str, name: str, most: int, within: timedelta) -> object:
        """Return what Redis answers, None if it does not: then nobody asks for a while."""
        if self._monotonic() < self._deaf_until:
            return None
        within_ms = int(within.total_seconds() * 1000)
        try:
            return self._client.eval(script, 1, _key(name), most, within_ms)
        except redis.RedisError as failure:
            self._deaf_until = self._monotonic() + DEAF_FOR_S
            log.warning("failures_are_counted_here_alone", reason=str(failure))
            return None


def failures_at(url: str, monotonic: Callable[[], float]) -> SharedFailures:
    """Return the failures that are counted in the Redis at `url`."""
    return SharedFailures(connect(url, ANSWER_WITHIN_S), monotonic)


def _key(name: str) -> str:
    # Who failed where is not to be read in Redis, and a name has any length
    return (
        f"storyclip:failed:{blake2b(name.encode('utf-8', 'replace'), digest_size=16).hexdigest()}"
    )
