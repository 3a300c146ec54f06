"""One exchange over HTTP: a complete answer, or the certainty whether we spoke at all."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable
from urllib.parse import urlencode

from requests import PreparedRequest
from requests.adapters import HTTPAdapter
from requests.structures import CaseInsensitiveDict

from storyclip.domain.errors import UpstreamUnanswered, UpstreamUnreachable
from storyclip.upstream.connection import FreshConnections, KeptConnections, current_call
from storyclip.upstream.deadline import Call, CallOver, watch
from storyclip.upstream.exchange import Answer, AnswerTooLarge, Request


class Line:
    """Exchanges with the server at one base URL; for many threads, and carried over a fork."""

    def __init__(self, base_url: str) -> None:
        self._base_url = base_url.rstrip("/")
        self._mine = threading.local()
        self._repeatable: set[Call] = set()
        self._stopped = False

    def ask(self, request: Request, over_at: float) -> Answer:
        """Ask on a kept connection, and once more if it was stale."""
        call = Call(over_at)
        self._repeatable.add(call)  # before `_stopped` is read in there: `stop` misses no call
        try:
            return self._exchange(self._adapters()[0], request, call)
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
        return self._exchange(self._adapters()[1], request, Call(over_at, on_sent, send_by))

    def stop(self) -> None:
        """Cut every `ask`, and start nothing any more; a `tell` under way ends by itself."""
        self._stopped = True
        for call in tuple(self._repeatable):
            call.cut("StoryClip is stopping")

    def _exchange(self, adapter: HTTPAdapter, request: Request, call: Call) -> Answer:
        if self._stopped:
            raise UpstreamUnreachable("nothing was sent to Metricool: StoryClip is stopping")
        token = current_call.set(call)
        try:
            watch(call)
            prepared = _prepared(self._base_url, request)
            return _answer(adapter, prepared, call, request.max_answer_bytes)
        except AnswerTooLarge:
            raise
        except Exception as mishap:
            # Whatever it was, what it proves hangs on the first byte alone. `from None`, because
            # the libraries' texts hold whole URLs.
            why = call.cut_because or _root_cause(mishap)
            if call.spoke:
                raise UpstreamUnanswered(f"no complete answer from Metricool: {why}") from None
            raise UpstreamUnreachable(f"nothing was sent to Metricool: {why}") from None
        finally:
            call.finish()
            current_call.reset(token)

    def _adapters(self) -> tuple[HTTPAdapter, HTTPAdapter]:
        """Return this thread's connections; a child never goes on with its parent's."""
        mine = self._mine
        if getattr(mine, "pid", None) != os.getpid():
            mine.adapters = KeptConnections(), FreshConnections()
            mine.pid = os.getpid()
        adapters: tuple[HTTPAdapter, HTTPAdapter] = mine.adapters
        return adapters


def _prepared(base_url: str, request: Request) -> PreparedRequest:
    """Encode by hand, because requests' own preparation costs as much as half of the exchange."""
    prepared = PreparedRequest()
    prepared.method = request.method
    prepared.url = f"{base_url}{request.path}?{urlencode(request.query)}"
    prepared.headers = CaseInsensitiveDict(request.headers)
    if request.body is not None:
        prepared.body = json.dumps(request.body).encode()
        prepared.headers["Content-Type"] = "application/json"
        prepared.headers["Content-Length"] = str(len(prepared.body))
    return prepared


def _answer(adapter: HTTPAdapter, request: PreparedRequest, call: Call, max_bytes: int) -> Answer:
    """Send through the adapter alone, without a `Session`.

    What a session adds must not happen here: it follows redirects, sends cookies back, and
    (`trust_env`) takes credentials from a .netrc and proxies from the environment.
    """
    response = adapter.send(request, stream=True, timeout=call.time_left_s())
    try:
        body = response.raw.read(max_bytes + 1, decode_content=True)
    finally:
        response.raw.close()  # wholly read, its connection is back in the pool and stays open
    if len(body) > max_bytes:
        raise AnswerTooLarge(f"Metricool's answer has more than {max_bytes} bytes")
    if call.cut_because:  # to a reader, a line that we cut ourselves looks like a good end
        raise CallOver(call.cut_because)
    headers = response.headers
    chunked = "chunked" in headers.get("Transfer-Encoding", "").lower()
    return Answer(response.status_code, headers, body, chunked or "Content-Length" in headers)


def _root_cause(mishap: BaseException) -> str:
    """Say what happened at the bottom, without the URLs that the layers above add."""
    while True:
        inner = [
            getattr(mishap, "reason", None),
            mishap.__cause__,
            *reversed(mishap.args),
        ]
        below = next((each for each in inner if isinstance(each, BaseException)), None)
        if below is None:
            break
        mishap = below
    if isinstance(mishap, CallOver):
        return str(mishap)
    return (isinstance(mishap, OSError) and mishap.strerror) or type(mishap).__name__
