"""How slowly a file may arrive: while it keeps coming it has time, and no thread just waits."""

from __future__ import annotations

WINDOW_S = 20.0
LEAST_BYTES_A_SECOND = 8_000  # a phone where there is hardly a line; slower ones try it elsewhere


class Pace:
    """One body: in each window at least so many bytes, or its time is up at the window's end."""

    def __init__(self, now: float) -> None:
        self.over_at = now + WINDOW_S
        self._came = 0

    def after(self, came: int, now: float) -> float:
        """Return when its time is up, now that so many more bytes came."""
        self._came += came
        if self._came >= LEAST_BYTES_A_SECOND * WINDOW_S:
            self.over_at, self._came = now + WINDOW_S, 0
        return self.over_at
