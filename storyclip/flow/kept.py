"""What many people ask of Metricool and one call answers: kept for a while, asked for once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Generic, TypeVar

from storyclip.domain.errors import OverBudget, UpstreamDenied, UpstreamError

MOST_KEPT = 1000  # beyond this the oldest go
AT_ONCE = 4  # calls under way: a Metricool that hangs must not hold all threads of the web
MOST_WAITING = 8  # who waits for one of them; further ones are asked to come again
AGAIN_AFTER = timedelta(seconds=10)  # a failed call is not repeated earlier, while there is an old
FAILED_FOR = timedelta(seconds=5)  # nor is it without one, however many people try it again
COME_AGAIN_S = 1.0

K = TypeVar("K")
V = TypeVar("V")
T = TypeVar("T")


@dataclass(slots=True)
class _Entry(Generic[V]):
    value: V
    fresh_until: datetime
    usable_until: datetime


class Kept(Generic[K, V]):
    """Answers by key, for many threads.

    Of those who want the same at one time one asks. Meanwhile, and when that fails, the others
    have the old answer if there is one.

    Args:
        ask: makes the call.
        fresh_for: an answer is shown for so long without another call …
        usable_for: … and for so long if there is no newer one.
    """

    def __init__(
        self,
        ask: Callable[[K], V],
        now: Callable[[], datetime],
        fresh_for: timedelta,
        usable_for: timedelta,
    ) -> None:
        self._ask, self._now = ask, now
        self._fresh_for, self._usable_for = fresh_for, usable_for
        self._entries: dict[K, _Entry[V]] = {}
        self._failed: dict[K, tuple[UpstreamError, datetime]] = {}  # and until when that counts
        self._calls: dict[K, tuple[Future[V], list[None]]] = {}
        self._lock = threading.Lock()

    def knows(self, key: K) -> bool:
        """Return whether an answer is there without anybody being asked."""
        with self._lock:
            entry = self._entries.get(key)
        return entry is not None and self._now() < entry.fresh_until

    def of(self, key: K) -> V:
        """Return what is known, or what Metricool answers now.

        Raises:
            UpstreamError: it is not known, and Metricool is asked again in a moment.
        """
        now = self._now()
        with self._lock:
            entry = self._entries.get(key)
            if entry is not None and now < entry.fresh_until:
                return entry.value
            old = entry if entry is not None and now < entry.usable_until else None
            if old is None:
                self._raise_what_failed(key, now)
            under_way = self._calls.get(key)
            if under_way is None and len(self._calls) < AT_ONCE:
                mine: Future[V] = Future()
                self._calls[key] = (mine, [])
            elif old is not None:
                return old.value
            elif under_way is None or len(under_way[1]) >= MOST_WAITING:
                raise OverBudget(COME_AGAIN_S)
            else:
                under_way[1].append(None)
        if under_way is not None:
            return under_way[0].result()  # as long as the one call lasts, which has a deadline
        try:
            value = self._asked(key, old)
        except BaseException as failure:
            mine.set_exception(failure)
            raise
        else:
            mine.set_result(value)
            return value
        finally:
            with self._lock:
                del self._calls[key]

    def _raise_what_failed(self, key: K, now: datetime) -> None:
        """Say again what was said a moment ago; by whoever holds the lock."""
        failure, until = self._failed.get(key, (None, now))
        if failure is not None and now < until:
            raise failure.with_traceback(None)  # it would grow with each who hears it

    def _asked(self, key: K, old: _Entry[V] | None) -> V:
        try:
            value = self._ask(key)
        except UpstreamError as failure:
            return self._failed_with(failure, key, old)
        now = self._now()
        with self._lock:
            self._failed.pop(key, None)
            _keep(self._entries, key, _Entry(value, now + self._fresh_for, now + self._usable_for))
        return value

    def _failed_with(self, failure: UpstreamError, key: K, old: _Entry[V] | None) -> V:
        """Return the old answer, if there is one and it may still be shown."""
        now = self._now()
        if isinstance(failure, UpstreamDenied):
            old = None  # what is refused to us is no longer ours to show
        if old is not None:
            old.fresh_until = now + AGAIN_AFTER
            return old.value
        with self._lock:
            self._entries.pop(key, None)
            # Each holds all that it was raised through: what counts no more is not kept
            self._failed = {one: it for one, it in self._failed.items() if now < it[1]}
            if not isinstance(failure, OverBudget):  # nobody was asked, and it says until when
                _keep(self._failed, key, (failure, now + FAILED_FOR))
        raise failure


def _keep(kept: dict[K, T], key: K, value: T) -> None:
    """Keep it as the newest; the oldest goes when there are too many."""
    kept.pop(key, None)
    kept[key] = value
    if len(kept) > MOST_KEPT:
        del kept[next(iter(kept))]
