"""gunicorn's threads, kept from those who send slowly: a request has a total time to arrive.

gunicorn hands a fresh connection to a thread, which waits for as long as the other end likes. Here
the main thread collects what arrives, without waiting, and a thread gets the request when it is
there. What is too long to be collected is read by a thread, within the same time.
"""

from __future__ import annotations

import contextlib
import re
import selectors
import socket
import struct
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from functools import partial
from itertools import takewhile
from typing import Any

from gunicorn import http
from gunicorn.http.unreader import SocketUnreader
from gunicorn.workers.gthread import TConn, ThreadWorker

REQUEST_WITHIN_S = 10.0  # from its first byte to its last, and from a connection to its first
TAKES_ANSWER_WITHIN_S = 10  # a line that takes no byte of an answer for so long is given up
HEAD_BYTES = 64 * 1024  # gunicorn refuses longer heads, and takes longer bodies to a thread
LINGER_S = 2.0  # for the other end to read our last words before the line is closed
RECEIVE_BYTES = 16 * 1024

LINE_BYTES = 8190  # beyond it gunicorn refuses

_FIRST_LINE = re.compile(rb"[A-Z]{1,20} [!-~\x80-\xff]+ HTTP/1\.[01]")
_LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*([0-9]{1,9})[ \t]*\r\n", re.IGNORECASE)
_ASKS_FIRST = re.compile(rb"\r\nexpect:", re.IGNORECASE)


class PatientUnreader(SocketUnreader):  # type: ignore[misc]  # untyped, as all of gunicorn
    """Reads the rest of a request within its time; afterwards there is nothing more to read."""

    def __init__(self, line: socket.socket) -> None:
        super().__init__(line)
        self.over_at = time.monotonic() + REQUEST_WITHIN_S
        self.is_over = False

    def chunk(self, size_hint: int | None = None) -> bytes:
        """Return what the line has next, b"" if it has nothing in time."""
        left_s = self.over_at - time.monotonic()
        if self.is_over or left_s <= 0:
            self.is_over = True
            return b""
        before = self.sock.gettimeout()
        self.sock.settimeout(left_s if before is None else min(left_s, before))
        try:
            return bytes(super().chunk(size_hint))
        except TimeoutError:
            self.is_over = True
            return b""
        finally:
            self.sock.settimeout(before)


class PatientWorker(ThreadWorker):  # type: ignore[misc]
    """gthread, whose threads see a request only when it has arrived."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # What each line has sent of its request, and until when each closed one may read. The
        # first of each is the one whose time is up first: all get the same time.
        self._arriving: dict[TConn, bytes] = {}
        self._leaving: dict[TConn, float] = {}

    def enqueue_req(self, conn: TConn) -> None:
        """Collect the request first; a fresh connection and a kept one come here alike."""
        if self.cfg.is_ssl or conn.is_http2:
            super().enqueue_req(conn)  # their bytes are not the request's
            return
        if conn.parser is None:
            within = struct.pack("ll", TAKES_ANSWER_WITHIN_S, 0)
            with contextlib.suppress(OSError):  # gone already, as reading will show
                conn.sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, within)
            conn.parser = http.get_parser(self.cfg, conn.sock, conn.client)
            conn.parser.unreader = PatientUnreader(conn.sock)
        unreader = conn.parser.unreader
        unreader.over_at = time.monotonic() + REQUEST_WITHIN_S
        conn.sock.setblocking(False)
        self._arriving[conn] = unreader.take_buffered()
        if self._collect(conn):
            self.poller.register(conn.sock, selectors.EVENT_READ, partial(self._more, conn))

    def handle(self, conn: TConn) -> Any:
        """Serve one request; a line that was too slow in it is closed afterwards."""
        kept = super().handle(conn)
        return kept and not getattr(conn.parser.unreader, "is_over", False)

    def finish_request(self, conn: TConn, fs: Future[Any]) -> None:
        """Keep the line or let it go; gunicorn's main thread would wait 2 s for each that goes."""
        stays = not fs.cancelled() and fs.exception() is None and fs.result()
        if stays or self.cfg.is_ssl or conn.is_http2:
            super().finish_request(conn, fs)
            return
        conn.sock.setblocking(False)
        with contextlib.suppress(OSError):
            conn.sock.shutdown(socket.SHUT_WR)
        self._leaving[conn] = time.monotonic() + LINGER_S
        if self._drain(conn):
            self.poller.register(conn.sock, selectors.EVENT_READ, partial(self._drained, conn))

    def murder_pending(self) -> None:
        """Close the lines whose time is up."""
        super().murder_pending()
        now = time.monotonic()
        for conn in _overdue(self._arriving, lambda conn: conn.parser.unreader.over_at, now):
            del self._arriving[conn]
            self._hang_up(conn)
        for conn in _overdue(self._leaving, self._leaving.__getitem__, now):
            del self._leaving[conn]
            self._hang_up(conn)

    def _cap_keepalive(self, deadline: float) -> None:
        """Let lines that said nothing not hold up a worker that stops."""
        super()._cap_keepalive(deadline)
        for conn in [conn for conn, said in self._arriving.items() if not said]:
            del self._arriving[conn]
            self._hang_up(conn)

    def _more(self, conn: TConn, line: socket.socket) -> None:
        if not self._collect(conn):
            with contextlib.suppress(KeyError, ValueError):  # closed, and with it forgotten
                self.poller.unregister(line)

    def _collect(self, conn: TConn) -> bool:
        """Take what the line has, and hand on what is whole; return whether more has to come."""
        said = self._arriving[conn]
        try:
            while not _is_enough(said):
                piece = conn.sock.recv(RECEIVE_BYTES)
                if not piece:
                    break
                said += piece
        except BlockingIOError:
            self._arriving[conn] = said
            return True
        except OSError:
            said = b""
        del self._arriving[conn]
        if not said:
            self._hang_up(conn)
            return False
        conn.parser.unreader.unread(said)
        conn.data_ready = True
        super().enqueue_req(conn)
        return False

    def _drained(self, conn: TConn, _line: socket.socket) -> None:
        self._drain(conn)

    def _drain(self, conn: TConn) -> bool:
        """Read away what a closed line still sends, for a reset would cut our last words."""
        try:
            if conn.sock.recv(HEAD_BYTES):
                return True
        except BlockingIOError:
            return True
        except OSError:
            pass  # a reset: gone as well
        del self._leaving[conn]
        self._hang_up(conn)
        return False

    def _hang_up(self, conn: TConn) -> None:
        with contextlib.suppress(KeyError, ValueError):  # it was not waited for
            self.poller.unregister(conn.sock)
        self.nr_conns -= 1
        conn.close()


def _is_enough(said: bytes) -> bool:
    """Return whether a thread need not wait for the rest, or has to read it itself."""
    if len(said) >= HEAD_BYTES:
        return True
    line, has_line, _ = said.partition(b"\r\n")
    if len(line) > LINE_BYTES or (has_line and not _FIRST_LINE.fullmatch(line)):
        return True  # refused by its first line alone
    head, has_head, body = said.partition(b"\r\n\r\n")
    if not has_head:
        return False
    length = _LENGTH.search(head + b"\r\n")
    return length is None or _ASKS_FIRST.search(head) is not None or len(body) >= int(length[1])


def _overdue(
    lines: Mapping[TConn, Any], over_at: Callable[[TConn], float], now: float
) -> list[TConn]:
    return list(takewhile(lambda conn: over_at(conn) <= now, lines))
