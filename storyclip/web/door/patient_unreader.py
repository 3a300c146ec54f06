"""What gunicorn's parser reads from: what was collected, and of a long body the rest in time."""

from __future__ import annotations

import time
from typing import Any

from gunicorn.http.unreader import SocketUnreader

from storyclip.web.door.malformed import Unfinished
from storyclip.web.door.pace import Pace

LEAST_BYTES_A_S = 32 * 1024  # of a long body, beyond its first seconds: a poor telephone has more
FILE_PIECE_BYTES = 64 * 1024  # a tenth less of CPU than gunicorn's 8 KiB
REQUEST_WITHIN_S = 10.0  # from its first byte to its last, and from a connection to its first


class PatientUnreader(SocketUnreader):  # type: ignore[misc]  # untyped, as all of gunicorn
    """Reads the rest of a long request within its time; of a whole one there is no rest."""

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
        left_s = self.over_at - time.monotonic()
        if self.is_over or left_s <= 0:
            self.is_over = True
            return b""
        before = self.sock.gettimeout()
        self.sock.settimeout(left_s if before is None else min(left_s, before))
        try:
            piece = bytes(super().chunk(size_hint))
        except TimeoutError:
            self.is_over = True
            return b""
        finally:
            self.sock.settimeout(before)
        if self.pace is None:
            self.over_at += len(piece) / LEAST_BYTES_A_S
        else:
            self.over_at = self.pace.after(len(piece), time.monotonic())
        return piece
