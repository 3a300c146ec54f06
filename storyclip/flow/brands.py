"""The accounts of Metricool's user, asked for once a minute at most."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from storyclip.domain.story import Brand, Upstream
from storyclip.flow.kept import Kept

KEPT_FOR = timedelta(seconds=60)
USABLE_FOR = timedelta(hours=1)  # while Metricool does not answer


class Brands:
    """What this process was told lately; may be shared by threads."""

    def __init__(self, upstream: Upstream, now: Callable[[], datetime]) -> None:
        self._kept: Kept[None, Sequence[Brand]] = Kept(
            lambda _: upstream.brands(), now, KEPT_FOR, USABLE_FOR
        )

    def are_known(self) -> bool:
        """Return whether they can be shown without asking Metricool."""
        return self._kept.knows(None)

    def all(self) -> Sequence[Brand]:
        """Return every account of the credentials.

        Raises:
            UpstreamDenied, UpstreamBusy, UpstreamUnreachable, UpstreamLookFailed: not known now.
        """
        return self._kept.of(None)

    def zone_of(self, account_id: str) -> str | None:
        """Return the zone that Metricool has for an account, None if it does not name one.

        Raises:
            UpstreamDenied, UpstreamBusy, UpstreamUnreachable, UpstreamLookFailed: not known now.
        """
        zones = (brand.timezone for brand in self.all() if brand.id == account_id)
        return next(zones, None) or None
