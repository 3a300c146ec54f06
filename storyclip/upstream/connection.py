"""urllib3's connections, tied to the call that uses them.

Each notes the moment before the first byte leaves, and lets itself be cut from outside.
"""

from __future__ import annotations

import functools
import logging
import socket
import ssl
from contextvars import ContextVar
from http.client import HTTPConnection as StandardConnection
from typing import TYPE_CHECKING, Any

from certifi import where as certificates
from requests import PreparedRequest
from requests.adapters import HTTPAdapter
from urllib3 import HTTPResponse, Retry
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import NewConnectionError
from urllib3.util.ssl_ import create_urllib3_context

from storyclip.upstream.deadline import Call
from storyclip.upstream.dialing import dial

# urllib3 logs whole URLs when it retries, and a clip's source URL may be signed.
logging.getLogger("urllib3").setLevel(logging.ERROR)

current_call: ContextVar[Call] = ContextVar("current_call")

if TYPE_CHECKING:
    _Connection = HTTPConnection
else:
    _Connection = object  # a mixin: urllib3's TLS connection is a subclass of its plain one


class _Watched(_Connection):
    _call: Call | None = None

    def _new_conn(self) -> socket.socket:
        """Connect within the call's time, all addresses together."""
        call = self._call = current_call.get()
        try:
            found = socket.getaddrinfo(self._dns_host, self.port, type=socket.SOCK_STREAM)
            return dial(found, call)
        except OSError as why:
            # Not itself: urllib3 takes a reset for one that came while it was sending.
            raise NewConnectionError(self, "no connection") from why

    def send(self, data: Any) -> None:
        if self.sock is None:
            self.connect()
        call = current_call.get()
        if self._call is not call:  # a kept connection, used by a new call
            self._call = call
            call.take(self.sock)
        call.speak()
        StandardConnection.send(self, data)

    def getresponse(self) -> HTTPResponse:  # type: ignore[override]  # as urllib3 has it
        call = current_call.get()
        if call.spoke and call.on_sent is not None:
            on_sent, call.on_sent = call.on_sent, None
            on_sent()
        return super().getresponse()


class _PlainConnection(_Watched, HTTPConnection):
    pass


class _TLSConnection(_Watched, HTTPSConnection):
    pass


class _KeptPlain(HTTPConnectionPool):
    ConnectionCls = _PlainConnection


class _KeptTLS(HTTPSConnectionPool):
    ConnectionCls = _TLSConnection


class _FreshPlain(_KeptPlain):
    def _put_conn(self, conn: Any) -> None:
        if conn is not None:
            conn.close()


class _FreshTLS(_KeptTLS):
    def _put_conn(self, conn: Any) -> None:
        if conn is not None:
            conn.close()


class KeptConnections(HTTPAdapter):
    """Keeps its connection between calls, and asks a second time if it turns out to be stale."""

    pools: dict[str, type[HTTPConnectionPool]] = {"http": _KeptPlain, "https": _KeptTLS}  # noqa: RUF012
    retries = Retry(
        total=1,
        connect=1,
        read=1,
        redirect=0,
        status=0,
        other=0,
        allowed_methods={"GET", "HEAD"},
        backoff_factor=0,
        respect_retry_after_header=False,
    )

    def __init__(self) -> None:
        super().__init__(pool_connections=1, pool_maxsize=1, max_retries=self.retries)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = self.pools

    def build_connection_pool_key_attributes(
        self, request: PreparedRequest, verify: Any, cert: Any = None
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        host, pool = super().build_connection_pool_key_attributes(request, verify, cert)
        if host["scheme"] == "https":
            pool["ssl_context"] = tls_context()
        return host, pool

    def cert_verify(self, conn: Any, url: Any, verify: Any, cert: Any) -> None:
        """Do nothing: the context verifies. By default every connection would load all CAs."""


class FreshConnections(KeptConnections):
    """A connection of its own for every call, and no second try."""

    pools = {"http": _FreshPlain, "https": _FreshTLS}  # noqa: RUF012
    retries = Retry(total=0, read=False)


@functools.cache
def tls_context() -> ssl.SSLContext:
    """Return the one TLS context of this process: loading the CAs takes milliseconds."""
    context = create_urllib3_context(cert_reqs=ssl.CERT_REQUIRED)
    context.load_verify_locations(certificates())
    return context
