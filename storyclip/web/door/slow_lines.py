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
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from functools import partial
from http import HTTPStatus
from itertools import takewhile
from typing import Any

from gunicorn import http
from gunicorn.http.errors import ParseException
from gunicorn.workers.gthread import TConn, ThreadWorker

from config.capacity import WAITING_LINES, WAITING_LINES_OF_ONE
from storyclip.web.door import malformed
from storyclip.web.door.arrival import GO_AHEAD, Arrival, Stage
from storyclip.web.door.hops import Proxies, home_of
from storyclip.web.door.long_bodies import LongBodies
from storyclip.web.door.patient_unreader import REQUEST_WITHIN_S, PatientUnreader
from storyclip.web.door.waiting import Waiting

TAKES_ANSWER_WITHIN_S = 10  # a line that takes no byte of an answer for so long is given up
LINGER_S = 2.0  # for the other end to read our last words before the line is closed
RECEIVE_BYTES = 16 * 1024
DRAIN_BYTES = 64 * 1024

_REFUSED = {
    Stage.TOO_BIG: HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
    Stage.BROKEN: HTTPStatus.BAD_REQUEST,
}


class PatientWorker(ThreadWorker):  # type: ignore[misc]
    """gthread, whose threads see a request only when it has arrived."""

    proxies = Proxies(())  # whose lines are those of everybody behind them

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # What each line has sent of its request, and until when each closed one may read. The
        # first of each is the one whose time is up first: all get the same time.
        self._arriving: dict[TConn, Arrival] = {}
        self._leaving: dict[TConn, float] = {}
        self._waiting = Waiting[TConn](WAITING_LINES_OF_ONE, WAITING_LINES)
        self._too_many: dict[TConn, None] = {}  # closed when no event of theirs is in hand
        self._long = LongBodies[TConn]()

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
        unreader.is_whole = False
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
        """Keep the line or let it go; gunicorn's main thread would wait 2 s for each that goes."""
        if (following := self._long.end(conn)) is not None:
            self._work_on(following)
        stays = not fs.cancelled() and fs.exception() is None and fs.result()
        if not stays and not self.cfg.is_ssl and not conn.is_http2:
            self._leave(conn)
            return
        super().finish_request(conn, fs)
        if self.keepalived_conns and self.keepalived_conns[-1] is conn:
            self._wait(conn)

    def murder_keepalived(self, force: bool = False) -> None:
        """Close the lines that were kept and asked nothing more."""
        now = time.monotonic()
        while (kept := self.keepalived_conns) and (force or kept[0].timeout <= now):
            self._hang_up(kept[0])

    def murder_pending(self) -> None:
        """Close the lines whose time is up, and those that have to go for others."""
        super().murder_pending()
        now = time.monotonic()
        for conn in list(self._too_many):
            self._hang_up(conn)
        for conn in _overdue(self._arriving, lambda conn: conn.parser.unreader.over_at, now):
            self._refuse(conn, HTTPStatus.REQUEST_TIMEOUT)
        for conn in self._long.queued():
            if conn.parser.unreader.over_at <= now:
                self._refuse(conn, HTTPStatus.REQUEST_TIMEOUT)
        for conn in _overdue(self._leaving, self._leaving.__getitem__, now):
            self._hang_up(conn)

    def _keepalive_after(self, conn: TConn, keepalive: bool) -> bool:
        """Keep no line whose body was malformed where nobody had read it: it was answered."""
        try:
            return bool(super()._keepalive_after(conn, keepalive))
        except ParseException:
            return False

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
        if is_whole or self._long.begin(conn, *self._whose(conn)):
            self._work_on(conn)

    def _work_on(self, conn: TConn) -> None:
        self._waiting.remove(conn)
        self._too_many.pop(conn, None)
        conn.data_ready = True
        super().enqueue_req(conn)

    def _whose(self, conn: TConn) -> tuple[str, bool]:
        """Return whose the line is, and whether they may have only so many."""
        address = conn.client[0] if isinstance(conn.client, tuple) else ""
        return home_of(address), not self.proxies.has(address)

    def _wait(self, conn: TConn) -> None:
        """Note that no thread works on the line; for it, another may have to go."""
        self._too_many.pop(conn, None)
        if (too_many := self._waiting.add(conn, *self._whose(conn))) is not None:
            self._too_many[too_many] = None

    def _refuse(self, conn: TConn, status: HTTPStatus) -> None:
        """Say the last words to a line that has said something, without a thread."""
        if (arrival := self._arriving.pop(conn, None)) is not None and not arrival.said:
            self._hang_up(conn)
            return
        self._long.forget(conn)
        with contextlib.suppress(OSError):
            conn.sock.send(malformed.last_words(status))
        self._leave(conn)

    def _leave(self, conn: TConn) -> None:
        """Close a line when its other end has read our last words, or could have."""
        self._unwatch(conn)
        conn.sock.setblocking(False)
        with contextlib.suppress(OSError):
            conn.sock.shutdown(socket.SHUT_WR)
        self._leaving[conn] = time.monotonic() + LINGER_S
        self._wait(conn)
        if self._drain(conn):
            self.poller.register(conn.sock, selectors.EVENT_READ, partial(self._drained, conn))

    def _drained(self, conn: TConn, _line: socket.socket) -> None:
        self._drain(conn)

    def _drain(self, conn: TConn) -> bool:
        """Read away what a closed line still sends, for a reset would cut our last words."""
        try:
            if conn.sock.recv(DRAIN_BYTES):
                return True
        except BlockingIOError:
            return True
        except OSError:
            pass  # a reset: gone as well
        self._hang_up(conn)
        return False

    def _unwatch(self, conn: TConn) -> None:
        with contextlib.suppress(KeyError, ValueError):  # it was not waited for
            self.poller.unregister(conn.sock)

    def _hang_up(self, conn: TConn) -> None:
        self._unwatch(conn)
        for lines in (self._arriving, self._leaving, self._too_many):
            lines.pop(conn, None)
        self._waiting.remove(conn)
        self._long.forget(conn)
        with contextlib.suppress(ValueError):  # it was not kept
            self.keepalived_conns.remove(conn)
        self.nr_conns -= 1
        conn.close()


def _overdue(
    lines: Mapping[TConn, Any], over_at: Callable[[TConn], float], now: float
) -> list[TConn]:
    return list(takewhile(lambda conn: over_at(conn) <= now, lines))
