"""What every step of the flow works with, handed in by the mains."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from config.settings import Settings
from storyclip.domain.installation import Sending
from storyclip.domain.story import Upstream
from storyclip.flow.asking import Times
from storyclip.flow.visit import Visit


@dataclass(frozen=True)
class Engine:
    """The surroundings of a step: Metricool, the settings, the time and the bells.

    `jitter` draws evenly from 0 to 1; `monotonic` returns seconds that never run back, `wait` lets
    so many of them pass.
    `ring_prepare` takes a clip id, `ring_audit` a lane id; both may go unheard. `leave_sending`
    leaves outside the database for which intent a story is asked for, and does not raise.
    """

    upstream: Upstream
    settings: Settings
    now: Callable[[], datetime]
    monotonic: Callable[[], float]
    wait: Callable[[float], None]
    jitter: Callable[[], float]
    worker: str
    ring_prepare: Callable[[int], None]
    ring_audit: Callable[[int], None]
    leave_sending: Callable[[Sending], None]

    def visit(self) -> Visit:
        """Begin a visit, at this moment."""
        now = self.now()
        times = Times(now, self._there(now), self.upstream.is_heard())
        return Visit(self.settings, self.worker, self.jitter, times)

    def refresh(self, times: Times) -> None:
        """Set a visit's times to this moment."""
        times.now = self.now()
        times.there = self._there(times.now)
        times.is_heard = self.upstream.is_heard()

    def _there(self, now: datetime) -> datetime:
        return self.upstream.now() or now
