"""Viewers for the tests against real processes: one whose line breaks, and bare lines."""

from __future__ import annotations

import json
import random
import socket
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import httpx
from httpx_sse import connect_sse
from websockets.exceptions import ConnectionClosed, WebSocketException
from websockets.sync.client import connect

from storyclip.stack.stack import Stack

PATIENCE_S = 90.0

Seqs = dict[str, list[int]]


def headers(stack: Stack) -> dict[str, str]:
    return {"X-Api-Key": stack.api_key}


class Follower:
    """A viewer whose line breaks again and again, with what it saw in the order that it did."""

    def __init__(self, stack: Stack, query: str, breaks: int, seed: int) -> None:
        self.stack, self.query, self.breaks = stack, query, breaks
        self.seen: Seqs = defaultdict(list)
        self.cursor = ""
        self.connects = 0
        self.is_done = threading.Event()
        self._random = random.Random(seed)

    def run(self, read: Callable[[float], None]) -> None:
        """Read for a moment, break off, resume; at the end to the end."""
        until = time.monotonic() + PATIENCE_S
        while not self.is_done.is_set() and time.monotonic() < until:
            self.connects += 1
            try:
                read(self._random.uniform(0.0, 0.2) if self.connects <= self.breaks else 5.0)
            except httpx.ReadTimeout:
                pass  # nothing was said for as long as it read
            except (httpx.HTTPError, WebSocketException, OSError):
                time.sleep(0.1)  # the web was killed as well

    def note(self, event: dict[str, Any], cursor: str) -> None:
        self.seen[event["batchId"]].append(event["seq"])
        self.cursor = cursor

    def over_sse(self, for_s: float) -> None:
        until = time.monotonic() + for_s
        resume = {"Last-Event-ID": self.cursor} if self.cursor else {}
        url = f"{self.stack.url}/api/metricool/stream?{self.query}"
        given = {**headers(self.stack), **resume}
        with (
            httpx.Client(
                timeout=httpx.Timeout(10, read=for_s + 0.05),
                trust_env=False,
                verify=False,  # nothing is encrypted here; to load the authorities takes 30 ms
            ) as client,
            connect_sse(client, "GET", url, headers=given) as source,
        ):
            for message in source.iter_sse():
                if message.event == "end":
                    self.is_done.set()
                elif message.event == "message":
                    self.note(message.json(), message.id)
                if time.monotonic() > until:
                    return

    def over_ws(self, for_s: float) -> None:
        until = time.monotonic() + for_s
        url = f"{self.stack.url.replace('http', 'ws', 1)}/api/metricool/ws?{self.query}"
        line = connect(f"{url}&after={self.cursor}", additional_headers=headers(self.stack))
        with line, _abruptly(line.socket):
            while (left := until - time.monotonic()) > 0:
                try:
                    message = json.loads(line.recv(timeout=left))
                except TimeoutError:
                    return
                except ConnectionClosed:
                    if line.close_code == 1000:
                        self.is_done.set()
                    return
                if message["type"] != "snapshot":
                    self.note(message, message["cursor"])


class _abruptly:  # noqa: N801 - reads as what it is
    """Closes a line without a word."""

    def __init__(self, line: socket.socket) -> None:
        self._line = line

    def __enter__(self) -> None:
        pass

    def __exit__(self, *_: object) -> None:
        self._line.shutdown(socket.SHUT_RDWR) if self._line.fileno() >= 0 else None


def raw(stack: Stack, path: str, upgrade: bool = False, receive_bytes: int = 0) -> socket.socket:
    """A line that asked for a stream and got its first bytes."""
    url = urlsplit(stack.url)
    line = socket.socket()
    if receive_bytes:
        line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
    line.settimeout(20)
    line.connect((url.hostname, url.port))
    websocket = (
        "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    )
    head = f"GET /api/metricool/{path} HTTP/1.1\r\nHost: x\r\nX-Api-Key: {stack.api_key}\r\n"
    line.sendall(f"{head}{websocket if upgrade else ''}\r\n".encode())
    return line


def until_shown(line: socket.socket) -> bytes:
    """Read on to the first event."""
    data = b""
    while b'"seq": 1,' not in data:
        try:
            got = line.recv(65536)
        except TimeoutError:
            raise AssertionError(f"nothing more after {data!r}") from None
        assert got, f"closed after {data!r}"
        data += got
    return data


def to_the_end(line: socket.socket) -> bytes:
    data = b""
    while got := line.recv(65536):
        data += got
    return data
