"""What time it is, though somebody sets the machine's clock: a jump has to last to be believed."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime, timedelta

TRUSTED_JUMP = timedelta(seconds=2)  # an NTP daemon slews by less than this, or steps for good
BELIEVED_AFTER_S = 60.0  # how long a larger difference has to last


class SteadyClock:
    """A wall clock carried on by the monotonic one; may be shared by threads.

    A machine whose clock is an hour ahead for six seconds would call everything that waits missed.
    Small corrections are followed at once.
    """

    def __init__(self, wall: Callable[[], datetime], monotonic: Callable[[], float]) -> None:
        """Begin with what the wall clock shows now."""
        self._wall = wall
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._base, self._at = wall(), monotonic()
        self._apart_since: float | None = None

    def __call__(self) -> datetime:
        """Return the time, aware UTC."""
        with self._lock:
            wall, at = self._wall(), self._monotonic()
            steady = self._base + timedelta(seconds=at - self._at)
            if abs(wall - steady) <= TRUSTED_JUMP:
                self._apart_since = None
            elif self._apart_since is None:
                self._apart_since = at
                return steady
            elif at - self._apart_since < BELIEVED_AFTER_S:
                return steady
            self._base, self._at, self._apart_since = wall, at, None
            return wall
