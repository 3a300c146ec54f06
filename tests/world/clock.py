"""The clock that leads: it ticks when something is due, and has lanes audited when they changed."""

from __future__ import annotations

import math
from collections.abc import Callable

from tests.world import rows, times
from tests.world.times import SECOND_US
from tests.world.workers import Workers, escaped

TICK_US = SECOND_US // 4
RING_AGAIN_US = SECOND_US
MOST_PATIENCE_US = 16 * SECOND_US
AUDIT_US = 60 * SECOND_US
AUDITS_AFTER_US = (AUDIT_US, AUDIT_US, 11 * AUDIT_US)  # a change; one in between sees nothing new


class Clock:
    """Rings what is due. Idle time passes without a tick: nothing is asked until then."""

    def __init__(self, workers: Workers) -> None:
        self._workers = workers
        self._world = workers.metricool.world
        self._tick_at_us = -1  # unknown
        self._ticked_us = -RING_AGAIN_US
        self._patience_us = TICK_US
        self._audits_done = len(AUDITS_AFTER_US)
        self.looks_anew: Callable[[], None] = self.committed  # with each audit, at what is due
        self.glimpse: Callable[[], None] | None = None  # before an audit
        self._planned_us = set[int]()  # when it ticks, should nothing be sooner by then
        self._next_audit = 0  # counts, so that an older plan knows that it is void
        self.committed()  # and again whenever that is not known
        self._world.changed = self.changed

    def committed(self) -> None:
        """Note that rows changed: something else may be due."""
        hub = self._world.hub
        self._tick_at_us = -1
        if hub.before_waiting is None:
            hub.told_at_us = (hub.now_us // TICK_US + 1) * TICK_US  # no tick is sooner
            hub.before_waiting = self._set
        if self._world.record.counts["wrong boots"]:
            hub.told_at_us = hub.now_us + 1  # to ask the workers for the time has effects

    def changed(self) -> None:
        """Note that clips or posts changed: an audit may see something else."""
        if self._audits_done == 0:
            return
        self._audits_done = 0
        self._plan_audit()

    def restored(self) -> None:
        """Note that the rows are others."""
        self.committed()
        self._patience_us = TICK_US
        self.audit_soon()

    def _set(self) -> None:
        """Have the clock tick when the next clip is due; called before it could tick."""
        if self._tick_at_us >= 0:
            return
        due = rows.soonest_due()
        if due is None:
            self._tick_at_us = 1 << 62
            return
        due_us = times.moment_us(due) - self._ahead_us()
        soon_us = self._ticked_us + (RING_AGAIN_US if due_us <= self._ticked_us else TICK_US)
        at_us = max(due_us, soon_us, self._world.hub.now_us + 1)
        self._tick_at(math.ceil(at_us / TICK_US) * TICK_US)

    def _ahead_us(self) -> int:
        """Return how far what the clock goes by is ahead: it rings when that says so."""
        if not self._world.record.counts["wrong boots"]:
            return 0
        able = self._workers.able()
        return times.moment_us(able[0].our.now()) - self._world.hub.now_us if able else 0

    def _tick_at(self, at_us: int) -> None:
        self._tick_at_us = at_us
        if at_us not in self._planned_us:
            self._planned_us.add(at_us)
            after_s = (at_us - self._world.hub.now_us) / SECOND_US
            self._world.hub.at(after_s, lambda: self._tick(at_us))

    def _tick(self, planned_us: int) -> None:
        self._planned_us.discard(planned_us)
        if planned_us != self._tick_at_us:
            return  # something was committed since: another tick is sooner
        able = self._workers.able()
        if not able or self._world.store_is_down():
            self._tick_at_us = again_us = planned_us + RING_AGAIN_US
            self._workers.try_later(able, lambda: self._tick(again_us))
            return
        self._ticked_us = at_us = self._world.hub.now_us
        self.committed()
        self._workers.look_for_silence()
        due = rows.make_due(able[0].our.now())
        for clip_id in due:
            self._workers.ring("publish", clip_id)
        if not due:  # rung, and nobody has taken the step: the longer, the less often we look
            if not self._world.is_held_of_late():
                self._patience_us = min(2 * self._patience_us, MOST_PATIENCE_US)
            self._tick_at(at_us + self._patience_us)
        else:
            self._patience_us = TICK_US

    def _plan_audit(self) -> None:
        self._next_audit += 1
        number = self._next_audit
        hub = self._world.hub
        later_us = hub.now_us + AUDITS_AFTER_US[self._audits_done]
        at_us = later_us - later_us % AUDIT_US
        hub.at((at_us - hub.now_us) / SECOND_US, lambda: self._audit(number))

    def audit_soon(self) -> None:
        """Have lanes looked at, as a clock does that comes to lead."""
        self._audits_done = 0
        self._next_audit += 1
        number = self._next_audit
        self._world.hub.at(TICK_US / SECOND_US, lambda: self._audit(number))

    def _audit(self, number: int) -> None:
        """Have each lane audited, and look for lanes that stall."""
        if number != self._next_audit:
            return
        able = self._workers.able()
        if not able or self._world.store_is_down():
            self._plan_audit()
            return
        if self.glimpse is not None:
            self.glimpse()
        now = able[0].our.now()
        lane_ids = rows.lanes_to_audit(now)
        for lane_id in lane_ids:
            self._workers.ring("audit", lane_id)
        rows.forbid(now)
        self.looks_anew()
        for clip_id in rows.put_right(now):
            self._workers.ring("publish", clip_id)
        for clip_id in rows.reopen_stalled(now):
            if not self._world.record.counts["wrong boots"]:  # which may leave a turn to this check
                stalled = RuntimeError("its lane was stalled")
                escaped(self._workers.metricool, self._workers.about(clip_id), stalled)
            self._workers.ring("publish", clip_id)
        self._audits_done = 0 if any(map(rows.is_in_doubt, lane_ids)) else self._audits_done + 1
        if self._audits_done < len(AUDITS_AFTER_US):
            self._plan_audit()
