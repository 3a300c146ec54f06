"""One POST to a receiver: to an address that was checked, within a total deadline, no redirects.

The name is resolved once and the connection goes to what was checked, so that a name cannot lead
elsewhere a moment later (DNS rebinding). No proxy: it would resolve the name anew.
"""

from __future__ import annotations

import http.client
import socket
import time
from collections.abc import Mapping
from urllib.parse import urlsplit

from storyclip.domain.clip_url import is_public
from storyclip.domain.hooks import objection_to_receiver
from storyclip.upstream.connection import tls_context
from storyclip.upstream.deadline import Call, CallOver, watch
from storyclip.upstream.dialing import dial

MAX_ANSWER_BYTES = 64 * 1024  # nobody reads it; a receiver that goes on is hung up on
AGENT = "StoryClip-Webhooks/1"


class NotDelivered(Exception):
    """No whole answer, or none at all; the receiver may still have heard the message."""


def post(
    url: str, body: bytes, headers: Mapping[str, str], deadline_s: float, *, allow_private: bool
) -> int:
    """Send one message and return the status of the receiver's answer.

    The deadline covers everything but the resolver, which has its own.

    Raises:
        NotDelivered: with the reason in words.
    """
    if (objection := objection_to_receiver(url, allow_private=allow_private)) is not None:
        raise NotDelivered(f"not a URL to send to: {objection}")
    call = Call(time.monotonic() + deadline_s)
    watch(call)
    connection = _Pinned(url, call, allow_private=allow_private)
    try:
        parts = urlsplit(url)
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        fixed = {"Content-Type": "application/json", "User-Agent": AGENT, "Connection": "close"}
        connection.request("POST", target, body, {**fixed, **headers})
        with connection.getresponse() as answer:
            said = answer.read(MAX_ANSWER_BYTES)
            call.time_left_s()  # a line that we cut ourselves reads like an answer that is over
            if answer.length and len(said) < MAX_ANSWER_BYTES:  # `read` is silent about it
                raise NotDelivered("the answer broke off")
            return answer.status
    except CallOver:
        raise NotDelivered(f"no whole answer within {deadline_s:g} s") from None
    except (OSError, http.client.HTTPException) as failure:
        if call.cut_because:
            raise NotDelivered(f"no whole answer within {deadline_s:g} s") from failure
        raise NotDelivered(f"{type(failure).__name__}: {failure}"[:200]) from failure
    finally:
        call.finish()
        connection.close()


class _Pinned(http.client.HTTPConnection):
    """Connects to a checked address of the URL's host; Host and SNI stay the name's."""

    def __init__(self, url: str, call: Call, *, allow_private: bool) -> None:
        parts = urlsplit(url)
        self._is_tls = parts.scheme == "https"
        self.default_port = 443 if self._is_tls else 80  # so that Host has no port without need
        super().__init__(parts.hostname or "", parts.port or self.default_port)
        self._call = call
        self._allow_private = allow_private

    def connect(self) -> None:
        sock = self._connected()
        if self._is_tls:
            sock = tls_context().wrap_socket(sock, server_hostname=self.host)
        self.sock = sock

    def _connected(self) -> socket.socket:
        found = socket.getaddrinfo(self.host, self.port, type=socket.SOCK_STREAM)
        allowed = [one for one in found if self._allow_private or is_public(str(one[4][0]))]
        if not allowed:
            raise NotDelivered("the host has no public address")
        return dial(allowed, self._call)
