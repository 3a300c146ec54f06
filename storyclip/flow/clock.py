"""The one clock: rings what is due, finds the dead, and now and then looks for twins."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog

from storyclip.domain.errors import StoreUnavailable
from storyclip.store.publishing import ahead, batches, clips, forbidden, lanes, stalled
from storyclip.store.service import workers
from storyclip.store.urgent import urgent

log = structlog.get_logger("storyclip")

TICK_S = 0.25
SILENT_S = 1.25  # five ticks: a worker that moved its counter in none of them is dead
COUNTED_S = 0.3  # of one tick: what slows ours down slows the others' too
CATCH_UP_PER_S = 200  # bells for an old backlog, so that an outage does not end in a stampede
AUDIT_S = 60.0
CLEAR_UP_S = 0.5  # who waits for a word on a lane in doubt waits for this
DOUBTED = 5  # lanes in doubt looked at each time: after a restart all of them are
AGAIN_S = 10.0
CHECKED = 5  # batches in one tick, of all that run: each is a transaction, and a tick is short
IDEMPOTENCY_KEPT = timedelta(hours=48)  # promised are 24


@dataclass
class Clock:
    """The clock of one worker process; of all that live, the first by name leads.

    Two that both believe they lead only double bells. Nothing is compared with another host's
    clock: a worker is dead when its counter stood still for SILENT_S of our own ticks, all of which
    the database answered. One that failed proves nothing of anybody, and all is counted anew.

    `ring_publish` takes a clip id, `ring_audit` a lane id; both may go unheard.
    `monotonic` returns seconds that never run back. `watch` sees whether these are the newest rows.
    `look_nightly` is called about once a minute by the clock that leads, and must not wait for
    anything.
    """

    name: str
    ring_publish: Callable[[int], None]
    ring_audit: Callable[[int], None]
    monotonic: Callable[[], float]
    watch: Callable[[datetime], None]
    look_nightly: Callable[[datetime], None] = lambda now: None  # noqa: ARG005
    _seen: dict[str, tuple[int, float]] = field(default_factory=dict)  # its beats, silent for
    _observed_at: float | None = None
    _audited_at: float | None = None
    _to_be_checked: Sequence[stalled.Running] = ()
    _ticked_at: datetime | None = None
    _cleared_up_at: float = float("-inf")
    _rung_for: dict[int, float] = field(default_factory=dict)  # lanes in doubt, and when

    def tick(self, now: datetime) -> int:
        """Beat, and if this clock leads: bury the dead, ring what is due; return how many bells.

        Waits for nobody's row, and not for long for the database.

        Raises:
            StoreUnavailable: nothing was rung; the next tick tries again.
        """
        with urgent():
            try:
                return self._tick(now)
            except StoreUnavailable:
                self._seen, self._observed_at = {}, None
                raise

    def _tick(self, now: datetime) -> int:
        self.watch(now)
        workers.beat(self.name)
        alive, silent = self._observe()
        if self.name != min(alive | {self.name}):  # buried meanwhile: not dead for all that
            return 0
        return self._lead(silent, now)

    def _lead(self, silent: set[str], now: datetime) -> int:
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
        self._clear_up()
        self._reopen_stalled(now)
        return len(due)

    def _observe(self) -> tuple[set[str], set[str]]:
        """Return who lives and who has been silent for too long."""
        at, beats = self.monotonic(), workers.beats()
        passed_s = 0.0 if self._observed_at is None else min(at - self._observed_at, COUNTED_S)
        silent_s = dict[str, float]()
        for name, count in beats.items():
            known, for_s = self._seen.get(name, (None, 0.0))
            silent_s[name] = for_s + passed_s if known == count else 0.0
        self._seen = {name: (count, silent_s[name]) for name, count in beats.items()}
        self._observed_at = at
        silent = {name for name, for_s in silent_s.items() if for_s > SILENT_S} - {self.name}
        return set(beats) - silent, silent

    def _audit(self, now: datetime) -> None:
        at = self.monotonic()
        if self._audited_at is not None and at - self._audited_at < AUDIT_S:
            return
        self._audited_at = at
        self.look_nightly(now)
        batches.forget_idempotency_keys(now - IDEMPOTENCY_KEPT)
        self._put_right(now)
        forbidden.make_due(now)
        self._to_be_checked = stalled.running()
        for lane_id in lanes.active(now):
            self.ring_audit(lane_id)

    def _clear_up(self) -> None:
        """Have lanes in doubt looked at that no clip due does it for: a few at a time."""
        at = self.monotonic()
        if at - self._cleared_up_at < CLEAR_UP_S:
            return
        self._cleared_up_at = at
        in_doubt = lanes.in_doubt()
        self._rung_for = {lane: rung for lane, rung in self._rung_for.items() if lane in in_doubt}
        rung_at = self._rung_for
        waiting = [one for one in in_doubt if one not in rung_at or at - rung_at[one] >= AGAIN_S]
        for lane_id in waiting[:DOUBTED]:
            self._rung_for[lane_id] = at
            self.ring_audit(lane_id)

    def _put_right(self, now: datetime) -> None:
        """Ring for what waits for a time that only a wrong clock had."""
        for clip_id in ahead.make_due(now):
            log.warning("noted_in_the_future", clip_id=clip_id)
            self.ring_publish(clip_id)

    def _reopen_stalled(self, now: datetime) -> None:
        some, self._to_be_checked = self._to_be_checked[:CHECKED], self._to_be_checked[CHECKED:]
        for running in some:
            for clip_id in stalled.reopen(running, now):
                log.error("lane_was_stalled", clip_id=clip_id)
                self.ring_publish(clip_id)
