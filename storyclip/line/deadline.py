"""One HTTP call's total time, enforced from outside by shutting its socket down.

A socket's own time-out starts anew with every byte: a server that drips can hold a call for hours.
"""

from __future__ import annotations

import heapq
import itertools
import os
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress

OVER = "the deadline is over"


class CallOver(Exception):
    """The call was cut, or its time was up before it could go on."""


class Call:
    """One call: when it has to be over, whether it spoke, and the way to cut it from outside."""

    __slots__ = (
        "_lock",
        "_socket",
        "cut_because",
        "done",
        "on_sent",
        "over_at",
        "send_by",
        "spoke",
    )

    def __init__(
        self,
        over_at: float,
        on_sent: Callable[[], None] | None = None,
        send_by: float | None = None,
    ) -> None:
        """Begin a call that must be over at `over_at`, and must have begun to speak at `send_by`.

        Both are instants of `time.monotonic`.
        """
        self.over_at = over_at
        self.on_sent = on_sent
        self.send_by = over_at if send_by is None else send_by
        self.spoke = False  # whether a byte of the request may have left; set before it does
        self.done = False
        self.cut_because: str | None = None
        self._socket: socket.socket | None = None
        self._lock = threading.Lock()

    def time_left_s(self) -> float:
        """Return the seconds left.

        Raises:
            CallOver: none are, the call was cut, or it is too late to begin to speak.
        """
        now = time.monotonic()
        if self.cut_because or now >= self.over_at:
            raise CallOver(self.cut_because or OVER)
        if not self.spoke and now >= self.send_by:
            raise CallOver("the moment to send it is over")
        return self.over_at - now

    def take(self, sock: socket.socket) -> None:
        """Make `sock` the one to be shut down when time is up.

        A duplicate is kept, because TLS takes the descriptor out of the socket it wraps, and
        because a descriptor somebody else closed could be another connection's by now.
        """
        duplicate = socket.socket(sock.family, sock.type, sock.proto, os.dup(sock.fileno()))
        with self._lock:
            before, self._socket = self._socket, duplicate
        if before is not None:
            before.close()
        self.time_left_s()

    def speak(self) -> None:
        """Note that the first byte leaves now.

        Raises:
            CallOver: it must not leave any more.
        """
        if not self.spoke:
            self.time_left_s()
            self.spoke = True

    def cut(self, because: str) -> None:
        """End the call from another thread: whatever blocks on its socket returns at once."""
        with self._lock:
            if self.done or self.cut_because:
                return
            self.cut_because = because
            if self._socket is not None:
                with suppress(OSError):  # not connected yet, or gone already
                    self._socket.shutdown(socket.SHUT_RDWR)

    def finish(self) -> None:
        """Let go of the socket; the call cannot be cut any more."""
        with self._lock:
            self.done = True
            if self._socket is not None:
                self._socket.close()
                self._socket = None


class Watchdog:
    """One thread that cuts every call whose time is up.

    Finished calls stay in the heap until their time comes: nothing has to be woken for them, so a
    busy process pays for about one wake-up per deadline, not one per call.
    """

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Call]] = []
        self._order = itertools.count()
        self._news = threading.Condition()
        self._thread: threading.Thread | None = None

    def watch(self, call: Call) -> None:
        """Cut `call` when its time is up, unless it is done by then."""
        with self._news:
            heapq.heappush(self._heap, (call.over_at, next(self._order), call))
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name="deadlines", daemon=True)
                self._thread.start()
            elif self._heap[0][2] is call:
                self._news.notify()

    def _run(self) -> None:
        while True:
            self._next_overdue().cut(OVER)

    def _next_overdue(self) -> Call:
        with self._news:
            while True:
                while self._heap and self._heap[0][2].done:
                    heapq.heappop(self._heap)
                if not self._heap:
                    self._news.wait()
                elif (left_s := self._heap[0][0] - time.monotonic()) > 0:
                    self._news.wait(left_s)
                else:
                    return heapq.heappop(self._heap)[2]


_watchdog = Watchdog()


def watch(call: Call) -> None:
    """Cut `call` when its time is up, unless it is done by then."""
    _watchdog.watch(call)


def _start_anew() -> None:
    global _watchdog  # threads and held locks do not survive a fork
    _watchdog = Watchdog()


os.register_at_fork(after_in_child=_start_anew)
