"""A receiver of webhooks over real HTTP: what it hears, and how it behaves, a test decides."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from storyclip.webhooks.signing import secrets_of, signed_headers


@dataclass
class Heard:
    """One message as it arrived."""

    path: str
    headers: Mapping[str, str]
    raw: bytes

    @property
    def body(self) -> dict[str, Any]:
        body: dict[str, Any] = json.loads(self.raw)
        return body

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def place(self) -> tuple[str, int]:
        return self.body["type"], self.body["data"]["seq"]

    def is_signed_with(self, secret: str) -> bool:
        at_s = int(self.headers["webhook-timestamp"])
        expected = signed_headers([secret], self.id, at_s, self.raw)
        return expected["webhook-signature"] in self.headers["webhook-signature"].split(" ")


def secret_of(user_id: str, at: datetime | None = None) -> str:
    """The newest of the secrets that a user's receivers verify with."""
    return secrets_of(user_id, at or datetime.now(UTC))[0]


Manner = Callable[[BaseHTTPRequestHandler], None]


def answers(status: int, **headers: str) -> Manner:
    def answer(line: BaseHTTPRequestHandler) -> None:
        line.send_response(status)
        for name, value in headers.items():
            line.send_header(name, value)
        line.send_header("Content-Length", "0")
        line.end_headers()

    return answer


def breaks_off(line: BaseHTTPRequestHandler) -> None:
    """Promises more than it says."""
    line.send_response(200)
    line.send_header("Content-Length", "1000")
    line.end_headers()
    line.wfile.write(b"half of")


def says_nothing(line: BaseHTTPRequestHandler) -> None:
    """Hangs up in the middle of the status line."""
    line.wfile.write(b"HTTP/1.1 2")


@dataclass
class Receiver:
    """Behaves in each of `manners` once, then answers 204; `heard` has all that arrived.

    Whoever behaves like `is_stuck` waits until `go_on` is set.
    """

    url: str = ""
    heard: list[Heard] = field(default_factory=list)
    manners: list[Manner] = field(default_factory=list)
    go_on: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def is_stuck(self, line: BaseHTTPRequestHandler) -> None:
        self.go_on.wait(60)
        answers(204)(line)

    def drips(self, line: BaseHTTPRequestHandler) -> None:
        """One byte after the other, so that no time-out of a socket ever runs out."""
        line.send_response(200)
        line.end_headers()
        while not self.go_on.wait(0.05):
            line.wfile.write(b".")
            line.wfile.flush()

    def firsts(self) -> list[Heard]:
        """What arrived, each message where it was heard first."""
        seen: dict[str, Heard] = {}
        for one in self.heard:
            seen.setdefault(one.id, one)
        return list(seen.values())


@contextmanager
def receiving(port: int = 0) -> Iterator[Receiver]:
    """A receiver on this machine, gone after the block."""
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            said = self.rfile.read(int(self.headers["Content-Length"]))
            one = Heard(self.path, {k.lower(): v for k, v in self.headers.items()}, said)
            with receiver.lock:
                receiver.heard.append(one)
                manner = receiver.manners.pop(0) if receiver.manners else answers(204)
            try:
                manner(self)
            except OSError:
                return  # the sender hung up, which is what a deadline is for

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        block_on_close = False
        request_queue_size = 128

        def handle_error(self, request: Any, address: Any) -> None:
            """Say nothing: a line that was cut is meant."""

    server = Server(("127.0.0.1", port), Handler)
    receiver.url = f"http://127.0.0.1:{server.server_port}/hooks?from=storyclip"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        receiver.go_on.set()
        server.shutdown()
        server.server_close()
        thread.join()
