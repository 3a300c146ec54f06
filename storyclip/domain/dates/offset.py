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
        self._of_all: tuple[float, float] | None = None  # since when, and their median

    def note(self, at: float, told: float) -> None:
        """Learn that at `at`, monotonic seconds, the other clock showed `told` seconds."""
        self._samples = samples = (*self._samples, (at, told - at))[-self._most :]
        first_at = min(noted_at for noted_at, _ in samples)
        self._of_all = first_at, median(ahead for _, ahead in samples)

    def ahead_s(self, since: float = -inf) -> float | None:
        """Return how many seconds it is ahead by the samples since then, None without one."""
        of_all = self._of_all
        if of_all is None:
            return None
        if of_all[0] >= since:
            return of_all[1]  # a step asks some ten times, and an answer tells once
        ahead_s = [ahead for noted_at, ahead in self._samples if noted_at >= since]
        return median(ahead_s) if ahead_s else None
