"""JSON answers: UTF-8, compact, keys in the order of the contract."""

from __future__ import annotations

import json
from typing import Any

from flask import Response


def encode(body: Any) -> bytes:
    """Return `body` as the bytes that go out."""
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


def answer(body: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """Return a JSON answer."""
    return Response(encode(body), status, headers, mimetype="application/json")
