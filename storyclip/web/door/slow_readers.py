"""gunicorn's threads, kept from those who read slowly, and who has to go when too many wait.

A thread leaves to the main thread what a line does not take of an answer at once. All lines that
no thread works on are counted here, whose they are, whatever they wait for.
"""

from __future__ import annotations

import contextlib
import selectors
import socket
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from itertools import takewhile
from typing import Any

from gunicorn.http.errors import ParseException
from gunicorn.workers.gthread import TConn, ThreadWorker

from config.capacity import WAITING_LINES, WAITING_LINES_OF_ONE
from storyclip.web.door.hops import Proxies, home_of
from storyclip.web.door.unhurried import Unhurried
from storyclip.web.door.waiting import Waiting

TAKES_ANSWER_WITHIN_S = 10  # a line that takes no byte of an answer for so long is given up
LINGER_S = 2.0  # for the other end to read our last words before the line is closed
DRAIN_BYTES = 64 * 1024
MOST_KEPT = 64 * 1024 * 1024  # bytes of all answers; beyond it the longest waiting reader goes


@dataclass
class Answering:
    """An answer that its thread has left to us, and what that thread has to say of the line."""

    rest: Unhurried
    done: Future[Any]
    over_at: float


class UnhurriedWorker(ThreadWorker):  # type: ignore[misc]  # untyped, as all of gunicorn
    """gthread, whose threads wait for nobody who reads."""

    proxies = Proxies(())  # whose lines are those of everybody behind them

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # The first of each is the one whose time is up first: all get the same time.
        self._answering: dict[TConn, Answering] = {}
        self._leaving: dict[TConn, float] = {}
        self._waiting = Waiting[TConn](WAITING_LINES_OF_ONE, WAITING_LINES)
        self._too_many: dict[TConn, None] = {}  # closed when no event of theirs is in hand

    def handle_request(self, req: Any, conn: TConn) -> Any:
        """Serve one request, and keep of its answer what the line does not take."""
        if self.cfg.is_ssl:
            return super().handle_request(req, conn)
        line = conn.sock
        is_whole = getattr(conn.parser.unreader, "is_whole", True)
        conn.sock = conn.rest = Unhurried(line, req.force_close, is_whole)
        try:
            return super().handle_request(req, conn)
        finally:
            conn.sock = line

    def finish_request(self, conn: TConn, fs: Future[Any]) -> None:
        """Go on with the line when its answer is out."""
        rest, conn.rest = getattr(conn, "rest", None), None
        if rest is None or not rest.size:
            self._finish(conn, fs)
            return
        conn.sock.setblocking(False)
        over_at = time.monotonic() + TAKES_ANSWER_WITHIN_S
        self._answering[conn] = Answering(rest, fs, over_at)
        self._wait(conn)
        kept = sum(one.rest.size for one in self._answering.values())
        if kept > MOST_KEPT:
            self._too_many[next(iter(self._answering))] = None
        self.poller.register(conn.sock, selectors.EVENT_WRITE, partial(self._answer, conn))

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
        for conn in overdue(self._answering, lambda conn: self._answering[conn].over_at, now):
            self._hang_up(conn)
        for conn in overdue(self._leaving, self._leaving.__getitem__, now):
            self._hang_up(conn)

    def _keepalive_after(self, conn: TConn, keepalive: bool) -> bool:
        """Keep no line whose body was malformed where nobody had read it: it was answered."""
        try:
            return bool(super()._keepalive_after(conn, keepalive))
        except ParseException:
            return False

    def _answer(self, conn: TConn, _line: socket.socket) -> None:
        """Send more of an answer."""
        answering = self._answering[conn]
        before = answering.rest.size
        try:
            is_out = answering.rest.flush()
        except OSError:
            self._hang_up(conn)
            return
        if is_out:
            del self._answering[conn]
            self._unwatch(conn)
            self._work_on(conn)
            self._finish(conn, answering.done)
        elif answering.rest.size < before:
            answering.over_at = time.monotonic() + TAKES_ANSWER_WITHIN_S
            self._answering[conn] = self._answering.pop(conn)  # the last whose time is up

    def _finish(self, conn: TConn, fs: Future[Any]) -> None:
        """Keep the line or let it go; gunicorn's main thread would wait 2 s for each that goes."""
        stays = not fs.cancelled() and fs.exception() is None and fs.result()
        if not stays and not self.cfg.is_ssl and not conn.is_http2:
            self._leave(conn)
            return
        super().finish_request(conn, fs)
        if self.keepalived_conns and self.keepalived_conns[-1] is conn:
            self._wait(conn)

    def _whose(self, conn: TConn) -> tuple[str, bool]:
        """Return whose the line is, and whether they may have only so many."""
        address = conn.client[0] if isinstance(conn.client, tuple) else ""
        return home_of(address), not self.proxies.has(address)

    def _wait(self, conn: TConn) -> None:
        """Note that no thread works on the line; for it, another may have to go."""
        self._too_many.pop(conn, None)
        if (too_many := self._waiting.add(conn, *self._whose(conn))) is not None:
            self._too_many[too_many] = None

    def _work_on(self, conn: TConn) -> None:
        """Note that the line waits no more."""
        self._waiting.remove(conn)
        self._too_many.pop(conn, None)

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
        self._work_on(conn)
        self._answering.pop(conn, None)
        self._leaving.pop(conn, None)
        with contextlib.suppress(ValueError):  # it was not kept
            self.keepalived_conns.remove(conn)
        self.nr_conns -= 1
        conn.close()


def overdue(
    lines: Mapping[TConn, Any], over_at: Callable[[TConn], float], now: float
) -> list[TConn]:
    """Return the lines whose time is up, of a mapping in the order of their times."""
    return list(takewhile(lambda conn: over_at(conn) <= now, lines))
