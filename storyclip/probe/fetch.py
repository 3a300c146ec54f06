"""Fetches a clip's file from the outside, and from nowhere else; each redirect begins anew."""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass
from http.client import HTTPException, HTTPResponse
from typing import BinaryIO
from urllib.parse import urljoin, urlsplit

from storyclip.domain.clip_file import MAX_BYTES, objection_to_size
from storyclip.domain.clip_url import is_public, objection_to
from storyclip.line.addresses import Find, NotPublic, public_only, resolve
from storyclip.line.connection import Connection, tls_context
from storyclip.line.deadline import Call, watch

MAX_REDIRECTS = 3
PIECE_BYTES = 64 * 1024
LEAST_BYTES_S = 64 * 1024  # on average; a story of 3 s is there in a second or two
SLOW_AFTER_S = 3.0  # from the head of the answer on: until then a line may be slow to begin
REDIRECTS = {301, 302, 303, 307, 308}
HEADERS = {"User-Agent": "StoryClip", "Accept": "video/mp4, */*", "Accept-Encoding": "identity"}


class ClipNotFetched(Exception):
    """The file cannot be had from outside; the text says why, and is fit for the client."""


class NotKept(Exception):
    """What comes cannot be written here, for want of room: no fault of the file or its server."""


@dataclass(frozen=True, slots=True)
class Fetcher:
    """The rules of the outside world; tests bring their own resolver, rule and certificates."""

    resolve: Find = resolve
    is_allowed: Callable[[str], bool] = is_public
    tls: Callable[[], ssl.SSLContext] = tls_context

    def fetch(self, url: str, into: BinaryIO, over_at: float) -> None:
        """Write the file at `url` into `into`, MAX_BYTES at most.

        Raises:
            ClipNotFetched: it cannot be reached from outside, or is too big.
            NotKept: `into` does not take it; the OSError is the cause.
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
        call = Call(over_at)
        watch(call)
        connection = Connection(url, public_only(self.resolve, self.is_allowed), self.tls)
        try:
            connection.begin(call)
            with _asked(connection, url) as response:
                if response.status in REDIRECTS:
                    return _further(url, response)
                if response.status != 200:
                    raise ClipNotFetched(f"its server answers {response.status}; 200 is needed")
                _copy(response, into, call)
        except NotPublic as objection:
            raise ClipNotFetched(str(objection)) from None
        except (OSError, HTTPException) as mishap:
            call.time_left_s()  # a line that we cut ourselves is no fault of the server
            raise ClipNotFetched(f"cannot be reached from outside: {_words_of(mishap)}") from mishap
        finally:
            call.finish()
            connection.close()
        return None


def _asked(connection: Connection, url: str) -> HTTPResponse:
    parts = urlsplit(url)
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
    size, began = 0, time.monotonic()
    # `read1`: what is there; `read` would wait for a whole piece, however slowly it comes
    while piece := response.read1(min(PIECE_BYTES, MAX_BYTES + 1 - size)):
        size += len(piece)
        _require_speed(size, time.monotonic() - began)
        if why := objection_to_size(size, at_least=True):
            raise ClipNotFetched(why)
        _keep(piece, into)
    call.time_left_s()  # to a reader, a line that we cut looks like a good end
    if told is not None and size < told:
        raise ClipNotFetched(f"breaks off after {size:,} of {told:,} bytes")


def _keep(piece: bytes, into: BinaryIO) -> None:
    try:
        into.write(piece)
    except OSError as failure:  # told apart from those of the line
        raise NotKept(str(failure)) from failure


def _require_speed(size: int, took_s: float) -> None:
    """Give the place up that somebody's slow server would hold for as long as it may.

    Raises:
        ClipNotFetched: it comes too slowly.
    """
    if took_s > SLOW_AFTER_S and size < LEAST_BYTES_S * took_s:
        raise ClipNotFetched(
            f"comes at {size / took_s / 1024:.0f} kB a second; {LEAST_BYTES_S // 1024} are needed"
        )


def _words_of(mishap: Exception) -> str:
    if isinstance(mishap, ssl.SSLCertVerificationError):
        return f"its certificate is not valid ({mishap.verify_message})"
    if isinstance(mishap, TimeoutError):
        return "no answer"
    return (isinstance(mishap, OSError) and mishap.strerror) or type(mishap).__name__
