"""What the main handed to the web, as the routes reach it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from flask import current_app

from config.settings import Settings
from storyclip.domain.story import Upstream
from storyclip.flow.brands import Brands
from storyclip.flow.control import Patience
from storyclip.flow.heat_maps import HeatMaps

CheckClips = Callable[[Sequence[str | None], str], None]  # of a user; raises ClipsUnusable

NAME = "storyclip"  # among Flask's extensions


@dataclass(frozen=True, slots=True)
class Front:
    """The settings, Metricool, the clock, whether Redis answers now, how to wait, the accounts of
    the last minute, the heat maps of the last hour, and who looks at the clips.
    """

    settings: Settings
    upstream: Upstream
    now: Callable[[], datetime]
    redis_answers: Callable[[], bool]
    patience: Patience
    brands: Brands
    heat_maps: HeatMaps
    check_clips: CheckClips | None = None  # None: clips are not looked at

    @property
    def wait_total_s(self) -> float:
        """Return for how many seconds a clip is checked before it is called unconfirmed."""
        return self.settings.confirm_interval_s * self.settings.confirm_attempts


def front() -> Front:
    """Return what this application was made with."""
    return cast(Front, current_app.extensions[NAME])
