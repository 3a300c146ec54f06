"""One PUT of a part to the place that Metricool signed a URL for, and to no other.

The URL is a credential: it is in no text that leaves this module, and neither is what S3 answers,
which repeats the signature.
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable, Iterable, Mapping
from http.client import HTTPException, HTTPResponse
from typing import Protocol
from urllib.parse import urlsplit

from storyclip.domain.clip_url import is_public
from storyclip.domain.errors import UpstreamUnanswered
from storyclip.domain.upload_errors import (
    PartNotSent,
    UploadMisdirected,
    UploadStopped,
)
from storyclip.domain.upload_url import objection_to_upload_url
from storyclip.line.addresses import Find, NotPublic, public_only, resolve
from storyclip.line.connection import Connection
from storyclip.line.deadline import OVER, Call, CallOver, watch
from storyclip.upstream.exchange import Answer
from storyclip.upstream.line import read_answer, root_cause

MAX_ANSWER_BYTES = 64 * 1024  # S3's errors have a few hundred


class PartCarrier(Protocol):
    """Carries parts to where Metricool had them signed for. Moments are of `time.monotonic`."""

    def objection_to(self, url: str) -> str | None:
        """Return why no part is sent to a URL, None if it may be; the URL stays unsaid."""

    def put(
        self, url: str, headers: Mapping[str, str], blocks: Iterable[bytes], over_at: float
    ) -> Answer:
        """Send the blocks, whose whole length the headers tell, and return the answer.

        What the blocks raise, it raises.

        Raises:
            UploadMisdirected: there is an objection to the URL, or to where its host leads.
            UploadStopped: `stop` came before or meanwhile.
            PartNotSent: no complete answer by `over_at`.
        """

    def stop(self) -> None:
        """Cut every `put`, and begin none any more."""


class PartLine:
    """Parts over HTTPS, each on a connection of its own; for many threads.

    A Metricool that is a sandbox on this machine may have parts sent to its own host as well.
    """

    def __init__(
        self,
        base_url: str,
        find: Find = resolve,
        is_allowed: Callable[[str], bool] = is_public,
        tls: Callable[[], ssl.SSLContext] | None = None,
    ) -> None:
        """Prepare to send what the Metricool at `base_url` has signed.

        Args:
            find, is_allowed, tls: the rules of the outside world; tests bring their own.
        """
        base = urlsplit(base_url)
        # Settings take http for this machine alone: nothing but a sandbox answers there.
        self._sandbox = base.hostname if base.scheme == "http" else None
        self._find = find
        self._public = public_only(find, is_allowed)
        self._tls = tls
        self._sending: set[Call] = set()
        self._stopped = False

    def objection_to(self, url: str) -> str | None:
        """Return why no part is sent to a URL, None if it may be; the URL stays unsaid."""
        return None if self._is_of_sandbox(url) else objection_to_upload_url(url)

    def put(
        self, url: str, headers: Mapping[str, str], blocks: Iterable[bytes], over_at: float
    ) -> Answer:
        """Send the blocks, and return whatever is answered; no redirect is followed."""
        if (objection := self.objection_to(url)) is not None:
            raise UploadMisdirected(f"Metricool named a place for the file, but {objection}")
        call = Call(over_at)
        self._sending.add(call)  # before `_stopped` is read: `stop` misses no call
        find = self._find if self._is_of_sandbox(url) else self._public
        connection = Connection(url, find, self._tls)
        try:
            return self._answer(connection, url, headers, blocks, call)
        except NotPublic as objection_to_host:
            words = f"Metricool named a place for the file, but {objection_to_host}"
            raise UploadMisdirected(words) from None
        except (CallOver, OSError, HTTPException, UpstreamUnanswered) as mishap:
            if self._stopped:
                raise UploadStopped("StoryClip is stopping") from None
            is_over = time.monotonic() >= over_at  # which the socket may notice before its guard
            why = call.cut_because or (OVER if is_over else root_cause(mishap))
            raise PartNotSent(f"the part did not arrive: {why}") from None
        finally:
            self._sending.discard(call)
            call.finish()
            connection.close()

    def stop(self) -> None:
        """Cut every `put`, and begin none any more: what is cut can be sent again."""
        self._stopped = True
        for call in tuple(self._sending):
            call.cut("StoryClip is stopping")

    def _answer(
        self,
        connection: Connection,
        url: str,
        headers: Mapping[str, str],
        blocks: Iterable[bytes],
        call: Call,
    ) -> Answer:
        if self._stopped:
            raise CallOver("StoryClip is stopping")
        watch(call)
        connection.begin(call)
        parts = urlsplit(url)
        target = f"{parts.path}?{parts.query}" if parts.query else parts.path
        try:
            connection.request("PUT", target, blocks, dict(headers))
        except OSError as cut:
            return read_answer(_early(connection, call, cut), MAX_ANSWER_BYTES, call)
        return read_answer(connection.getresponse(), MAX_ANSWER_BYTES, call)

    def _is_of_sandbox(self, url: str) -> bool:
        if self._sandbox is None or "\\" in url or not url.isprintable():
            return False
        try:
            parts = urlsplit(url)
            return parts.scheme == "http" and parts.hostname == self._sandbox and bool(parts.port)
        except ValueError:
            return False


def _early(connection: Connection, call: Call, cut: OSError) -> HTTPResponse:
    """Return the refusal of a server that hung up without hearing us out: S3 does so.

    Raises:
        OSError: it said nothing, or nothing but good: then the line was just cut.
    """
    if call.cut_because or connection.sock is None:
        raise cut
    try:
        response = connection.getresponse()
    except (OSError, HTTPException):
        raise cut from None
    if response.status < 300:
        raise cut
    return response
