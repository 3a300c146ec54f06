"""Metricool's heat maps, each asked for once an hour at most."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime, timedelta

from storyclip.domain.network import Network
from storyclip.domain.story import HeatMap, Upstream

KEPT_FOR = timedelta(hours=1)
LEARNED_FROM = timedelta(days=7)  # the longest that Metricool advises to ask for
MAX_MAPS = 1000  # 170 numbers each; beyond this the oldest go


class HeatMaps:
    """What this process was told lately; may be shared by threads."""

    def __init__(self, upstream: Upstream, now: Callable[[], datetime]) -> None:
        self._upstream = upstream
        self._now = now
        self._kept: dict[tuple[str, Network, str], tuple[datetime, HeatMap]] = {}
        self._lock = threading.Lock()

    def of(self, account_id: str, network: Network, timezone: str) -> HeatMap:
        """Return how well the hours of the zone do for an account on a network.

        Raises:
            UpstreamDenied, UpstreamBusy, UpstreamUnreachable, UpstreamLookFailed: it is not known
                now; the next one who asks asks Metricool again.
        """
        key, now = (account_id, network, timezone), self._now()
        with self._lock:
            asked_at, kept = self._kept.get(key, (now - KEPT_FOR, None))
        if kept is not None and now - asked_at < KEPT_FOR:
            return kept
        heat = self._upstream.best_times(account_id, network, timezone, now - LEARNED_FROM, now)
        with self._lock:
            self._kept.pop(key, None)
            self._kept[key] = (now, heat)
            if len(self._kept) > MAX_MAPS:
                del self._kept[next(iter(self._kept))]
        return heat
