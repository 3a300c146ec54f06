"""What the main handed to the web, as the routes reach it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import cast

from flask import current_app

from config.settings import Settings
from storyclip.domain.story import Upstream
from storyclip.flow.control import Patience
from storyclip.flow.heat_maps import HeatMaps
from storyclip.progress.hub import Hub
from storyclip.web.buckets import Buckets
from storyclip.web.guesses import Guesses
from storyclip.web.seats import Seats
from storyclip.web.sockets import Lookout

CheckClips = Callable[[Sequence[str]], None]  # raises ClipsUnusable

NAME = "storyclip"  # among Flask's extensions


@dataclass(frozen=True, slots=True)
class Front:
    """The settings, Metricool, the clock, whether Redis answers now, open streams, how to wait,
    the heat maps of the last hour, rates and wrong keys.
    """

    settings: Settings
    upstream: Upstream
    now: Callable[[], datetime]
    redis_answers: Callable[[], bool]
    hub: Hub
    seats: Seats
    lookout: Lookout
    patience: Patience
    heat_maps: HeatMaps
    buckets: Buckets
    check_clips: CheckClips | None = None  # None: clips are not looked at
    guesses: Guesses = field(default_factory=Guesses)

    @property
    def wait_total_s(self) -> float:
        """Return for how many seconds a clip is checked before it is called unconfirmed."""
        return self.settings.confirm_interval_s * self.settings.confirm_attempts


def front() -> Front:
    """Return what this application was made with."""
    return cast(Front, current_app.extensions[NAME])
