"""One exchange over HTTP: a complete answer, or the certainty whether we spoke at all."""

from __future__ import annotations

import json
import os
import threading
import zlib
from collections.abc import Callable
from http import HTTPStatus
from http.client import HTTPException, HTTPResponse, IncompleteRead
from urllib.parse import urlencode, urlsplit

from storyclip.domain.errors import UpstreamUnanswered, UpstreamUnreachable
from storyclip.line.connection import Connection
from storyclip.line.deadline import Call, CallOver, watch
from storyclip.upstream.exchange import Answer, AnswerTooLarge, Request

_GZIP = 16 + zlib.MAX_WBITS


class Line:
    """Exchanges with the server at one base URL; for many threads, and carried over a fork.

    Nothing of the environment comes between: no proxy, no .netrc, no cookies, no redirects.
    """

    def __init__(self, base_url: str) -> None:
        self._base_url = base_url.rstrip("/")
        self._base_path = urlsplit(self._base_url).path
        self._mine = threading.local()
        self._repeatable: set[Call] = set()
        self._stopped = False

    def ask(self, request: Request, over_at: float) -> Answer:
        """Ask on a kept connection, and once more if no answer came: it may have been stale."""
        call = Call(over_at)
        self._repeatable.add(call)  # before `_stopped` is read in there: `stop` misses no call
        try:
            return self._exchange(self._kept(), request, call, tries=2)
        finally:
            self._repeatable.discard(call)

    def tell(
        self,
        request: Request,
        over_at: float,
        on_sent: Callable[[], None] | None = None,
        send_by: float | None = None,
    ) -> Answer:
        """Tell it once, on a connection of its own.

        A kept connection may be dead without our knowing, which would cost us the certainty.
        """
        connection = Connection(self._base_url)
        try:
            return self._exchange(connection, request, Call(over_at, on_sent, send_by), tries=1)
        finally:
            connection.close()

    def stop(self) -> None:
        """Cut every `ask`, and start nothing any more; a `tell` under way ends by itself."""
        self._stopped = True
        for call in tuple(self._repeatable):
            call.cut("StoryClip is stopping")

    def _exchange(self, connection: Connection, request: Request, call: Call, tries: int) -> Answer:
        if self._stopped:
            raise UpstreamUnreachable("nothing was sent to Metricool: StoryClip is stopping")
        try:
            watch(call)
            return self._answer(connection, request, call, tries)
        except AnswerTooLarge:
            raise
        except Exception as mishap:
            # Whatever it was, what it proves hangs on the first byte alone. `from None`, because
            # the libraries' texts hold whole URLs.
            why = call.cut_because or root_cause(mishap)
            if call.spoke:
                raise UpstreamUnanswered(f"no complete answer from Metricool: {why}") from None
            raise UpstreamUnreachable(f"nothing was sent to Metricool: {why}") from None
        finally:
            call.finish()

    def _answer(self, connection: Connection, request: Request, call: Call, tries: int) -> Answer:
        """Send, read the answer, and leave the connection fit for another call or closed.

        Raises:
            AnswerTooLarge, CallOver, OSError, HTTPException
        """
        for left in reversed(range(tries)):
            is_whole = False
            try:
                connection.begin(call)
                _send(connection, f"{self._base_path}{request.path}", request)
                if call.on_sent is not None:
                    call.on_sent()
                answer = read_answer(connection.getresponse(), request.max_answer_bytes, call)
                is_whole = True
                return answer
            except (OSError, HTTPException):
                if not left or call.cut_because:
                    raise
            finally:
                if not is_whole:
                    connection.close()
        raise AssertionError("the last try returns or raises")

    def _kept(self) -> Connection:
        """Return this thread's connection; a child never goes on with its parent's."""
        mine = self._mine
        if getattr(mine, "pid", None) != os.getpid():
            mine.connection = Connection(self._base_url)
            mine.pid = os.getpid()
        connection: Connection = mine.connection
        return connection


def _send(connection: Connection, path: str, request: Request) -> None:
    headers, body = dict(request.headers), None
    if request.body is not None:
        body = json.dumps(request.body).encode()
        headers["Content-Type"] = "application/json"
    connection.request(request.method, f"{path}?{urlencode(request.query)}", body, headers)


def read_answer(response: HTTPResponse, max_bytes: int, call: Call) -> Answer:
    """Read an answer to its end.

    Raises:
        AnswerTooLarge, CallOver, OSError, HTTPException
    """
    if response.status < HTTPStatus.OK:  # an interim one: the answer itself is still to come
        raise HTTPException(f"status {response.status} is no answer")
    with response:
        body = response.read(max_bytes + 1)
        if response.length and len(body) <= max_bytes:  # `read` is silent about it
            raise IncompleteRead(body, response.length)
    if len(body) <= max_bytes and response.headers.get("Content-Encoding", "").lower() == "gzip":
        body = zlib.decompressobj(_GZIP).decompress(body, max_bytes + 1)  # though not asked for
    if len(body) > max_bytes:
        raise AnswerTooLarge(f"Metricool's answer has more than {max_bytes} bytes")
    if call.cut_because:  # to a reader, a line that we cut ourselves looks like a good end
        raise CallOver(call.cut_because)
    headers = {name.title(): value for name, value in response.headers.items()}
    has_marked_end = bool(response.chunked) or "Content-Length" in headers
    return Answer(response.status, headers, body, has_marked_end)


def root_cause(mishap: BaseException) -> str:
    """Say what happened without what the library adds: it may hold whole URLs."""
    if isinstance(mishap, CallOver):
        return str(mishap)
    return (isinstance(mishap, OSError) and mishap.strerror) or type(mishap).__name__
