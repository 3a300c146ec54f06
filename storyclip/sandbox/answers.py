"""Answers as bytes, and the ways an answer can go wrong on the wire."""

import asyncio
import json
import math
from dataclasses import dataclass, field
from enum import Enum, auto
from http import HTTPStatus
from typing import Any

from aiohttp import web

from storyclip.sandbox.refusals import Refused

JSON = "application/json"  # without a charset, as the real one answers
HTML = "text/html;charset=UTF-8"
TEXT = "text/plain;charset=UTF-8"


class Wire(Enum):
    WHOLE = auto()
    DROPPED = auto()  # no answer, the connection is cut
    TRUNCATED = auto()  # half of the answer, then the connection is cut
    DRIPPING = auto()  # one byte at a time over `seconds`


@dataclass(slots=True)
class Answer:
    status: int = 200
    body: bytes = b""
    content_type: str = JSON
    headers: dict[str, str] = field(default_factory=dict)
    wire: Wire = Wire.WHOLE
    seconds: float = 0.0


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


async def send(request: web.BaseRequest, answer: Answer, date: str) -> web.StreamResponse:
    """Put an answer on the wire; `date` is the `Date` header."""
    headers = {"Content-Type": answer.content_type, "Date": date, **answer.headers}
    if answer.wire is Wire.WHOLE:
        return web.Response(status=answer.status, body=answer.body, headers=headers)
    if answer.wire is Wire.DROPPED:
        if request.transport is not None:
            request.transport.abort()
        return web.Response()
    return await _send_in_parts(request, answer, headers)


async def _send_in_parts(
    request: web.BaseRequest, answer: Answer, headers: dict[str, str]
) -> web.StreamResponse:
    response = web.StreamResponse(status=answer.status, headers=headers)
    response.content_length = len(answer.body)
    try:
        await response.prepare(request)
        if answer.wire is Wire.TRUNCATED:
            await response.write(answer.body[: len(answer.body) // 2])
            if request.transport is not None:
                request.transport.close()
            return response
        for position in range(len(answer.body)):
            await response.write(answer.body[position : position + 1])
            await asyncio.sleep(answer.seconds / len(answer.body))
    except ConnectionError:
        pass  # the client would not wait; what it asked for is done all the same
    return response


encode_text = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False).encode


def encode(value: Any) -> bytes:
    return encode_text(value).encode()


_STATUSES = frozenset(status.value for status in HTTPStatus)
