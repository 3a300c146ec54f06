"""What to do while Redis is away: what the clock rang for and nobody heard is done by this worker.

Of all workers the one whose clock leads does so, until bells are heard again.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor

import dramatiq
import structlog

log = structlog.get_logger("storyclip")

THREADS = 16  # a step waits for Metricool most of the time
MOST_WAITING = 200  # what is dropped is rung for again in some seconds


class ByHand(dramatiq.Middleware):
    """Takes bells that went unheard to threads of its own, and ends with the worker.

    Args:
        actors: what each bell is for; a function that takes the row's id and raises nothing.
    """

    def __init__(self, actors: Mapping[str, Callable[[int], object]]) -> None:
        self._actors = actors
        self._lock = threading.Lock()
        self._pool: ThreadPoolExecutor | None = None
        self._waiting: set[tuple[str, int]] = set()
        self._is_stopping = False

    def take(self, actor: str, row_id: int) -> None:
        """Have it done soon, unless it waits already or too much does. Never blocks."""
        bell = (actor, row_id)
        with self._lock:
            if self._is_stopping or bell in self._waiting or len(self._waiting) >= MOST_WAITING:
                return
            if self._pool is None:  # most workers never need it
                self._pool = ThreadPoolExecutor(THREADS, "by-hand")
            self._waiting.add(bell)
            done = self._pool.submit(self._actors[actor], row_id)
        done.add_done_callback(lambda outcome: self._let_go(bell, outcome))

    def before_worker_shutdown(self, broker: dramatiq.Broker, worker: dramatiq.Worker) -> None:  # noqa: ARG002  # Dramatiq's signature
        """Begin nothing new: who comes next finds it due."""
        with self._lock:
            self._is_stopping = True
            if self._pool is not None:
                self._pool.shutdown(wait=False, cancel_futures=True)

    def after_worker_shutdown(self, broker: dramatiq.Broker, worker: dramatiq.Worker) -> None:  # noqa: ARG002
        """Wait for what is under way, as the worker does for its own threads."""
        if self._pool is not None:
            self._pool.shutdown()

    def _let_go(self, bell: tuple[str, int], outcome: Future[object]) -> None:
        with self._lock:
            self._waiting.discard(bell)
        if not outcome.cancelled() and (failure := outcome.exception()) is not None:
            log.error("step_broke", bell=bell[0], id=bell[1], exc_info=failure)
