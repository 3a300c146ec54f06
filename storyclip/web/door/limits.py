"""How much one user may ask: how fast, how dear, and how much at once."""

from __future__ import annotations

import math
import time

from flask import Flask, Response, g, request

from storyclip.web.door.browser import READS
from storyclip.web.door.buckets import BURST_S, Level
from storyclip.web.door.bulkheads import Bulkheads
from storyclip.web.door.part import door
from storyclip.web.front import front
from storyclip.web.said.problem_kinds import TOO_FAST, TOO_MANY_AT_ONCE
from storyclip.web.said.problems import Problem

WRITES, READING, STREAMS = "writes", "reads", "streams"
# What one token pays for, in ms of this process's CPU: more than the usual request takes. A list of
# a thousand batches costs as much as the thirty looks at a status that could be made instead
USUAL_MS = {WRITES: 5.0, READING: 3.0, STREAMS: 10.0}

# How long a refusal keeps the turn it was worked out in. Who asks on at once, as no client of good
# will does, is refused fifty times a second and not five hundred; their next good one waits as well
REFUSED_S = 0.02

_OPEN_STREAMS = ("live.stream", "live.ws")
_FREE = ("health.livez", "health.readyz")  # who asks this waits behind nobody
_LEVEL, _USER, _TURN, _BEGAN = "storyclip_rate", "storyclip_user", "storyclip_turn", "storyclip_cpu"


def begin(app: Flask) -> None:
    """Have the answers of the application tell how much of a bucket is left."""
    app.before_request(_begun)
    app.after_request(_told)
    app.teardown_request(_over)


def take(user_id: str, cost: float = 1) -> None:
    """Wait for the user's turn, and count the request against their bucket as so many usual ones.

    Raises:
        Problem: 429, too many of their requests wait already, or the bucket is empty: that comes
            second, or refusing would cost the others as much as answering.
    """
    if not _has_turn(f"user {user_id}"):
        _leave()  # that of the address, before anybody knew who it is
        _enter(_here(), f"user {user_id}")
    level = door().buckets.take(_kind(), user_id, cost)
    setattr(g, _LEVEL, level)
    setattr(g, _USER, user_id)
    if not level.is_enough:
        slowly()
        raise Problem(
            TOO_FAST,
            f"The bucket for {level.kind} is empty. Nothing was done; ask again"
            f" in {_whole_s(level)} s.",
        )


def as_stranger(shows: str = "nothing") -> None:
    """Wait for a turn of the address, among those who show the like: a key that may be anybody's,
    and looking for it costs; or nothing, as whoever is about to sign in.

    Raises:
        Problem: 429, too many requests from there wait already.
    """
    if g.get(_TURN) is None:
        _enter(_here(), f"{shows} from {request.remote_addr}")


def slowly() -> None:
    """Keep the request's turn for a moment: it is about to be refused, as others before it."""
    front().patience.sleep(REFUSED_S)


def wait_elsewhere() -> None:
    """Have what follows count as waiting for somebody else: it takes no turn, and few may do it.

    Raises:
        Problem: 429, as many of the user's requests do so already.
    """
    _leave()
    _enter(door().elsewhere, f"user {g.get(_USER)}")


def come_back() -> None:
    """Wait for the user's turn again: those who waited elsewhere may all be answered at once.

    Raises:
        Problem: 429, too many of their requests wait already.
    """
    _leave()
    _enter(_here(), f"user {g.get(_USER)}")


def leave() -> None:
    """Have what follows take no turn of anybody's: a stream that is let in."""
    _leave()


def _begun() -> None:
    setattr(g, _BEGAN, time.thread_time())
    is_free = request.endpoint in _FREE
    is_known = any(name in request.headers for name in ("X-Api-Key", "Authorization", "Cookie"))
    if not is_free and not is_known and "ticket" not in request.args:
        as_stranger()


def _here() -> Bulkheads:
    return door().reading if request.method in READS else door().here


def _enter(bulkheads: Bulkheads, who: str) -> None:
    if not bulkheads.enter(who):
        raise Problem(TOO_MANY_AT_ONCE)
    setattr(g, _TURN, (bulkheads, who))


def _has_turn(who: str) -> bool:
    turn: tuple[Bulkheads, str] | None = g.get(_TURN)
    return turn is not None and (turn[1] == who or turn[0] is door().elsewhere)


def _leave() -> None:
    turn: tuple[Bulkheads, str] | None = g.pop(_TURN, None)
    if turn is not None:
        bulkheads, who = turn
        bulkheads.leave(who)


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


def _over(_failure: BaseException | None) -> None:
    """Charge what the request took beyond a usual one, and give its turn back."""
    _leave()
    user_id: str | None = g.get(_USER)
    if user_id is not None:
        kind = _kind()
        took_ms = 1000 * (time.thread_time() - g.get(_BEGAN))
        if (more := int(took_ms / USUAL_MS[kind])) > 0:
            door().buckets.charge(kind, user_id, more)


def _whole_s(level: Level) -> int:
    return max(1, math.ceil(level.next_in_s))
