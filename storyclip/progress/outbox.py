"""What one viewer has yet to be sent: putting into it never blocks, whatever its socket does."""

from __future__ import annotations

import contextlib
import socket
import threading
from enum import Enum

MAX_WAITING_BYTES = 256 * 1024  # some 400 events; who is further behind resumes by its cursor


class Ending(Enum):
    """Why a stream is over."""

    DONE = "done"  # its batch has ended, and every event was handed over
    STOPPING = "stopping"  # this process stops
    REVOKED = "revoked"  # the key is no longer good
    NARROWED = "narrowed"  # the key is good, and shows this no longer
    SLOW = "slow"  # the viewer did not read
    GONE = "gone"  # the viewer hung up
    FAILED = "failed"  # the database cannot be read


class Outbox:
    """Bytes on their way to one viewer, from any thread, in the order of `put`.

    The viewer's own thread alternates between writing, with the pen in its hand, and waiting in
    `take`. While it waits, whoever puts sends at once through `shortcut` as much as the socket
    takes without blocking; the rest wakes the thread, which alone may block.

    Args:
        shortcut: a blocking socket that takes the bytes as they are; None if only the viewer's
            own thread can write.
    """

    __slots__ = ("_is_held", "_lock", "_shortcut", "_size", "_waiting", "_wake", "ending")

    def __init__(self, shortcut: socket.socket | None = None) -> None:
        self._shortcut = shortcut
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._waiting: list[bytes] = []
        self._size = 0
        self._is_held = True
        self.ending: Ending | None = None

    def put(self, data: bytes) -> None:
        """Hand over `data` without ever waiting; a viewer that is too far behind is dropped."""
        with self._lock:
            if self.ending is not None:
                return
            if self._shortcut is not None and not self._is_held and not self._waiting:
                try:
                    sent = self._shortcut.send(data, socket.MSG_DONTWAIT)
                except BlockingIOError:
                    sent = 0
                except OSError:
                    self._end(Ending.GONE)
                    return
                if sent == len(data):
                    return
                data = data[sent:]
            self._waiting.append(data)
            self._size += len(data)
            if self._size > MAX_WAITING_BYTES:
                self._end(Ending.SLOW)
                self.cut()
        self._wake.set()

    def take(self, timeout_s: float) -> bytes | None:
        """Wait for what the viewer's own thread has to write, and have it keep the pen.

        Returns nothing after `timeout_s` without work, None when the stream is over.
        """
        with self._lock:
            self._is_held = bool(self._waiting) or self.ending is not None
            if self._is_held:
                return self._next()
            self._wake.clear()
        self._wake.wait(timeout_s)
        with self._lock:
            self._is_held = True
            return self._next()

    def end(self, ending: Ending) -> None:
        """Let the viewer's own thread come to an end; the first reason counts."""
        with self._lock:
            self._end(ending)

    def cut(self) -> None:
        """Close the line, so that a thread that is stuck in writing comes free."""
        if self._shortcut is not None:
            with contextlib.suppress(OSError):
                self._shortcut.shutdown(socket.SHUT_RDWR)

    def _end(self, ending: Ending) -> None:
        if self.ending is None:
            self.ending = ending
        self._wake.set()

    def _next(self) -> bytes | None:
        if self.ending is Ending.SLOW:
            self._waiting.clear()
        if not self._waiting:
            return b"" if self.ending is None else None
        data = b"".join(self._waiting)
        self._waiting.clear()
        self._size = 0
        return data
