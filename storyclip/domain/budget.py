"""How fast one Metricool token may be used, and who comes first: publishing, looks, people's reads.

Calls are counted in a bucket that refills by the second and holds BURST_S seconds' worth.
Publishing takes what it needs and goes into debt for it; looks take what is there; what people
read has a bucket of its own besides, and leaves half of the common one to the others.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from typing import Protocol

BURST_S = 2.0
LEFT_TO_OTHERS = 0.5  # of the common bucket: people's reads stop there


class Purpose(Enum):
    """What a call to Metricool is for."""

    PUBLISHING = auto()  # a copy of a file, a POST, a DELETE
    LOOK = auto()  # what became of a post
    READ = auto()  # what a person wants to see: accounts, best times


@dataclass(frozen=True, slots=True)
class Rates:
    """Calls a second of one token, all processes together; `reads_per_s` are people's reads."""

    calls_per_s: float
    reads_per_s: float


@dataclass(frozen=True, slots=True)
class Grant:
    """How many calls may be made now; if none, in how many seconds one may be."""

    looks: int
    reads: int
    look_in_s: float
    read_in_s: float


class Bucket:
    """The calls that are left, by a clock that counts seconds."""

    def __init__(self, rates: Rates, at: float) -> None:
        self._rates = rates
        self._at = at
        self._calls = self._size = max(1.0, rates.calls_per_s * BURST_S)
        self._reads = self._reads_size = max(1.0, rates.reads_per_s * BURST_S)

    def settle(self, at: float, spent: int, looks: int, reads: int) -> Grant:
        """Charge what publishing spent, and grant as many looks and reads as are there.

        Args:
            looks: how many are wanted; so are `reads`.
        """
        passed_s, self._at = max(0.0, at - self._at), at
        a_second, reads_a_second = self._rates.calls_per_s, self._rates.reads_per_s
        self._calls = min(self._size, self._calls + passed_s * a_second)
        self._calls = max(-self._size, self._calls - spent)
        self._reads = min(self._reads_size, self._reads + passed_s * reads_a_second)
        looks = max(0, min(looks, int(self._calls)))
        self._calls -= looks
        kept = self._size * LEFT_TO_OTHERS
        reads = max(0, min(reads, int(self._reads), int(self._calls - kept + 1)))
        self._calls -= reads
        self._reads -= reads
        until_look_s = max(0.0, 1 - self._calls) / a_second
        until_room_s = max(0.0, kept - self._calls) / a_second
        until_read_s = max(0.0, 1 - self._reads) / reads_a_second
        return Grant(looks, reads, until_look_s, max(until_room_s, until_read_s))


class Budget(Protocol):
    """What stands between this process and Metricool."""

    def take(self, purpose: Purpose) -> None:
        """Count a call that is about to be made.

        Raises:
            UpstreamBusy: Metricool has asked to wait, and the time is not over.
            OverBudget: it is not for publishing, and no call is left for now.
        """

    def stop(self, for_s: float) -> None:
        """Have nobody call for so many seconds, in no process: Metricool has asked to wait."""
