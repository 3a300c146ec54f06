"""What watching live keeps beside the front: the news, open streams, and lines that may end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from flask import current_app

from storyclip.progress.hub import Hub
from storyclip.web.live.seats import Seats
from storyclip.web.live.sockets import Lookout

NAME = "storyclip.live"  # among Flask's extensions


@dataclass(frozen=True, slots=True)
class Live:
    """The hub that hands on what happens, the seats there are, who notices that a line ended."""

    hub: Hub
    seats: Seats
    lookout: Lookout


def live() -> Live:
    """Return what this application was made with."""
    return cast(Live, current_app.extensions[NAME])
