"""That a media process lives is told by it alone; that none does, by a worker's clock."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import structlog

from storyclip.domain.errors import StoreUnavailable
from storyclip.domain.incident import Incident
from storyclip.domain.media_care import SIGN_EVERY_S
from storyclip.store.files import media_life
from storyclip.store.service import incidents

ABSENT = "media_absent"
_WORDS = (
    "files have waited since {:%Y-%m-%d %H:%M} UTC to be looked into, prepared, or brought to"
    " Metricool, and no media process lives: start it (the line `media` of the Procfile). Nothing"
    " is lost; they go on by themselves then"
)

log = structlog.get_logger("storyclip")


class Signs:
    """The signs of life of one media process.

    Args:
        monotonic: seconds that never run back.
    """

    def __init__(
        self, name: str, now: Callable[[], datetime], monotonic: Callable[[], float]
    ) -> None:
        self._name, self._now, self._monotonic = name, now, monotonic
        self._given_at = float("-inf")

    def give(self) -> None:
        """Give a sign if it is time for one.

        Raises:
            StoreUnavailable: it is given the next time.
        """
        at = self._monotonic()
        if at - self._given_at >= SIGN_EVERY_S:
            media_life.give_sign(self._name, self._now())
            self._given_at = at

    def end(self) -> None:
        """Take it back: this process stops."""
        try:
            media_life.forget(self._name)
        except StoreUnavailable as failure:
            log.warning("store_unavailable", reason=str(failure))


def look_for_absence(now: datetime) -> None:
    """Tell a person that no media process lives while files wait for one, and that one is back.

    Raises:
        StoreUnavailable: it is looked at again in a minute.
    """
    since = media_life.left_since(now)
    if since is None:
        incidents.end(ABSENT, now)
    else:
        incidents.raise_incident(Incident(ABSENT, "files", _WORDS.format(since)), now)
