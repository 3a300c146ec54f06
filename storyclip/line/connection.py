"""The standard library's connection, tied to the call that uses it.

It notes the moment before the first byte leaves, and lets itself be cut from outside.
"""

from __future__ import annotations

import functools
import select
import socket
import ssl
from collections.abc import Callable
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

from certifi import where as certificates

from storyclip.line.addresses import Find, resolve
from storyclip.line.deadline import Call
from storyclip.line.dialing import dial


class Connection(HTTPConnection):
    """A line to the server of a base URL; used by one call after another.

    Host and SNI are the name's, whatever address it is connected to. No proxy, which would resolve
    the name anew, no credentials of the environment.
    """

    def __init__(
        self,
        base_url: str,
        find: Find = resolve,
        tls: Callable[[], ssl.SSLContext] | None = None,
    ) -> None:
        """Tie it to the URL's host and port; it connects when the first call speaks.

        Args:
            find: finds the host's addresses; what it raises, the call raises.
            tls: the certificates to believe in, the public ones by default.
        """
        parts = urlsplit(base_url)
        self._find = find
        self._tls = tls or tls_context
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
        line = dial(self._find(self.host, self.port), self._call)
        if self._is_tls:
            try:
                line = self._tls().wrap_socket(line, server_hostname=self.host.removesuffix("."))
            except BaseException:
                line.close()
                raise
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
