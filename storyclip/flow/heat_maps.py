"""Metricool's heat maps: of each network of an account one, asked for once an hour at most."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from storyclip.domain.dates.instants import zone_named
from storyclip.domain.errors import RequestInvalid, UpstreamError
from storyclip.domain.network import Network
from storyclip.domain.story import HeatMap, Upstream
from storyclip.flow.brands import Brands
from storyclip.flow.kept import Kept

KEPT_FOR = timedelta(hours=1)
USABLE_FOR = timedelta(hours=24)  # while Metricool does not answer: habits change slowly
LEARNED_FROM = timedelta(days=7)  # the longest that Metricool advises to ask for
ELSE = "UTC"  # asked for where the account's own zone is not known
MINUTE = timedelta(minutes=1)


class HeatMaps:
    """What this process was told lately; may be shared by threads.

    Metricool is asked for the account's own zone alone, and other zones are worked out from that:
    whoever asks for all 600 zones makes one call.
    """

    def __init__(self, upstream: Upstream, brands: Brands, now: Callable[[], datetime]) -> None:
        self._upstream, self._brands, self._now = upstream, brands, now
        self._kept: Kept[tuple[str, Network], tuple[str, HeatMap]] = Kept(
            self._asked, now, KEPT_FOR, USABLE_FOR
        )

    def knows(self, account_id: str, network: Network) -> bool:
        """Return whether a map can be shown without asking Metricool."""
        return self._kept.knows((account_id, network))

    def of(self, account_id: str, network: Network, zone: ZoneInfo) -> HeatMap:
        """Return how well the hours of the zone do for an account on a network.

        In another zone than the account's own the clocks may be turned on another day: it is
        right by the clocks of today.

        Raises:
            UpstreamDenied, UpstreamBusy, UpstreamUnreachable, UpstreamLookFailed: it is not known
                now; the next one who asks asks Metricool again.
        """
        name, heat = self._kept.of((account_id, network))
        if name == zone.key:
            return heat
        now = self._now()
        here, there = (now.astimezone(each).utcoffset() for each in (zone, ZoneInfo(name)))
        assert here is not None
        assert there is not None
        return heat.shifted((here - there) // MINUTE)

    def _asked(self, which: tuple[str, Network]) -> tuple[str, HeatMap]:
        account_id, network = which
        name, now = self._zone_of(account_id), self._now()
        since = now - LEARNED_FROM
        return name, self._upstream.best_times(account_id, network, name, since, now)

    def _zone_of(self, account_id: str) -> str:
        try:
            name = self._brands.zone_of(account_id)
        except UpstreamError:
            return ELSE
        try:
            return ELSE if name is None else zone_named(name).key
        except RequestInvalid:
            return ELSE
