"""One budget for a Metricool token, shared over Redis by all processes that use it.

Nobody waits for Redis at each call: a look takes from a handful that was reserved before, and what
publishing took is told a few times a second, with the next question. Who asks so hears as well
whether another process was told to wait. While Redis is away each process keeps to a part of the
budget by itself.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from hashlib import blake2b

import redis
import structlog
from redis.backoff import NoBackoff
from redis.retry import Retry

from config.settings import Settings
from storyclip.domain.budget import BURST_S, LEFT_TO_OTHERS, Bucket, Grant, Purpose, Rates
from storyclip.domain.errors import OverBudget, UpstreamBusy

log = structlog.get_logger("storyclip")

ANSWER_WITHIN_S = 0.3  # what a call waits for a Redis that hangs, once in DEAF_FOR_S
DEAF_FOR_S = 5.0
EVERY_S = 0.25  # how old what is known may be: another process's stop is heard within this
AHEAD_S = 0.25  # so much of a second's looks is reserved at a time
LOCAL_SHARE = 0.25  # of a process on its own: one web and two workers stay below the whole
KEPT_MS = 3_700_000  # longer than any stop and than any bucket takes to fill

# The twin of `domain.budget.Bucket`, by the clock of Redis; answers in whole numbers.
_SETTLE = """
local a_second, size, reads_a_second, reads_size = \
    tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local spent, looks, reads = tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7])
local kept, keep_ms = size * tonumber(ARGV[8]), tonumber(ARGV[9])
local time = redis.call('TIME')
local now = tonumber(time[1]) + tonumber(time[2]) / 1000000
local was = redis.call('HMGET', KEYS[1], 'at', 'calls', 'reads', 'stopped_until')
local passed = math.max(0, now - (tonumber(was[1]) or now))
local calls = math.min(size, (tonumber(was[2]) or size) + passed * a_second)
local of_reads = math.min(reads_size, (tonumber(was[3]) or reads_size) + passed * reads_a_second)
local stopped = math.max(0, (tonumber(was[4]) or 0) - now)
calls = math.max(-size, calls - spent)
if stopped > 0 then looks, reads = 0, 0 end
looks = math.max(0, math.min(looks, math.floor(calls)))
calls = calls - looks
reads = math.max(0, math.min(reads, math.floor(of_reads), math.floor(calls - kept + 1)))
calls, of_reads = calls - reads, of_reads - reads
redis.call('HSET', KEYS[1], 'at', string.format('%.6f', now + stopped),
    'calls', tostring(calls), 'reads', tostring(of_reads))
redis.call('PEXPIRE', KEYS[1], keep_ms)
local until_look = math.max(0, 1 - calls) / a_second
local until_read = math.max(math.max(0, kept - calls) / a_second,
    math.max(0, 1 - of_reads) / reads_a_second)
return {looks, reads, math.ceil(until_look * 1000), math.ceil(until_read * 1000),
    math.ceil(stopped * 1000)}
"""

# After a stop the bucket is empty: publishing goes first, and not all looks at once.
_STOP = """
local time = redis.call('TIME')
local now = tonumber(time[1]) + tonumber(time[2]) / 1000000
local stopped_until = now + tonumber(ARGV[1])
if stopped_until > (tonumber(redis.call('HGET', KEYS[1], 'stopped_until')) or 0) then
    redis.call('HSET', KEYS[1], 'stopped_until', string.format('%.6f', stopped_until),
        'calls', '0', 'at', string.format('%.6f', stopped_until))
    redis.call('PEXPIRE', KEYS[1], tonumber(ARGV[2]))
end
"""


def budget_of(settings: Settings, monotonic: Callable[[], float]) -> SharedBudget:
    """Return this process's part of the budget of the settings' token."""
    client = redis.Redis.from_url(
        settings.redis_url,
        socket_connect_timeout=ANSWER_WITHIN_S,
        socket_timeout=ANSWER_WITHIN_S,
        retry=Retry(NoBackoff(), 1),  # a restart of Redis closed the connection
        health_check_interval=0,
    )
    rates = Rates(settings.metricool_calls_per_s, settings.metricool_reads_per_s)
    # By whose it is: neither the token nor a hash of it is to lie in Redis
    whose = f"{settings.metricool_base_url} {settings.metricool_user_id}"
    return SharedBudget(client, whose, rates, monotonic)


class SharedBudget:
    """This process's part of the budget; for many threads, and carried over a fork.

    `monotonic` returns seconds that never run back; `whose` names the token.
    """

    def __init__(
        self,
        client: redis.Redis,
        whose: str,
        rates: Rates,
        monotonic: Callable[[], float],
    ) -> None:
        self._client, self._rates, self._monotonic = client, rates, monotonic
        digest = blake2b(whose.encode(), digest_size=12).hexdigest()
        self._key = f"storyclip:budget:{digest}"
        share = Rates(rates.calls_per_s * LOCAL_SHARE, rates.reads_per_s * LOCAL_SHARE)
        self._alone = Bucket(share, monotonic())
        self._ahead = max(1, int(rates.calls_per_s * AHEAD_S))
        self._asking = threading.Lock()  # for one question at a time
        self._counts = threading.Lock()  # for the numbers below; never held while Redis is asked
        self._spent = 0
        self._left = {Purpose.LOOK: 0, Purpose.READ: 0}
        self._none_until = {Purpose.LOOK: 0.0, Purpose.READ: 0.0}
        self._stopped_until = self._deaf_until = self._settled_at = float("-inf")
        self._is_deaf = False

    def take(self, purpose: Purpose) -> None:
        """Count a call that is about to be made; publishing is never refused for its number.

        Raises:
            UpstreamBusy: Metricool has asked to wait, and the time is not over.
            OverBudget: it is not for publishing, and no call is left for now.
        """
        if purpose is Purpose.PUBLISHING:
            with self._counts:
                self._spent += 1
        # Whoever finds somebody else asking goes on with what is known
        if self._is_stale() and self._asking.acquire(blocking=False):
            try:
                self._reserve(purpose)
            finally:
                self._asking.release()
        self._raise_if_stopped()
        if self._took(purpose):
            return
        with self._asking:
            if self._took(purpose):
                return
            if self._none_until[purpose] <= self._monotonic():
                self._reserve(purpose)
                if self._took(purpose):
                    return
        self._raise_if_stopped()
        raise OverBudget(max(0.05, self._none_until[purpose] - self._monotonic()))

    def stop(self, for_s: float) -> None:
        """Have nobody call for so many seconds, in no process: Metricool has asked to wait."""
        until = self._monotonic() + for_s
        with self._counts:
            is_news = until > self._stopped_until + 1.0  # those that were under way say the same
            self._stopped_until = max(self._stopped_until, until)
            self._left = dict.fromkeys(self._left, 0)
        if is_news:
            log.warning("metricool_asks_to_wait", wait_s=round(for_s, 1))
        self._told(lambda: self._client.eval(_STOP, 1, self._key, f"{for_s:.3f}", KEPT_MS))

    def _took(self, purpose: Purpose) -> bool:
        if purpose is Purpose.PUBLISHING:
            return True
        with self._counts:
            if self._left[purpose] < 1:
                return False
            self._left[purpose] -= 1
            return True

    def _reserve(self, purpose: Purpose) -> None:
        """Have some for this purpose, as far as there are; by whoever holds `_asking`."""
        wanted = {Purpose.LOOK: self._ahead, Purpose.READ: 1}.get(purpose, 0)
        with self._counts:
            wanted = max(0, wanted - self._left.get(purpose, 0))
        if purpose is Purpose.LOOK:
            self._settle(wanted, 0)
        else:
            self._settle(0, wanted)

    def _is_stale(self) -> bool:
        return self._monotonic() - self._settled_at >= EVERY_S

    def _raise_if_stopped(self) -> None:
        wait_s = self._stopped_until - self._monotonic()
        if wait_s > 0:
            raise UpstreamBusy(wait_s)

    def _settle(self, looks: int, reads: int) -> None:
        """Tell what was spent, and reserve what is wanted; by whoever holds `_asking`."""
        with self._counts:
            spent, self._spent = self._spent, 0
        found = self._told(lambda: self._ask(spent, looks, reads))
        now = self._monotonic()
        if isinstance(found, list):
            granted, read, look_in_ms, read_in_ms, stopped_ms = map(int, found)
            grant = Grant(granted, read, look_in_ms / 1000, read_in_ms / 1000)
        else:
            grant, stopped_ms = self._alone.settle(now, spent, looks, reads), 0
        with self._counts:
            self._settled_at = now
            self._left[Purpose.LOOK] += grant.looks
            self._left[Purpose.READ] += grant.reads
            if looks and not grant.looks:
                self._none_until[Purpose.LOOK] = now + grant.look_in_s
            if reads and not grant.reads:
                self._none_until[Purpose.READ] = now + grant.read_in_s
            if stopped_ms:
                self._stopped_until = max(self._stopped_until, now + stopped_ms / 1000)

    def _ask(self, spent: int, looks: int, reads: int) -> object:
        rates = self._rates
        return self._client.eval(
            _SETTLE,
            1,
            self._key,
            rates.calls_per_s,
            max(1.0, rates.calls_per_s * BURST_S),
            rates.reads_per_s,
            max(1.0, rates.reads_per_s * BURST_S),
            spent,
            looks,
            reads,
            LEFT_TO_OTHERS,
            KEPT_MS,
        )

    def _told(self, call: Callable[[], object]) -> object:
        """Return what Redis answers, None if it does not: then nobody asks for a while."""
        if self._monotonic() < self._deaf_until:
            return None
        try:
            answer = call()
        except redis.RedisError as failure:
            if not self._is_deaf:
                log.warning("budget_is_local", reason=str(failure))
            self._is_deaf, self._deaf_until = True, self._monotonic() + DEAF_FOR_S
            return None
        if self._is_deaf:
            self._is_deaf = False
            log.info("budget_is_shared_again")
        return answer
