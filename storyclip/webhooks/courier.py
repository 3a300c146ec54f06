"""The courier of a worker process: a few threads of its own, so that publishing never waits.

A receiver has at most A_RECEIVER of them, and all that failed lately together half of them: one
that is slow holds up neither the others nor what is new.
"""

from __future__ import annotations

import os
import signal
import threading
from collections import Counter
from concurrent.futures import Future, ThreadPoolExecutor

import structlog

from storyclip.domain.errors import StoreUnavailable
from storyclip.store.history import deliveries
from storyclip.store.history.deliveries import Delivery
from storyclip.webhooks.delivering import Teller

log = structlog.get_logger("storyclip")

THREADS = 16
A_RECEIVER = 2
RETRYING = THREADS // 2
LOOK_S = 0.5  # another process's events are noticed after this; our own wake us
GATHER_S = 0.05  # a busy worker's events come by the hundred a second: one look sees many of them


class Courier:
    """Looks for deliveries that are due and has them made, until it is stopped."""

    def __init__(self, teller: Teller) -> None:
        self._teller = teller
        self._lock = threading.Lock()
        self._in_hand: dict[int, Delivery] = {}
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="courier", daemon=True)
        self._pool: ThreadPoolExecutor | None = None

    def start(self) -> None:
        """Begin; the database has to be connected."""
        self._pool = ThreadPoolExecutor(THREADS, "courier")
        self._thread.start()

    def look(self) -> None:
        """Look at once: something happened. Never blocks."""
        self._wake.set()

    def begin_no_more(self) -> None:
        """Finish only what is under way, which its deadline bounds; returns at once."""
        self._stopping.set()
        self._wake.set()

    def stop(self) -> None:
        """Begin no more, and wait for what is under way."""
        self.begin_no_more()
        self._thread.join()
        if self._pool is not None:
            self._pool.shutdown()

    def _run(self) -> None:
        try:
            while not self._stopping.wait(GATHER_S):
                self._wake.clear()
                self._hand_out()
                self._wake.wait(LOOK_S)
        finally:
            if not self._stopping.is_set():
                # A worker without its courier only looks alive: end it, to be started again
                log.critical("courier_died")
                os.kill(os.getpid(), signal.SIGTERM)

    def _hand_out(self) -> None:
        with self._lock:
            in_hand = dict(self._in_hand)
        loads = Counter(delivery.receiver for delivery in in_hand.values())
        retrying = sum(delivery.attempts > 0 for delivery in in_hand.values())
        try:
            found = deliveries.due(
                self._teller.now(),
                2 * THREADS,
                busy=[receiver for receiver, load in loads.items() if load >= A_RECEIVER],
                fresh_only=retrying >= RETRYING,
            )
        except StoreUnavailable as failure:
            log.error("store_unavailable", reason=str(failure))
            return
        for delivery in found:
            is_retry = delivery.attempts > 0
            if delivery.id in in_hand or loads[delivery.receiver] >= A_RECEIVER:
                continue
            if len(in_hand) >= THREADS or (is_retry and retrying >= RETRYING):
                continue
            in_hand[delivery.id] = delivery
            loads[delivery.receiver] += 1
            retrying += is_retry
            self._hand_to_a_thread(delivery)

    def _hand_to_a_thread(self, delivery: Delivery) -> None:
        assert self._pool is not None
        with self._lock:
            self._in_hand[delivery.id] = delivery
        done = self._pool.submit(self._teller.step, delivery)
        done.add_done_callback(lambda outcome: self._let_go(delivery, outcome))

    def _let_go(self, delivery: Delivery, outcome: Future[bool]) -> None:
        with self._lock:
            del self._in_hand[delivery.id]
        self._wake.set()  # it may have held others up, or have more to tell
        failure = outcome.exception()
        if isinstance(failure, StoreUnavailable):
            log.error("store_unavailable", reason=str(failure))
        elif failure is not None:  # the claim runs out, and it is tried again
            log.error("webhook_broke", batch=delivery.batch_id, exc_info=failure)
