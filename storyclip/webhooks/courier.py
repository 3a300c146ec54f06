"""The courier of a worker process: a few threads of its own, so that publishing never waits.

A user has at most A_USER of them, and the last KEPT_FREE are for users who have none: whoever has
many slow receivers holds up nobody else. Of a user's, a receiver has at most A_RECEIVER, and all
that failed lately together half: one that is slow holds up neither the others nor what is new.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor

import structlog

from storyclip.domain.errors import StoreUnavailable
from storyclip.store.history import deliveries
from storyclip.store.history.deliveries import Delivery
from storyclip.webhooks.delivering import Teller

log = structlog.get_logger("storyclip")

THREADS = 16
A_USER = THREADS // 4
KEPT_FREE = THREADS // 4
A_RECEIVER = 2
RETRYING = THREADS // 2
RETRYING_OF_A_USER = A_USER // 2
MOST_FOUND = 2 * THREADS  # in one look
LOOK_S = 0.5  # another process's events are noticed after this; our own wake us
GATHER_S = 0.05  # a busy worker's events come by the hundred a second: one look sees many of them
LOOKS_PART = 0.2  # of the time: past a hundred thousand that have to wait, a look takes its while


class Load:
    """What is in hand, and for whom there is room for more."""

    def __init__(self, in_hand: Iterable[Delivery]) -> None:
        self.retries = 0
        self._ids = set[int]()
        self._of_receiver, self._of_user = Counter[str](), Counter[str]()
        self._retries_of_user = Counter[str]()
        for delivery in in_hand:
            self.add(delivery)

    def add(self, delivery: Delivery) -> None:
        """Count one more."""
        self._ids.add(delivery.id)
        self._of_receiver[delivery.receiver] += 1
        self._of_user[delivery.user_id] += 1
        if delivery.attempts:
            self.retries += 1
            self._retries_of_user[delivery.user_id] += 1

    @property
    def is_full(self) -> bool:
        """Return whether each thread has something to do."""
        return len(self._ids) >= THREADS

    def receivers(self) -> list[str]:
        """Return the receivers that have enough to do."""
        return [one for one, load in self._of_receiver.items() if load >= A_RECEIVER]

    def users(self) -> list[str]:
        """Return the users for whom enough is done."""
        most = A_USER if THREADS - len(self._ids) > KEPT_FREE else 1
        return [one for one, load in self._of_user.items() if load >= most]

    def retrying_users(self) -> list[str]:
        """Return the users of whom nothing more that failed is to be tried."""
        return [one for one, load in self._retries_of_user.items() if load >= RETRYING_OF_A_USER]

    def takes(self, delivery: Delivery) -> bool:
        """Return whether there is room for this one."""
        if self.is_full or delivery.id in self._ids:
            return False
        if delivery.receiver in self.receivers() or delivery.user_id in self.users():
            return False
        is_late = delivery.attempts > 0
        return not is_late or (
            self.retries < RETRYING and delivery.user_id not in self.retrying_users()
        )


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
                began = time.monotonic()
                while self._hand_out():
                    pass  # who waited behind those of one user comes at once
                self._stopping.wait((time.monotonic() - began) * (1 / LOOKS_PART - 1))
                self._wake.wait(LOOK_S)
        finally:
            if not self._stopping.is_set():
                # A worker without its courier only looks alive: end it, to be started again
                log.critical("courier_died")
                os.kill(os.getpid(), signal.SIGTERM)

    def _hand_out(self) -> bool:
        """Have what is due done as far as there are threads; return whether to look again."""
        with self._lock:
            load = Load(self._in_hand.values())
        if load.is_full:
            return False
        try:
            found = deliveries.due(
                self._teller.now(),
                MOST_FOUND,
                busy=load.receivers(),
                busy_users=load.users(),
                retrying=load.retrying_users(),
                fresh_only=load.retries >= RETRYING,
            )
        except StoreUnavailable as failure:
            log.error("store_unavailable", reason=str(failure))
            return False
        has_begun = False
        for delivery in found:
            if load.takes(delivery):
                load.add(delivery)
                self._hand_to_a_thread(delivery)
                has_begun = True
        return has_begun and len(found) == MOST_FOUND

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
