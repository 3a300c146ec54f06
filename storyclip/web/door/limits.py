"""How fast one key may write, read and open streams."""

from __future__ import annotations

import math

from flask import Flask, Response, g, request

from storyclip.web.door.browser import READS
from storyclip.web.door.buckets import BURST_S, Level
from storyclip.web.door.part import door
from storyclip.web.said.problem_kinds import TOO_FAST
from storyclip.web.said.problems import Problem

WRITES, READING, STREAMS = "writes", "reads", "streams"

_OPEN_STREAMS = ("live.stream", "live.ws")
_LEVEL = "storyclip_rate"


def begin(app: Flask) -> None:
    """Have the answers of the application tell how much of a bucket is left."""
    app.after_request(_told)


def take(key_id: str, cost: float = 1) -> None:
    """Count the request against the key's bucket, as so many of the usual ones.

    Raises:
        Problem: 429, the bucket is empty.
    """
    level = door().buckets.take(_kind(), key_id, cost)
    setattr(g, _LEVEL, level)
    if not level.is_enough:
        raise Problem(
            TOO_FAST,
            f"The bucket for {level.kind} is empty. Nothing was done; ask again"
            f" in {_whole_s(level)} s.",
        )


def _kind() -> str:
    if request.endpoint in _OPEN_STREAMS:
        return STREAMS
    return READING if request.method in READS else WRITES


def _told(response: Response) -> Response:
    """Say it as the IETF's draft for RateLimit headers does: what is left, and until when."""
    level: Level | None = g.get(_LEVEL)
    if level is not None:
        response.headers["RateLimit-Policy"] = f'"{level.kind}";q={level.size};w={BURST_S}'
        response.headers["RateLimit"] = f'"{level.kind}";r={level.left};t={_whole_s(level)}'
        if not level.is_enough:
            response.headers["Retry-After"] = str(_whole_s(level))
    return response


def _whole_s(level: Level) -> int:
    return max(1, math.ceil(level.next_in_s))
