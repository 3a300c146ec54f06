"""How much one user may ask: how fast, how dear, and how much at once."""

from __future__ import annotations

import math
import time

from flask import Flask, Response, g, request

from storyclip.web.door import credentials
from storyclip.web.door.browser import READS
from storyclip.web.door.buckets import BURST_S, Level
from storyclip.web.door.bulkheads import Bulkheads
from storyclip.web.door.credentials import Shown
from storyclip.web.door.part import door
from storyclip.web.door.shares import FOR_NOTHING
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

# How long who is one too many waits for being told so; a line that asks on is no quicker than that
CROWDED_S = 1.0

CLIENT_ERROR = 4  # the first digit of such a status
LOOK_PAUSES_S = 0.03  # in its turn, for others: with two turns, sixty a second from an address
UNSEEN_S = 0.0005  # of CPU: what a request takes before the application has it, and afterwards

_OPEN_STREAMS = ("live.stream", "live.ws")
_FREE = ("health.livez", "health.readyz")  # who asks this waits a moment at most
_LEVEL, _USER, _TURN, _BEGAN = "storyclip_rate", "storyclip_user", "storyclip_turn", "storyclip_cpu"
_PAYS, _REFUSED = "storyclip_pays", "storyclip_refused"


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
        _enter_as_user(user_id)
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


def as_stranger(shows: Shown) -> None:
    """Wait for a turn of the address, among those who show the like: a key that may be anybody's,
    and looking for it costs; or nothing, as whoever is about to sign in.

    Raises:
        Problem: 429, too many requests from there wait already.
    """
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
    _enter(door().elsewhere, g.get(_PAYS))


def come_back() -> None:
    """Wait for the user's turn again: those who waited elsewhere may all be answered at once.

    Raises:
        Problem: 429, too many of their requests wait already.
    """
    _leave()
    _enter(_here(), g.get(_PAYS))


def leave() -> None:
    """Have what follows take no turn of anybody's, and cost nobody's share: a stream that is let
    in, a file that arrives.
    """
    _pay(_took_s())
    _leave()


def _begun() -> None:
    setattr(g, _BEGAN, time.thread_time())
    shows, word = credentials.shown()
    user_id = door().guesses.whose(word) if word else None
    if request.endpoint in _FREE:
        _as_one_who_looks_after_us()
    elif user_id is not None:
        _enter_as_user(user_id)
    else:
        as_stranger(shows)


def _enter_as_user(user_id: str) -> None:
    door().shares.asks(f"user {user_id}")
    opens_stream = request.endpoint in _OPEN_STREAMS
    _enter(door().opening if opens_stream else _here(), f"user {user_id}")


def _as_one_who_looks_after_us() -> None:
    """Take a turn where one comes soon, else none: a look may hang where the database does.

    They pay all the same. Sixteen at once were sixteen threads that wanted the interpreter.
    """
    who = f"a look from {request.remote_addr}"
    setattr(g, _PAYS, who)
    if door().looks.enter(who):
        setattr(g, _TURN, (door().looks, who))
    _let_others_go_first(who, LOOK_PAUSES_S)


def _here() -> Bulkheads:
    return door().reading if request.method in READS else door().here


def _enter(bulkheads: Bulkheads, who: str) -> None:
    setattr(g, _PAYS, who)
    if not bulkheads.enter(who):
        _crowd()
        raise Problem(TOO_MANY_AT_ONCE)
    setattr(g, _TURN, (bulkheads, who))
    _let_others_go_first(who)


def _crowd() -> None:
    """Keep who is one too many for a while, without a turn and without the interpreter.

    A hundred threads that each want to be refused at once are a hundred that want it.
    """
    if door().crowd.acquire(blocking=False):
        try:
            front().patience.sleep(CROWDED_S)
        finally:
            door().crowd.release()


def _let_others_go_first(who: str, at_most_s: float = math.inf) -> None:
    if (wait_s := door().shares.wait_s(who)) > 0:
        front().patience.sleep(min(wait_s, at_most_s))


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
    setattr(g, _REFUSED, response.status_code // 100 == CLIENT_ERROR)
    level: Level | None = g.get(_LEVEL)
    if level is not None:
        response.headers["RateLimit-Policy"] = f'"{level.kind}";q={level.size};w={BURST_S}'
        response.headers["RateLimit"] = f'"{level.kind}";r={level.left};t={_whole_s(level)}'
        if not level.is_enough:
            response.headers["Retry-After"] = str(_whole_s(level))
    return response


def _over(_failure: BaseException | None) -> None:
    """Charge what the request took beyond a usual one, and give its turn back."""
    took_s = _took_s()
    _pay(took_s)
    _leave()
    user_id: str | None = g.get(_USER)
    if user_id is not None:
        kind = _kind()
        took_ms = 1000 * took_s
        if (more := int(took_ms / USUAL_MS[kind])) > 0:
            door().buckets.charge(kind, user_id, more)


def _took_s() -> float:
    took_s: float = time.thread_time() - g.get(_BEGAN)
    return took_s


def _pay(took_s: float) -> None:
    if (who := g.pop(_PAYS, None)) is not None:
        is_for_nothing = g.get(_REFUSED, False) or request.endpoint in _FREE
        door().shares.spend(who, took_s + UNSEEN_S, FOR_NOTHING if is_for_nothing else 1)


def _whole_s(level: Level) -> int:
    return max(1, math.ceil(level.next_in_s))
