"""One request on its way: whether all of it is here, by its framing alone. No I/O in here.

What a request means, and most of what can be wrong with it, gunicorn judges when it is whole. Which
bytes belong to it has to be known before, or a thread would wait for the rest.
"""

from __future__ import annotations

import re
from enum import Enum

HEAD_BYTES = 64 * 1024  # of one request line and all its fields
BODY_BYTES = 64 * 1024  # with its framing; a batch of 50 clips is a tenth of it
LINE_BYTES = 8190  # beyond it gunicorn refuses
CHUNK_LINE_BYTES = 256  # a size of eight digits, and some extension that nobody uses
TRAILER_BYTES = 8 * 1024

GO_AHEAD = b"HTTP/1.1 100 Continue\r\n\r\n"

_END = b"\r\n\r\n"
_FIRST_LINE = re.compile(rb"[A-Z]{1,20} [!-~\x80-\xff]+ HTTP/1\.([01])\r")
_FRAMING = re.compile(rb"\r\n(content-length|transfer-encoding)[ \t]*:([^\r\n]*)", re.IGNORECASE)
_FILE = re.compile(rb"(?:PATCH|(POST)) /api/metricool/files/[0-9A-Za-z_-]{1,64} ")
_MEANS_PATCH = re.compile(rb"\r\nx-http-method-override:[ \t]*PATCH[ \t]*(?=\r\n)", re.IGNORECASE)
_LENGTH = re.compile(rb"[ \t]*([0-9]{1,15})[ \t]*")
_EXPECT = re.compile(rb"\r\nexpect:[ \t]*100-continue[ \t]*(?=\r\n)", re.IGNORECASE)
_CHUNK = re.compile(rb"([0-9a-fA-F]{1,8})(?:[ \t]*;[\t -~\x80-\xff]*)?")
_TRAILER = re.compile(rb"(?:[!#$%&'*+.^_`|~0-9A-Za-z-]+:[\t -~\x80-\xff]*\r\n)*\r\n")


class Stage(Enum):
    """How far a request has come."""

    ARRIVING = "more has to come"
    WHOLE = "all is here, or enough to see that it is no request"
    LONG = "its head is here, and its body is more than is collected"
    TOO_BIG = "its head does not end"
    BROKEN = "its body is not framed as HTTP wants it"


class Arrival:
    """The bytes of a line since its last request; `said` may go on with the next one."""

    def __init__(self) -> None:
        self.said = bytearray()
        self.stage = Stage.ARRIVING
        self.is_file = False  # its body is bytes of a file, which may be many
        self.asks_first = False  # the other end waits for GO_AHEAD before it sends the body
        self._searched = 0
        self._body_at = 0  # 0: the head is not whole
        self._ends_at: int | None = None  # None with chunks
        self._chunk_at = 0
        self._is_last_chunk = False

    def take(self, piece: bytes) -> Stage:
        """Add what the line has next, and return how far the request has come."""
        self.said += piece
        if not self._body_at:
            self.stage = self._look_at_head()
        if self._body_at and self.stage is Stage.ARRIVING:
            self.stage = self._look_at_body()
        return self.stage

    def _look_at_head(self) -> Stage:
        if self.said.startswith(b"\r\n"):
            del self.said[:2]  # one empty line may stand before a request
        line, has_line, _ = self.said[: LINE_BYTES + 2].partition(b"\n")
        if len(line) > LINE_BYTES or (has_line and not _FIRST_LINE.fullmatch(line)):
            return Stage.WHOLE  # refused by its first line alone
        at = self.said.find(_END, max(0, self._searched - len(_END) + 1))
        self._searched = len(self.said)
        if at < 0:
            return Stage.TOO_BIG if len(self.said) > HEAD_BYTES else Stage.ARRIVING
        if at > HEAD_BYTES:
            return Stage.TOO_BIG
        return self._frame(bytes(self.said[: at + 2]), speaks_11=line.endswith(b"1\r"))

    def _frame(self, head: bytes, speaks_11: bool) -> Stage:
        """Find out how the body is framed; what gunicorn will refuse needs no more bytes."""
        self._body_at = len(head) + 2
        found = _FRAMING.findall(head)
        if len(found) > 1:
            return Stage.WHOLE
        name, value = found[0] if found else (b"content-length", b"0")
        length = _LENGTH.fullmatch(value)
        if name.lower() == b"transfer-encoding":
            if value.strip(b" \t").lower() != b"chunked" or not speaks_11:
                return Stage.WHOLE
            self._chunk_at = self._body_at
        elif length is None:
            return Stage.WHOLE
        elif int(length[1]) > BODY_BYTES:
            self.is_file = _brings_a_file(head)
            return Stage.LONG
        else:
            self._ends_at = self._body_at + int(length[1])
        self._meet_expectation(head, speaks_11)
        return Stage.ARRIVING

    def _meet_expectation(self, head: bytes, speaks_11: bool) -> None:
        """Take the field out: who has sent all, or was told to, expects nothing more."""
        met, count = _EXPECT.subn(b"", head)
        if count:
            less = len(head) - len(met)
            self.said[: len(head)] = met
            self._body_at -= less
            self._chunk_at -= less
            self._ends_at = None if self._ends_at is None else self._ends_at - less
            self.asks_first = speaks_11

    def _look_at_body(self) -> Stage:
        if self._ends_at is not None:
            return Stage.WHOLE if len(self.said) >= self._ends_at else Stage.ARRIVING
        while not self._is_last_chunk:
            stage = self._next_chunk()
            if stage is not None:
                return stage
        return self._look_at_trailers()

    def _next_chunk(self) -> Stage | None:
        """Go past one chunk; None if it is whole, and another follows."""
        at = self._chunk_at
        if at - self._body_at > BODY_BYTES:
            return Stage.LONG
        if at > len(self.said):
            return Stage.ARRIVING
        if at > self._body_at and self.said[at - 2 : at] != b"\r\n":
            return Stage.BROKEN
        end = self.said.find(b"\r\n", at, at + CHUNK_LINE_BYTES)
        if end < 0:
            is_endless = len(self.said) - at > CHUNK_LINE_BYTES or b"\n" in self.said[at:]
            return Stage.BROKEN if is_endless else Stage.ARRIVING
        found = _CHUNK.fullmatch(self.said, at, end)
        if found is None:
            return Stage.BROKEN
        size = int(found[1], 16)
        self._is_last_chunk = size == 0
        self._chunk_at = end + 2 + (size + 2 if size else 0)
        return None

    def _look_at_trailers(self) -> Stage:
        at = self._chunk_at
        if _TRAILER.match(self.said, at):
            return Stage.WHOLE
        is_over = self.said.find(_END, at) >= 0 or len(self.said) - at > TRAILER_BYTES
        return Stage.BROKEN if is_over else Stage.ARRIVING


def _brings_a_file(head: bytes) -> bool:
    """Return whether the body is bytes of a file: of a PATCH, or of a POST that means one."""
    line = _FILE.match(head)
    return line is not None and (line[1] is None or _MEANS_PATCH.search(head) is not None)
