"""Two wires: how a stream is written as Server-Sent Events and as WebSocket frames."""

from __future__ import annotations

import struct
from collections.abc import Mapping

from storyclip.domain.shown import StreamEnd
from storyclip.progress.outbox import Ending
from storyclip.web.said.answers import encode
from storyclip.web.said.messages import BROKEN, DONE, MAY_NOT, NO_KEY, STOPPING

RETRY_MS = 2000

_CODES = {
    Ending.DONE: DONE,
    Ending.STOPPING: STOPPING,
    Ending.REVOKED: NO_KEY,
    Ending.NARROWED: MAY_NOT,
    Ending.FAILED: BROKEN,
    Ending.SLOW: BROKEN,
}
_TEXT, _CLOSE = 0x81, 0x88  # first bytes of a whole frame


class EventStream:
    """Server-Sent Events as a body of their own, or `chunked` where they pass by the server."""

    def __init__(self, *, is_chunked: bool) -> None:
        self._is_chunked = is_chunked

    def snapshot(self, facts: Mapping[str, object]) -> bytes:
        """The state, without an id: who breaks off here begins anew. The server frames it."""
        return b"retry: %d\nevent: snapshot\ndata: %b\n\n" % (RETRY_MS, encode(facts))

    def event(self, word: str, body: str) -> bytes:
        """One event with its id."""
        return self._framed(f"id: {word}\ndata: {body}\n\n".encode())

    def beat(self) -> bytes:
        """A comment, without the empty line after which some clients expect an event."""
        return self._framed(b":\n")

    def farewell(self, ending: Ending, end: StreamEnd | None) -> bytes:
        """The event `end`, or a comment with the reason, after which a browser comes again."""
        if ending is Ending.DONE:
            return self._framed(b"event: end\ndata: " + encode(end) + b"\n\n")
        return self._framed(f": {ending.value}\n".encode())

    def _framed(self, data: bytes) -> bytes:
        return b"%x\r\n%b\r\n" % (len(data), data) if self._is_chunked else data


class Frames:
    """WebSocket text frames; an event tells its cursor, for here nobody keeps a last id."""

    def snapshot(self, facts: Mapping[str, object]) -> bytes:
        """The state."""
        return _frame(_TEXT, encode(facts))

    def event(self, word: str, body: str) -> bytes:
        """One event with its cursor."""
        return _frame(_TEXT, f'{body[:-1]}, "cursor": "{word}"}}'.encode())

    def beat(self) -> bytes:
        """Nothing: WebSockets have pings."""
        return b""

    def farewell(self, ending: Ending, end: StreamEnd | None) -> bytes:  # noqa: ARG002
        """The closing frame, unless the other end has closed."""
        if ending is Ending.GONE:
            return b""
        return close_frame(_CODES[ending], ending.value)


PLAIN = EventStream(is_chunked=False)
CHUNKED = EventStream(is_chunked=True)
FRAMES = Frames()


def close_frame(code: int, reason: str) -> bytes:
    """Return the frame that closes a WebSocket; the reason is cut to what one may hold."""
    return _frame(_CLOSE, struct.pack("!H", code) + reason.encode()[:120])


def _frame(first: int, data: bytes) -> bytes:
    """Return one unmasked frame, as a server sends it (RFC 6455, 5.2)."""
    size = len(data)
    if size < 126:
        head = struct.pack("!BB", first, size)
    elif size < 1 << 16:
        head = struct.pack("!BBH", first, 126, size)
    else:
        head = struct.pack("!BBQ", first, 127, size)
    return head + data
