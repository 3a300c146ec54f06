"""The one clock: rings what is due, finds the dead, and now and then looks for twins."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog

from storyclip.store.publishing import ahead, batches, clips, lanes
from storyclip.store.service import workers

log = structlog.get_logger("storyclip")

TICK_S = 0.25
SILENT_S = 1.25  # five ticks: a worker that moved its counter in none of them is dead
CATCH_UP_PER_S = 200  # bells for an old backlog, so that an outage does not end in a stampede
AUDIT_S = 60.0
IDEMPOTENCY_KEPT = timedelta(hours=48)  # promised are 24


@dataclass
class Clock:
    """The clock of one worker process; of all that live, the first by name leads.

    Two that both believe they lead only double bells. Nothing is compared with another host's
    clock: a worker is dead when its counter stood still for SILENT_S of ours.

    `ring_publish` takes a clip id, `ring_audit` a lane id; both may go unheard.
    `monotonic` returns seconds that never run back. `watch` sees whether these are the newest rows.
    `look_nightly` is called about once a minute by the clock that leads, and must not wait for
    anything.
    """

    name: str
    ring_publish: Callable[[int], None]
    ring_audit: Callable[[int], None]
    monotonic: Callable[[], float]
    watch: Callable[[datetime], None] = lambda now: None  # noqa: ARG005
    look_nightly: Callable[[datetime], None] = lambda now: None  # noqa: ARG005
    _seen: dict[str, tuple[int, float]] = field(default_factory=dict)
    _audited_at: float | None = None
    _ticked_at: datetime | None = None

    def tick(self, now: datetime) -> int:
        """Beat, and if this clock leads: bury the dead, ring what is due; return how many bells.

        Raises:
            StoreUnavailable: nothing was rung; the next tick tries again.
        """
        self.watch(now)
        workers.beat(self.name)
        alive, silent = self._observe()
        if self.name != min(alive | {self.name}):  # buried meanwhile: not dead for all that
            return 0
        if silent:
            log.warning("workers_silent", workers=sorted(silent))
            workers.bury(silent, now)
            for name in silent:
                del self._seen[name]  # one that was only slow is known anew
        if self._ticked_at is not None and now < self._ticked_at - ahead.AHEAD:
            self._put_right(now)
        self._ticked_at = now
        due = clips.make_due(now, portion=round(CATCH_UP_PER_S * TICK_S))
        for clip_id in due:
            self.ring_publish(clip_id)
        self._audit(now)
        return len(due)

    def _observe(self) -> tuple[set[str], set[str]]:
        at = self.monotonic()
        beats = workers.beats()
        for name, count in beats.items():
            if self._seen.get(name, (None, at))[0] != count:
                self._seen[name] = (count, at)
        self._seen = {name: seen for name, seen in self._seen.items() if name in beats}
        silent = {name for name, (_, moved_at) in self._seen.items() if at - moved_at > SILENT_S}
        silent.discard(self.name)
        return set(beats) - silent, silent

    def _audit(self, now: datetime) -> None:
        at = self.monotonic()
        if self._audited_at is not None and at - self._audited_at < AUDIT_S:
            return
        self._audited_at = at
        self.look_nightly(now)
        batches.forget_idempotency_keys(now - IDEMPOTENCY_KEPT)
        self._put_right(now)
        for clip_id in lanes.reopen_stalled(now):
            log.error("lane_was_stalled", clip_id=clip_id)
            self.ring_publish(clip_id)
        for lane_id in lanes.active(now):
            self.ring_audit(lane_id)

    def _put_right(self, now: datetime) -> None:
        """Ring for what waits for a time that only a wrong clock had."""
        for clip_id in ahead.make_due(now):
            log.warning("noted_in_the_future", clip_id=clip_id)
            self.ring_publish(clip_id)
