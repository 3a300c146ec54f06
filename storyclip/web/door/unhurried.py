"""An answer on its way out: what the line does not take at once is kept, and no thread waits."""

from __future__ import annotations

import socket
from collections import deque
from collections.abc import Callable
from typing import Any

MOST_KEPT = 2 * 1024 * 1024  # bytes of one answer; for what is beyond, its thread waits


class Unhurried:
    """A line as gunicorn's response writes to it; everything else is the line's own.

    Args:
        end: has the answer say that it is the line's last, if it has not begun.
        is_whole: all of the request was there before anybody worked on it.
    """

    def __init__(
        self, line: socket.socket, end: Callable[[], None] = lambda: None, is_whole: bool = True
    ) -> None:
        self._line = line
        self.end, self.is_whole = end, is_whole
        self._kept: deque[memoryview] = deque()
        self._may_keep = True
        self.size = 0  # bytes that are kept

    def __getattr__(self, name: str) -> Any:
        return getattr(self._line, name)

    def sendall(self, data: bytes) -> None:
        """Send what the line takes, and keep the rest."""
        if not self._may_keep or self.size + len(data) > MOST_KEPT:
            self._wait_for_the_line()
            self._line.sendall(data)
            return
        self._kept.append(memoryview(data))
        self.size += len(data)
        if len(self._kept) == 1:
            self.flush()

    def flush(self) -> bool:
        """Send what the line takes now; return whether all is out.

        Raises:
            OSError: the line is broken.
        """
        try:
            while self._kept:
                sent = self._line.send(self._kept[0], socket.MSG_DONTWAIT)
                self.size -= sent
                self._kept[0] = self._kept[0][sent:]
                if not self._kept[0]:
                    self._kept.popleft()
        except BlockingIOError:
            return False
        return True

    def itself(self) -> socket.socket:
        """Return the line, for whoever writes past gunicorn; from now on nothing is kept."""
        self._may_keep = False
        self._wait_for_the_line()
        return self._line

    def _wait_for_the_line(self) -> None:
        while self._kept:
            piece = self._kept.popleft()
            self.size -= len(piece)
            self._line.sendall(piece)
