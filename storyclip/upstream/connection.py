"""The standard library's connection, tied to the call that uses it.

It notes the moment before the first byte leaves, and lets itself be cut from outside.
"""

from __future__ import annotations

import functools
import select
import socket
import ssl
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

from certifi import where as certificates

from storyclip.upstream.deadline import Call
from storyclip.upstream.dialing import dial


class Connection(HTTPConnection):
    """A line to the server of a base URL; used by one call after another."""

    def __init__(self, base_url: str) -> None:
        """Tie it to the URL's host and port; it connects when the first call speaks."""
        parts = urlsplit(base_url)
        self._is_tls = parts.scheme == "https"
        self.default_port = 443 if self._is_tls else 80  # so that Host has no port without need
        super().__init__(parts.hostname or "", parts.port or self.default_port)
        self._call: Call | None = None

    def __del__(self) -> None:
        """Close a kept line together with the thread or the client that kept it."""
        self.close()

    def begin(self, call: Call) -> None:
        """Have `call` use it from now on.

        Raises:
            CallOver: its time is up.
        """
        self._call = call
        if self.sock is not None and _has_spoken(self.sock):
            self.close()  # what it says unasked must not be taken for the next answer
        if self.sock is not None:
            call.take(self.sock)
            self.sock.settimeout(call.time_left_s())

    def connect(self) -> None:
        """Connect within the call's time, all addresses together."""
        assert self._call is not None
        found = socket.getaddrinfo(self.host, self.port, type=socket.SOCK_STREAM)
        line = dial(found, self._call)
        if self._is_tls:
            line = tls_context().wrap_socket(line, server_hostname=self.host)
        self.sock = line

    def send(self, data: Any) -> None:
        """Send, unless it is too late for the first byte.

        Raises:
            CallOver: it is.
        """
        if self.sock is None:
            self.connect()
        assert self._call is not None
        self._call.speak()
        super().send(data)


def _has_spoken(line: socket.socket) -> bool:
    """Return whether a line has something to say between two calls: too much, or that it ends."""
    if isinstance(line, ssl.SSLSocket) and line.pending():
        return True
    poll = select.poll()
    poll.register(line, select.POLLIN)
    return bool(poll.poll(0))


@functools.cache
def tls_context() -> ssl.SSLContext:
    """Return the one TLS context of this process: loading the CAs takes milliseconds."""
    return ssl.create_default_context(cafile=certificates())
