"""The sandbox in this process: a call is handled when it is made, and nobody waits for an answer.

World, faults and answers are those of the sandbox's process, its control calls as well; between
them and the client there is no line but what an answer says of its way. How the real one behaves
is tried in `tests/upstream`, over HTTP.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from storyclip.domain.errors import UpstreamUnanswered, UpstreamUnreachable
from storyclip.domain.upload_errors import PartNotSent
from storyclip.sandbox import in_process
from storyclip.sandbox.answers import Wire, encode
from storyclip.sandbox.clock import from_rfc3339
from storyclip.sandbox.control import control
from storyclip.sandbox.ledger import Line, MemoryLedger
from storyclip.sandbox.process import ControlRefused, SandboxProcess
from storyclip.upstream.exchange import Answer, AnswerTooLarge, Request

NOON = "2026-12-01T12:00:00Z"
URL = "http://127.0.0.1:1/api"  # nobody asks there
CUT = {Wire.DROPPED: "RemoteDisconnected", Wire.TRUNCATED: "IncompleteRead"}


class SandboxHere(SandboxProcess):
    """What a test knows of a sandbox; it begins at `at` with what the lines of a ledger tell of."""

    def __init__(self, at: str = NOON, lines: Sequence[Line] = ()) -> None:
        super().__init__(Path("/nowhere"), clock=at)
        ledger = MemoryLedger()
        ledger._lines = list(lines)
        ledger.last_time_ms = from_rfc3339(lines[-1]["time"]) if lines else 0
        self.sandbox = in_process.start(from_rfc3339(at), ledger=ledger)
        self.url = URL
        self._one_at_a_time = threading.RLock()

    def ledger(self) -> list[dict[str, Any]]:
        with self._one_at_a_time:
            self.sandbox.catch_up()
            return [line for line in self.sandbox.ledger.lines() if line["event"] != "reset"]

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        parts = urlsplit(path)
        data = b"" if body is None else json.dumps(body).encode()
        with self._one_at_a_time:
            self.sandbox.catch_up()
            query = dict(parse_qsl(parts.query))
            status, said = control(self.sandbox, method, f"/control/{parts.path}", query, data)
        if status >= HTTPStatus.BAD_REQUEST:
            raise ControlRefused(encode(said).decode())
        return json.loads(encode(said))

    def handle(self, request: in_process.Request) -> in_process.Answer:
        """Answer one call at the clock's time."""
        with self._one_at_a_time:
            return in_process.ask(self.sandbox, request)

    def take_part(self, url: str, headers: Mapping[str, str], body: bytes) -> in_process.Answer:
        """Take what is sent to Amazon."""
        with self._one_at_a_time:
            return in_process.put_part(self.sandbox, url, headers, body)


class Carrier:
    """Carries calls to the sandbox; their deadlines are moments of `monotonic`, which stands still
    while an answer is on its way: one that takes longer than is left is none."""

    def __init__(
        self, sandbox: SandboxHere, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._sandbox, self._monotonic = sandbox, monotonic

    def ask(self, request: Request, over_at: float) -> Answer:
        """Make a call that may be repeated, and repeat it where the line was cut."""
        found = self._handled(request, over_at, over_at)
        if found.wire in CUT:
            found = self._handled(request, over_at, over_at)
        return self._read(request, found, over_at)

    def tell(
        self,
        request: Request,
        over_at: float,
        on_sent: Callable[[], None] | None = None,
        send_by: float | None = None,
    ) -> Answer:
        """Make a call once."""
        found = self._handled(request, over_at, over_at if send_by is None else send_by)
        if on_sent is not None:
            on_sent()
        return self._read(request, found, over_at)

    def stop(self) -> None:
        """Nothing is under way."""

    def _handled(self, request: Request, over_at: float, send_by: float) -> in_process.Answer:
        now = self._monotonic()
        if now >= over_at:
            raise UpstreamUnreachable("nothing was sent to Metricool: the deadline is over")
        if now >= send_by:
            words = "the moment to send it is over"
            raise UpstreamUnreachable(f"nothing was sent to Metricool: {words}")
        body = b"" if request.body is None else json.dumps(request.body).encode()
        query = dict(parse_qsl(urlencode(request.query), keep_blank_values=True))
        path = f"/api{request.path}"
        return self._sandbox.handle(
            in_process.Request(request.method, path, query, request.headers, body)
        )

    def _read(self, request: Request, found: in_process.Answer, over_at: float) -> Answer:
        takes_s = found.wait_s + found.drip_s
        is_late = found.wire is Wire.LATER or takes_s >= over_at - self._monotonic()
        if is_late or found.wire in CUT:
            why = "the deadline is over" if is_late else CUT[found.wire]
            raise UpstreamUnanswered(f"no complete answer from Metricool: {why}")
        if len(found.body) > request.max_answer_bytes:
            words = f"Metricool's answer has more than {request.max_answer_bytes} bytes"
            raise AnswerTooLarge(words)
        return read(found)


class Parts:
    """Carries the parts of files."""

    def __init__(self, sandbox: SandboxHere) -> None:
        self._sandbox = sandbox

    def objection_to(self, url: str) -> str | None:
        """Return that every place will do."""
        del url
        return None

    def put(
        self, url: str, headers: Mapping[str, str], blocks: Iterable[bytes], over_at: float
    ) -> Answer:
        """Send the blocks at once, and return what is answered."""
        del over_at
        found = self._sandbox.take_part(url, headers, b"".join(blocks))
        if found.wire is not Wire.WHOLE:
            raise PartNotSent("the part did not arrive: nobody said so")
        return read(found)

    def stop(self) -> None:
        """Nothing is under way."""


def read(found: in_process.Answer) -> Answer:
    """Return an answer as the client reads it."""
    headers = {name.title(): value for name, value in found.headers.items()}
    return Answer(found.status, headers, found.body, has_marked_end=True)
