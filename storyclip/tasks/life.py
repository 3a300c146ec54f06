"""The life of a worker process: its database and its clock begin and end with it."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from datetime import datetime

import dramatiq
import structlog

from storyclip.domain.errors import StoreUnavailable
from storyclip.flow.clock import TICK_S, Clock
from storyclip.store.service import workers
from storyclip.store.urgent import urgent
from storyclip.tasks.in_hand import InHand

log = structlog.get_logger("storyclip")


TICK_AT_MOST_S = 5.0  # all that a tick waits for is bounded below that
LOOK_S = 0.5


class WorkerLife(dramatiq.Middleware):
    """Runs the clock beside the worker threads, from before the first message to after the last.

    Args:
        start: binds the process to its database; after the fork, for no handle may cross one.
        keep_time: sees at each tick that the process has the right time.
        stop_repeatable: ends calls that may be made again, so that SIGTERM need not wait for them.
        publishing: what the steps have in hand, and could not write.
        end: ends the process at once, with nothing more written.
    """

    def __init__(
        self,
        clock: Clock,
        now: Callable[[], datetime],
        start: Callable[[], None],
        stop_repeatable: Callable[[], None],
        keep_time: Callable[[], None],
        publishing: InHand,
        end: Callable[[], None] = lambda: os._exit(1),
    ) -> None:
        self._keep_time = keep_time
        self._clock = clock
        self._now = now
        self._start = start
        self._stop_repeatable = stop_repeatable
        self._publishing = publishing
        self._end = end
        self._stopping = threading.Event()
        self._ticks = 0  # odd while one lasts
        self._thread = threading.Thread(target=self._run, name="clock", daemon=True)
        self._watchdog = threading.Thread(target=self._watch, name="watchdog", daemon=True)

    def before_worker_boot(self, broker: dramatiq.Broker, worker: dramatiq.Worker) -> None:  # noqa: ARG002  # Dramatiq's signature
        """Bind the database and start the clock."""
        self._start()
        self._thread.start()
        self._watchdog.start()

    def before_worker_shutdown(self, broker: dramatiq.Broker, worker: dramatiq.Worker) -> None:  # noqa: ARG002
        """Cut what may be asked again; a story being sent is finished."""
        self._stop_repeatable()

    def after_worker_shutdown(self, broker: dramatiq.Broker, worker: dramatiq.Worker) -> None:  # noqa: ARG002
        """Stop the clock last: until then this worker lives and keeps what it has in hand."""
        self._stopping.set()
        self._thread.join()
        try:
            workers.bury([self._clock.name], self._now())
        except StoreUnavailable as failure:
            log.warning("store_unavailable", reason=str(failure))

    def _run(self) -> None:
        try:
            while not self._stopping.wait(TICK_S):
                self._ticks += 1
                self._tick()
                self._ticks += 1
        finally:
            if not self._stopping.is_set():
                # A worker without a clock only looks alive: end it, to be started again
                log.critical("clock_died")
                os.kill(os.getpid(), signal.SIGTERM)

    def _tick(self) -> None:
        try:
            with urgent():
                self._keep_time()
            self._clock.tick(self._now())
            with urgent():
                self._publishing.put_back(self._put_back)
        except StoreUnavailable as failure:
            log.error("store_unavailable", reason=str(failure))

    def _put_back(self, clip_id: int) -> bool:
        return workers.put_back(clip_id, self._clock.name, self._now())

    def _watch(self) -> None:
        """End the process if one tick lasts: nobody rings, and its threads may be held likewise.

        Counted in looks of our own, so that a process that was stopped has its time when it wakes.
        """
        looks, ticks = 0, 0
        while not self._stopping.wait(LOOK_S):
            looks = looks + 1 if self._ticks == ticks and ticks % 2 else 0
            ticks = self._ticks
            if looks * LOOK_S > TICK_AT_MOST_S:
                log.critical("clock_stands_still", after_s=looks * LOOK_S)
                self._end()
                return
