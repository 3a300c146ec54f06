"""What gunicorn's parser reads from: what was collected, and of a long body the rest in time."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from gunicorn.http.unreader import SocketUnreader

from storyclip.web.door.malformed import Unfinished
from storyclip.web.door.pace import Pace

LEAST_BYTES_A_S = 32 * 1024  # of a long body, beyond its first seconds: a poor telephone has more
FILE_PIECE_BYTES = 64 * 1024  # a tenth less of CPU than gunicorn's 8 KiB
REQUEST_WITHIN_S = 10.0  # from its first byte to its last, and from a connection to its first
LOOK_EVERY_S = 0.2  # at least, while nothing comes

_look: ContextVar[Callable[[], None] | None] = ContextVar("look", default=None)


@contextmanager
def meanwhile(look: Callable[[], None]) -> Iterator[None]:
    """Have this called while this thread reads a body, though nothing comes; it may end it."""
    before = _look.set(look)
    try:
        yield
    finally:
        _look.reset(before)


class PatientUnreader(SocketUnreader):  # type: ignore[misc]  # untyped, as all of gunicorn
    """Reads the rest of a long request within its time; of a whole one there is no rest."""

    # gunicorn asks for 1 MiB at once where a body is long, and copies what is left of it at each
    # block: ten files cost some 30 MB for that, and a third of the CPU.
    max_body_chunk = FILE_PIECE_BYTES

    def __init__(self, line: Any) -> None:
        super().__init__(line)
        self.over_at = time.monotonic() + REQUEST_WITHIN_S
        self.is_over = False
        self.is_whole = False
        self.pace: Pace | None = None  # of a body that may take as long as it keeps on coming

    def take_time(self, pace: Pace) -> None:
        """Read a body of many bytes in large pieces, for as long as it keeps that pace."""
        self.pace, self.over_at, self.mxchunk = pace, pace.over_at, FILE_PIECE_BYTES

    def chunk(self, size_hint: int | None = None) -> bytes:
        """Return what the line has next, b"" if it has nothing in time.

        Raises:
            Unfinished: all that belongs to the request was there, and it is not enough.
        """
        if self.is_whole:
            raise Unfinished
        if not (piece := self._piece(size_hint)):
            return b""
        if self.pace is None:
            self.over_at += len(piece) / LEAST_BYTES_A_S
        else:
            self.over_at = self.pace.after(len(piece), time.monotonic())
        return piece

    def _piece(self, size_hint: int | None) -> bytes:
        before, look = self.sock.gettimeout(), _look.get()
        try:
            while (left_s := self.over_at - time.monotonic()) > 0 and not self.is_over:
                if look is not None:
                    look()
                    left_s = min(left_s, LOOK_EVERY_S)
                self.sock.settimeout(left_s if before is None else min(left_s, before))
                try:
                    return bytes(super().chunk(size_hint))
                except TimeoutError:
                    self.is_over = look is None
        finally:
            self.sock.settimeout(before)
        self.is_over = True
        return b""
