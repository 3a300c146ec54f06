"""gunicorn's threads, kept from those who send slowly: a request has a total time to arrive.

gunicorn hands a fresh connection to a thread, which waits for as long as the other end likes. Here
the main thread collects what arrives, without waiting, and a thread gets the request when it is
whole. Only bodies that are too long to be collected are read by threads, a few at a time.
"""

from __future__ import annotations

import contextlib
import selectors
import socket
import struct
import time
from concurrent.futures import Future
from functools import partial
from http import HTTPStatus
from typing import Any

from gunicorn import http
from gunicorn.http.errors import ParseException
from gunicorn.workers.gthread import TConn

from storyclip.web.door import malformed
from storyclip.web.door.arrival import GO_AHEAD, Arrival, Stage
from storyclip.web.door.long_bodies import LongBodies
from storyclip.web.door.pace import Pace
from storyclip.web.door.patient_unreader import REQUEST_WITHIN_S, PatientUnreader
from storyclip.web.door.slow_readers import TAKES_ANSWER_WITHIN_S, UnhurriedWorker, overdue

RECEIVE_BYTES = 16 * 1024
KERNEL_BYTES = 128 * 1024  # of an answer; by itself it goes up to 4 MB, and all lines share those
FILES_AT_ONCE, FILES_OF_ONE = 24, 12  # more than `uploads` lets in: who is too many is told so

_REFUSED = {
    Stage.TOO_BIG: HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
    Stage.BROKEN: HTTPStatus.BAD_REQUEST,
}


class PatientWorker(UnhurriedWorker):
    """gthread, whose threads see a request only when it has arrived."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # What each line has sent of its request, the one whose time is up first before the others.
        self._arriving: dict[TConn, Arrival] = {}
        self._long = LongBodies[TConn]()
        self._files = LongBodies[TConn](FILES_AT_ONCE, FILES_OF_ONE)

    def enqueue_req(self, conn: TConn) -> None:
        """Collect the request first; a fresh connection and a kept one come here alike."""
        if self.cfg.is_ssl or conn.is_http2:
            super().enqueue_req(conn)  # their bytes are not the request's
            return
        if conn.parser is None:
            within = struct.pack("ll", TAKES_ANSWER_WITHIN_S, 0)
            with contextlib.suppress(OSError):  # gone already, as reading will show
                conn.sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, within)
                conn.sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, KERNEL_BYTES)
            conn.parser = http.get_parser(self.cfg, conn.sock, conn.client)
            conn.parser.unreader = PatientUnreader(conn.sock)
        unreader = conn.parser.unreader
        unreader.over_at = time.monotonic() + REQUEST_WITHIN_S
        unreader.is_whole = False
        unreader.pace = None
        conn.sock.setblocking(False)
        arrival = self._arriving[conn] = Arrival()
        arrival.take(unreader.take_buffered())
        self._wait(conn)
        if self._collect(conn):
            self.poller.register(conn.sock, selectors.EVENT_READ, partial(self._more, conn))

    def handle(self, conn: TConn) -> Any:
        """Serve one request; a line that was too slow in it is closed afterwards."""
        kept = super().handle(conn)
        return kept and not getattr(conn.parser.unreader, "is_over", False)

    def handle_error(self, req: Any, client: socket.socket, addr: Any, exc: Exception) -> None:
        """Say what is wrong with a request that is none; one line in the log, no traceback."""
        if not isinstance(exc, ParseException):
            super().handle_error(req, client, addr, exc)
            return
        status = malformed.status_of(exc)
        malformed.log.info("malformed", status=int(status), reason=type(exc).__name__)
        with contextlib.suppress(OSError):  # it has hung up
            client.sendall(malformed.last_words(status))

    def finish_request(self, conn: TConn, fs: Future[Any]) -> None:
        """Let another long body be read, if this was one."""
        for bodies in (self._long, self._files):
            if (following := bodies.end(conn)) is not None:
                self._submit(following)
        super().finish_request(conn, fs)

    def murder_pending(self) -> None:
        """Close the lines whose time is up; who has begun to speak is told."""
        super().murder_pending()
        now = time.monotonic()
        for conn in overdue(self._arriving, lambda conn: conn.parser.unreader.over_at, now):
            self._refuse(conn, HTTPStatus.REQUEST_TIMEOUT)
        for conn in (*self._long.queued(), *self._files.queued()):
            if conn.parser.unreader.over_at <= now:
                self._refuse(conn, HTTPStatus.REQUEST_TIMEOUT)

    def _cap_keepalive(self, deadline: float) -> None:
        """Let lines that said nothing not hold up a worker that stops."""
        super()._cap_keepalive(deadline)
        for conn in [conn for conn, arrival in self._arriving.items() if not arrival.said]:
            self._hang_up(conn)

    def _more(self, conn: TConn, _line: socket.socket) -> None:
        self._collect(conn)

    def _collect(self, conn: TConn) -> bool:
        """Take what the line has, and hand on what is whole; return whether more has to come."""
        arrival = self._arriving[conn]
        try:
            while arrival.stage is Stage.ARRIVING:
                if arrival.asks_first:
                    arrival.asks_first = False
                    conn.sock.send(GO_AHEAD)  # nothing else is on its way: it fits
                piece = conn.sock.recv(RECEIVE_BYTES)
                if not piece:
                    self._refuse(conn, HTTPStatus.BAD_REQUEST)
                    return False
                arrival.take(piece)
        except BlockingIOError:
            return True
        except OSError:
            self._hang_up(conn)
            return False
        self._hand_on(conn, arrival)
        return False

    def _hand_on(self, conn: TConn, arrival: Arrival) -> None:
        """Give the line to a thread, now or in its turn; what is no request goes to none."""
        if arrival.stage in _REFUSED:
            self._refuse(conn, _REFUSED[arrival.stage])
            return
        self._unwatch(conn)
        del self._arriving[conn]
        is_whole = arrival.stage is Stage.WHOLE
        conn.parser.unreader.unread(bytes(arrival.said))
        conn.parser.unreader.is_whole = is_whole
        if is_whole or self._bodies(arrival).begin(conn, *self._whose(conn)):
            self._submit(conn)

    def _bodies(self, arrival: Arrival) -> LongBodies[TConn]:
        """Return among whom a long body waits for its thread: files take none from the others."""
        return self._files if arrival.is_file else self._long

    def _submit(self, conn: TConn) -> None:
        if self._files.has(conn):
            conn.parser.unreader.take_time(Pace(time.monotonic()))
        self._work_on(conn)
        conn.data_ready = True
        super().enqueue_req(conn)

    def _refuse(self, conn: TConn, status: HTTPStatus) -> None:
        """Say the last words to a line that has said something, without a thread."""
        if (arrival := self._arriving.pop(conn, None)) is not None and not arrival.said:
            self._hang_up(conn)
            return
        self._forget(conn)
        with contextlib.suppress(OSError):
            conn.sock.send(malformed.last_words(status))
        self._leave(conn)

    def _hang_up(self, conn: TConn) -> None:
        self._arriving.pop(conn, None)
        self._forget(conn)
        super()._hang_up(conn)

    def _forget(self, conn: TConn) -> None:
        self._long.forget(conn)
        self._files.forget(conn)
