"""Server-Sent Events out of bytes, however they were cut up on the way.

Source: WHATWG HTML, 9.2.6 Interpreting an event stream.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass

_LINE_END = re.compile(r"\r\n|\n|\r")


@dataclass(frozen=True, slots=True)
class Message:
    """One dispatched event; `last_id` is the newest id so far, which may be an earlier event's."""

    event: str
    data: str
    last_id: str


class Parser:
    """One connection's stream; what is unfinished when it breaks is no event.

    Args:
        last_id: the one that the connection before ended with.
    """

    def __init__(self, last_id: str = "") -> None:
        self.retry_ms: int | None = None
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        self._text = ""
        self._is_first = True
        self._event, self._last_id = "", last_id
        self._data: list[str] = []

    def feed(self, data: bytes) -> Iterator[Message]:
        """Take in the next bytes; yield what they complete."""
        self._text += self._decoder.decode(data)
        if self._is_first and self._text:
            self._text, self._is_first = self._text.removeprefix("\ufeff"), False
        for line in self._whole_lines():
            if line:
                self._field(line)
                continue
            if self._data:
                yield Message(self._event or "message", "\n".join(self._data), self._last_id)
            self._event, self._data = "", []

    def _whole_lines(self) -> list[str]:
        text, held_back = self._text, ""
        if text.endswith("\r"):  # half of a \r\n, maybe
            text, held_back = text[:-1], "\r"
        *lines, rest = _LINE_END.split(text)
        self._text = rest + held_back
        return lines

    def _field(self, line: str) -> None:
        name, _, value = line.partition(":")  # a comment has an empty name
        value = value.removeprefix(" ")
        if name == "data":
            self._data.append(value)
        elif name == "event":
            self._event = value
        elif name == "id" and "\0" not in value:
            self._last_id = value
        elif name == "retry" and value.isascii() and value.isdigit():
            self.retry_ms = int(value)
