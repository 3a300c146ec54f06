from __future__ import annotations

import json
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest

from storyclip.domain.network import Network
from storyclip.domain.story import Story
from storyclip.upstream.metricool import Metricool

TOKEN = "tok-S3CRET"
DATE = "Tue, 24 Nov 2026 05:00:00 GMT"
MEDIA = "https://static.metricool.com/video/202611/7-abc.mp4"

Behaviour = Callable[[socket.socket], None]


class RawServer:
    """Reads one request after the other and then behaves as it is told, down to the byte."""

    def __init__(self, *behaviours: Behaviour, wrap: Any = None) -> None:
        self.requests: list[bytes] = []
        self.connections = 0
        self._behaviours = list(behaviours)
        self._wrap = wrap
        self._open: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                line, _ = self._listener.accept()
                self.connections += 1
                self._open.append(line)
                threading.Thread(target=self._serve, args=(line,), daemon=True).start()

    def _serve(self, line: socket.socket) -> None:
        with suppress(OSError), line:
            if self._wrap is not None:
                line = self._wrap(line)
                self._open.append(line)
            while request := _read_request(line):
                self.requests.append(request)
                if len(self._behaviours) > 1:
                    self._behaviours.pop(0)(line)
                else:
                    self._behaviours[0](line)

    def close(self) -> None:
        for line in [self._listener, *self._open]:
            with suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)
            line.close()


def _read_request(line: socket.socket) -> bytes:
    read: bytes = b""
    while b"\r\n\r\n" not in read:
        more = line.recv(65536)
        if not more:
            return b""
        read += more
    head, _, body = read.partition(b"\r\n\r\n")
    length = 0
    for field in head.lower().split(b"\r\n"):
        if field.startswith(b"content-length:"):
            length = int(field.split(b":")[1])
    while len(body) < length:
        more = line.recv(65536)
        if not more:
            break
        read += more
        body += more
    return read


def answer(
    body: Any, status: int = 200, headers: str = f"Date: {DATE}\r\n", *, length: int | None = None
) -> bytes:
    if not isinstance(body, bytes):
        body = json.dumps(body).encode()
    length = len(body) if length is None else length
    head = f"HTTP/1.1 {status} Words\r\n{headers}Content-Length: {length}\r\n\r\n"
    whole: bytes = head.encode() + body
    return whole


def says(*args: Any, **kwargs: Any) -> Behaviour:
    whole = answer(*args, **kwargs)
    return lambda line: line.sendall(whole)


def says_and_closes(raw: bytes) -> Behaviour:
    def behave(line: socket.socket) -> None:
        line.sendall(raw)
        line.shutdown(socket.SHUT_RDWR)

    return behave


def resets(line: socket.socket) -> None:
    line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    line.close()


def drips(start: bytes, drop: bytes, every_s: float = 0.05) -> Behaviour:
    def behave(line: socket.socket) -> None:
        line.sendall(start)
        pause = threading.Event()
        while not pause.wait(every_s):
            line.sendall(drop)

    return behave


def hangs(line: socket.socket) -> None:
    line.recv(1)


def element(**changes: Any) -> dict[str, Any]:
    return {
        "id": 310000001,
        "publicationDate": {"dateTime": "2026-11-24T05:10:00", "timezone": "UTC"},
        "text": "",
        "providers": [{"network": "instagram", "status": "PENDING", "detailedStatus": "Pending"}],
        "media": [MEDIA],
        "draft": False,
        **changes,
    }


@pytest.fixture
def serve() -> Iterator[Callable[..., RawServer]]:
    servers: list[RawServer] = []

    def start(*behaviours: Behaviour, wrap: Any = None) -> RawServer:
        servers.append(RawServer(*behaviours, wrap=wrap))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


def metricool_at(server: RawServer, deadline_s: float = 5, scheme: str = "http") -> Metricool:
    return Metricool(f"{scheme}://127.0.0.1:{server.port}/api", TOKEN, "7", deadline_s)


@pytest.fixture
def story() -> Story:
    return Story("42", Network.INSTAGRAM, MEDIA, datetime(2026, 11, 24, 5, 10, tzinfo=UTC))


def nobody_listens() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port
