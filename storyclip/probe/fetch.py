"""Fetches a clip's file from the outside, and from nowhere else.

A name is resolved once, every address it has must be public, and the connection is made to exactly
an address that was checked: a name that changes its mind in between (DNS rebinding) is not asked
again. Each redirect begins anew. Proxies of the environment and credentials are not used.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPResponse
from typing import BinaryIO
from urllib.parse import SplitResult, urljoin, urlsplit

from storyclip.domain.clip_file import MAX_BYTES, objection_to_size
from storyclip.domain.clip_url import is_public, objection_to
from storyclip.upstream.connection import tls_context
from storyclip.upstream.deadline import Call, watch
from storyclip.upstream.dialing import Found, dial

MAX_REDIRECTS = 3
PIECE_BYTES = 64 * 1024
REDIRECTS = {301, 302, 303, 307, 308}
HEADERS = {"User-Agent": "StoryClip", "Accept": "video/mp4, */*", "Accept-Encoding": "identity"}


class ClipNotFetched(Exception):
    """The file cannot be had from outside; the text says why, and is fit for the client."""


def resolve(host: str, port: int) -> Sequence[str]:
    """Return all addresses of a host, as the system's resolver has them.

    Raises:
        OSError: it has none.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


@dataclass(frozen=True, slots=True)
class Fetcher:
    """The rules of the outside world; tests bring their own resolver, rule and certificates."""

    resolve: Callable[[str, int], Sequence[str]] = resolve
    is_allowed: Callable[[str], bool] = is_public
    tls: Callable[[], ssl.SSLContext] = tls_context

    def fetch(self, url: str, into: BinaryIO, over_at: float) -> None:
        """Write the file at `url` into `into`, MAX_BYTES at most.

        Raises:
            ClipNotFetched: it cannot be reached from outside, or is too big.
            CallOver: not wholly here by `over_at`, an instant of `time.monotonic`.
        """
        for _ in range(MAX_REDIRECTS + 1):
            further = self._visit(url, into, over_at)
            if further is None:
                return
            url = further
        raise ClipNotFetched(f"redirects more than {MAX_REDIRECTS} times")

    def _visit(self, url: str, into: BinaryIO, over_at: float) -> str | None:
        """Fetch from one place, or return the allowed one that it points to."""
        parts = urlsplit(url)
        call = Call(over_at)
        watch(call)
        line: ssl.SSLSocket | None = None
        try:
            line = self._line_to(parts, call)
            with _asked(line, parts) as response:
                if response.status in REDIRECTS:
                    return _further(url, response)
                if response.status != 200:
                    raise ClipNotFetched(f"its server answers {response.status}; 200 is needed")
                _copy(response, into, call)
        except (OSError, HTTPException) as mishap:
            call.time_left_s()  # a line that we cut ourselves is no fault of the server
            raise ClipNotFetched(f"cannot be reached from outside: {_words_of(mishap)}") from mishap
        finally:
            call.finish()
            if line is not None:
                line.close()
        return None

    def _line_to(self, parts: SplitResult, call: Call) -> ssl.SSLSocket:
        host, port = (parts.hostname or "").removesuffix("."), parts.port or 443
        try:
            addresses = self.resolve(host, port)
        except (OSError, UnicodeError):
            raise ClipNotFetched("its host has no address") from None
        # All of them, not one: a name with a private address beside a public one is not to be had.
        # Which address it is stays unsaid: nobody is to map a network by asking us.
        if not addresses or not all(self.is_allowed(address) for address in addresses):
            raise ClipNotFetched("its host has an address that is not a public one")
        sock = dial(_as_found(addresses, port), call)
        try:
            return self.tls().wrap_socket(sock, server_hostname=host)
        except BaseException:
            sock.close()
            raise


def _as_found(addresses: Sequence[str], port: int) -> Iterator[Found]:
    for address in addresses:
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        yield family, socket.SOCK_STREAM, 0, "", (address, port)


def _asked(line: ssl.SSLSocket, parts: SplitResult) -> HTTPResponse:
    connection = HTTPConnection(parts.hostname or "", parts.port or 443)
    connection.sock = line  # it never connects by itself
    connection.auto_open = 0
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    host = parts.netloc.removesuffix(":443")
    connection.request("GET", path, headers={"Host": host, "Connection": "close", **HEADERS})
    return connection.getresponse()


def _further(url: str, response: HTTPResponse) -> str:
    target = urljoin(url, response.getheader("Location") or "")
    why = objection_to(target)
    if why is not None:
        raise ClipNotFetched(f"redirects to where clips may not come from: {why}")
    return target


def _copy(response: HTTPResponse, into: BinaryIO, call: Call) -> None:
    told = response.length  # None for a body in chunks or up to the end of the line
    if told is not None and (why := objection_to_size(told)):
        raise ClipNotFetched(why)
    size = 0
    while piece := response.read(min(PIECE_BYTES, MAX_BYTES + 1 - size)):
        size += len(piece)
        if why := objection_to_size(size, at_least=True):
            raise ClipNotFetched(why)
        into.write(piece)
    call.time_left_s()  # to a reader, a line that we cut looks like a good end
    if told is not None and size < told:
        raise ClipNotFetched(f"breaks off after {size:,} of {told:,} bytes")


def _words_of(mishap: Exception) -> str:
    if isinstance(mishap, ssl.SSLCertVerificationError):
        return f"its certificate is not valid ({mishap.verify_message})"
    if isinstance(mishap, TimeoutError):
        return "no answer"
    return (isinstance(mishap, OSError) and mishap.strerror) or type(mishap).__name__
