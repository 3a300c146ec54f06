"""What the main handed to the web, as the routes reach it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, cast

from flask import current_app

from config.capacity import PART_OF_A_USER
from config.settings import Settings
from storyclip.domain.story import Upstream
from storyclip.flow.brands import Brands
from storyclip.flow.control import Patience
from storyclip.flow.heat_maps import HeatMaps
from storyclip.flow.take_in import Room
from storyclip.spool.local import Spool

if TYPE_CHECKING:
    from storyclip.oidc.provider import Provider

CheckClips = Callable[[Sequence[str | None], str], None]  # of a user; raises ClipsUnusable

MB = 1_000_000
NAME = "storyclip"  # among Flask's extensions


@dataclass(frozen=True, slots=True)
class Front:
    """The settings, Metricool, the clock, whether Redis answers now, how to wait, the accounts of
    the last minute, the heat maps of the last hour, where users' files are, and who looks at the
    clips.
    """

    settings: Settings
    upstream: Upstream
    now: Callable[[], datetime]
    redis_answers: Callable[[], bool]
    patience: Patience
    brands: Brands
    heat_maps: HeatMaps
    spool: Spool
    check_clips: CheckClips | None = None  # None: clips are not looked at
    provider: Provider | None = None  # None: nobody signs in elsewhere

    @property
    def wait_total_s(self) -> float:
        """Return for how many seconds a clip is checked before it is called unconfirmed."""
        return self.settings.confirm_interval_s * self.settings.confirm_attempts

    @property
    def room(self) -> Room:
        """Return how large users' files may be, each and together."""
        settings = self.settings
        of_user = settings.media_max_mb_a_user or settings.media_max_mb // PART_OF_A_USER
        return Room(settings.file_max_mb * MB, settings.media_max_mb * MB, of_user * MB)


def front() -> Front:
    """Return what this application was made with."""
    return cast(Front, current_app.extensions[NAME])
