"""JSON answers: UTF-8, compact, keys in the order of the contract."""

from __future__ import annotations

import json
from hashlib import blake2b
from typing import Any

from flask import Response, request


def encode(body: Any) -> bytes:
    """Return `body` as the bytes that go out."""
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


def answer(body: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """Return a JSON answer."""
    return Response(encode(body), status, headers, mimetype="application/json")


def unless_known(response: Response) -> Response:
    """Answer 304 to who has these very bytes already.

    The tag is of the bytes: what is told changes without an event, too.
    """
    response.set_etag(blake2b(response.get_data(), digest_size=12).hexdigest())
    response.make_conditional(request)
    return response
