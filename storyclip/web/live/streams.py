"""Watching live: Server-Sent Events and WebSocket, two wires on one iterator."""

from __future__ import annotations

import contextlib
import socket
from collections import deque
from collections.abc import Iterator
from functools import partial
from typing import Any

from flask import Blueprint, Response, request
from flask_sock import Sock

from storyclip.domain import errors
from storyclip.domain.holder import Scope
from storyclip.progress.cursor import CursorInvalid
from storyclip.progress.follow import follow
from storyclip.progress.hub import Hub
from storyclip.progress.outbox import Outbox
from storyclip.progress.viewer import Viewer, Wire
from storyclip.store.access import tickets
from storyclip.store.access.keys import Holder
from storyclip.web.door import auth, browser, entries, limits
from storyclip.web.front import front
from storyclip.web.live import sockets, wires
from storyclip.web.live.part import Live, live
from storyclip.web.live.places import Place, place_asked_for
from storyclip.web.said import messages, problem_kinds
from storyclip.web.said.answers import answer
from storyclip.web.said.problems import Problem
from storyclip.web.said.shapes import Ticket

routes = Blueprint("live", __name__, url_prefix="/api/metricool")
sock = Sock()

_CLOSING = (
    (problem_kinds.NO_KEY, messages.NO_KEY),
    (problem_kinds.SCOPE_MISSING, messages.MAY_NOT),
    (problem_kinds.ORIGIN_REFUSED, messages.MAY_NOT),
    (problem_kinds.TOO_MANY_STREAMS, messages.TOO_MANY),
    (problem_kinds.TOO_MANY_TRIES, messages.TOO_MANY),
    (problem_kinds.TOO_FAST, messages.TOO_MANY),
    (problem_kinds.STOPPING, messages.STOPPING),
)


@routes.get("/stream")
def stream() -> Response:
    """Show a batch, or all of the caller's, as Server-Sent Events."""
    if request.method == "HEAD":
        auth.viewer()
        return Response(mimetype=messages.EVENT_STREAM)
    who, place = _let_in()
    line = sockets.plain_socket(request.environ)
    outbox = Outbox(line)
    is_chunked = line is not None and request.environ.get("SERVER_PROTOCOL") == "HTTP/1.1"
    wire = wires.CHUNKED if is_chunked else wires.PLAIN
    pieces = _pieces(live().hub, who, place, wire, outbox)
    del place  # a whole status, which would live as long as the stream
    body = pieces if line is None else _past_the_server(pieces, line)
    response = Response(body, mimetype=messages.EVENT_STREAM, headers={"X-Accel-Buffering": "no"})
    response.call_on_close(partial(_leave, live(), who.user_id, line))
    if line is not None:
        sockets.prepare(line)
        live().lookout.watch(line, outbox)
    return response


@sock.route("/ws", bp=routes)  # type: ignore[untyped-decorator]
def ws(server: Any) -> None:
    """Show the same as JSON text frames."""
    tap: sockets.Tap = server.sock
    server.input_buffer = deque(maxlen=1)  # whatever a viewer says is not kept
    try:
        who, place = _let_in()
    except (Problem, CursorInvalid, errors.StoryClipError) as refusal:
        entries.keep(refusal)
        tap.finish(*_closing(refusal))
        return
    outbox = tap.begin()
    try:
        with contextlib.suppress(OSError):  # it has hung up
            pieces = _pieces(live().hub, who, place, wires.FRAMES, outbox)
            del place  # as above
            for data in pieces:
                if data:
                    tap.write(data)
        tap.finish()
    finally:
        live().seats.give(who.user_id)


@routes.post("/stream-ticket")
def stream_ticket() -> Response:
    """Give a browser what it can show where it cannot send a key."""
    who = auth.holder(Scope.READ)
    ticket = tickets.issue(who.badge, front().now())
    shown: Ticket = {"ticket": ticket, "expiresInS": int(tickets.GOOD_FOR.total_seconds())}
    return answer(shown)


@routes.before_request
def _websocket_prepared() -> None:
    """Refuse a page of another origin, and put our tap where the WebSocket expects its socket."""
    if not request.environ.get("HTTP_UPGRADE") or request.endpoint != "live.ws":
        return
    origin = request.headers.get("Origin")
    if origin is not None and not browser.is_allowed(origin):
        raise Problem(problem_kinds.ORIGIN_REFUSED)
    request.environ.pop("HTTP_SEC_WEBSOCKET_EXTENSIONS", None)  # a compressor takes 250 kB each
    for name in sockets.SOCKET_KEYS:
        if name in request.environ:
            request.environ[name] = sockets.Tap(sockets.itself(request.environ[name]))


def _let_in() -> tuple[Holder, Place]:
    """Return who comes and where their stream begins; a seat is taken for them.

    Raises:
        Problem: no key, no seat, or this process stops.
        CursorInvalid, StoryClipError: as `place_asked_for`.
    """
    here = live()
    if here.hub.stopped.is_set():
        raise Problem(problem_kinds.STOPPING)
    with here.hub.readers:
        who = auth.viewer()
        place = place_asked_for(who)
    if not here.seats.take(who.user_id):
        raise Problem(problem_kinds.TOO_MANY_STREAMS)
    limits.leave()
    return who, place


def _pieces(hub: Hub, who: Holder, place: Place, wire: Wire, outbox: Outbox) -> Iterator[bytes]:
    viewer = Viewer(wire, outbox, place.cursor, place.shows, who.badge)
    return follow(hub, viewer, wire.snapshot(place.snapshot), place.has_ended)


def _past_the_server(pieces: Iterator[bytes], line: socket.socket) -> Iterator[bytes]:
    """Have the server write its headers and the state, then write by ourselves as the hub does."""
    yield next(pieces)
    try:
        for data in pieces:
            line.sendall(data)
    except OSError:
        sockets.hang_up(line)  # the server's own last bytes must not wait for nobody


def _leave(here: Live, user_id: str, line: socket.socket | None) -> None:
    here.seats.give(user_id)
    if line is not None:
        here.lookout.forget(line)
        sockets.hang_up(line)


def _closing(refusal: Exception) -> tuple[int, str]:
    if isinstance(refusal, Problem):
        return next(
            ((code, kind.title) for kind, code in _CLOSING if kind.code == refusal.kind.code),
            (messages.BROKEN, refusal.kind.title),
        )
    if isinstance(refusal, errors.NotFound):
        return messages.UNKNOWN_BATCH, "no such batch"
    if isinstance(refusal, CursorInvalid | errors.RequestInvalid):
        return messages.BAD_CURSOR, str(refusal)
    return messages.BROKEN, "ask again later"
