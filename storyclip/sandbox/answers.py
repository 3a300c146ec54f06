"""Answers as bytes, and what becomes of them on the way to the client."""

import json
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum, auto
from http import HTTPStatus
from typing import Any

from storyclip.sandbox.refusals import Refused

JSON = "application/json"  # without a charset, as the real one answers
HTML = "text/html;charset=UTF-8"
TEXT = "text/plain;charset=UTF-8"


class Wire(Enum):
    WHOLE = auto()
    DROPPED = auto()  # no answer, the connection is cut
    TRUNCATED = auto()  # half of the answer, then the connection is cut
    DRIPPING = auto()  # one byte at a time over `drip_s`
    LATER = auto()  # not handled yet: becomes the answer, in place, at `handled_at_ms`


@dataclass(slots=True, eq=False)
class Answer:
    """What is sent, and how; the time it takes is told here and spent by the front alone."""

    status: int = 200
    body: bytes = b""
    content_type: str = JSON  # "" for none
    headers: dict[str, str] = field(default_factory=dict)
    wire: Wire = Wire.WHOLE
    wait_s: float = 0.0  # sent this much later than it was made
    drip_s: float = 0.0
    handled_at_ms: int = 0
    when_handled: list[Callable[[], object]] = field(default_factory=list)  # told by `become`

    def become(self, other: "Answer") -> None:
        """Take everything of `other`, for whoever holds this one already."""
        self.status, self.body, self.content_type = other.status, other.body, other.content_type
        self.headers, self.wire = other.headers, other.wire
        self.wait_s, self.drip_s = other.wait_s, other.drip_s
        for tell in self.when_handled:
            tell()


def data(value: Any, **more: Any) -> Answer:
    """The success envelope."""
    return Answer(body=encode({"data": value, **more}))


def refusal_answer(refusal: Refused) -> Answer:
    answer = Answer(refusal.status, encode(refusal.envelope()))
    if refusal.retry_after_s is not None:
        answer.headers["Retry-After"] = str(math.ceil(refusal.retry_after_s))
    return answer


def page(status: int) -> Answer:
    """What a gateway or a login form says, in HTML; a redirect leads to the login form."""
    phrase = HTTPStatus(status).phrase if status in _STATUSES else "Error"
    html = f"<!DOCTYPE html><html><head><title>{status} {phrase}</title></head><body></body></html>"
    headers = {"Location": "/login"} if 300 <= status < 400 else {}
    return Answer(status, html.encode(), HTML, headers)


def failure(status: int | None, words: str | None) -> Answer:
    """A call that fails: cut without a status, the error envelope for 4xx, else an HTML page."""
    if status is None:
        return Answer(wire=Wire.DROPPED)
    if 400 <= status < 500:
        return refusal_answer(Refused(status, "Error", words or "fault of the sandbox"))
    return page(status)


# No answer holds itself; to look for that takes a seventh of the time
encode_text = json.JSONEncoder(
    separators=(",", ":"), ensure_ascii=False, check_circular=False
).encode


def encode(value: Any) -> bytes:
    return encode_text(value).encode()


_STATUSES = frozenset(status.value for status in HTTPStatus)
