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
COME_AGAIN_S = 1.0

K = TypeVar("K")
V = TypeVar("V")


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
            UpstreamError: it is not known; the next one who asks asks Metricool again.
        """
        now = self._now()
        with self._lock:
            entry = self._entries.get(key)
            if entry is not None and now < entry.fresh_until:
                return entry.value
            old = entry if entry is not None and now < entry.usable_until else None
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

    def _asked(self, key: K, old: _Entry[V] | None) -> V:
        try:
            value = self._ask(key)
        except UpstreamDenied:
            raise  # what is refused to us is no longer ours to show
        except UpstreamError:
            if old is None:
                raise
            old.fresh_until = self._now() + AGAIN_AFTER
            return old.value
        now = self._now()
        with self._lock:
            self._entries.pop(key, None)
            self._entries[key] = _Entry(value, now + self._fresh_for, now + self._usable_for)
            if len(self._entries) > MOST_KEPT:
                del self._entries[next(iter(self._entries))]
        return value
