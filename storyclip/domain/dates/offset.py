"""How far another clock is ahead of our monotonic one: the median of what was told of late."""

from __future__ import annotations

from math import inf
from statistics import median

SAMPLES = 9  # so that four answers of a server with another clock change nothing


class Offset:
    """The last samples; for many threads and over a fork."""

    def __init__(self, samples: int = SAMPLES) -> None:
        self._most = samples
        # Replaced whole, never changed: readers need no lock, and of two writers at the same
        # moment one sample may get lost, which is no loss.
        self._samples: tuple[tuple[float, float], ...] = ()

    def note(self, at: float, told: float) -> None:
        """Learn that at `at`, monotonic seconds, the other clock showed `told` seconds."""
        self._samples = (*self._samples, (at, told - at))[-self._most :]

    def ahead_s(self, since: float = -inf) -> float | None:
        """Return how many seconds it is ahead by the samples since then, None without one."""
        ahead_s = [ahead for noted_at, ahead in self._samples if noted_at >= since]
        return median(ahead_s) if ahead_s else None
