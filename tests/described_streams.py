"""Compares every event that the suite writes, and every message of every stream, with the document.

What an event is like is looked at where it is written; what a viewer gets, where a published client
or Flask's own takes it in, be the server in this process or another.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import httpx_sse
import pytest
import requests
from flask.testing import FlaskClient
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection

from storyclip.domain import views
from storyclip.store.history import events
from tests.described import EVENTS, faults, operation_of

STREAM, WS = "/api/metricool/stream", "/api/metricool/ws"
EVENT_SCHEMA = {"$ref": "#/components/schemas/EventView"}
NEVER_SENT = 1006  # the code of a line that broke without a closing frame

Tell = Callable[[str], None]


def watch(patch: pytest.MonkeyPatch, tell: Tell) -> None:
    """Look at all events and messages; `tell` what the document does not have."""
    _watch_what_is_written(patch, tell)
    _watch_http(patch, tell)
    _watch_websockets(patch, tell)


def _watch_what_is_written(patch: pytest.MonkeyPatch, tell: Tell) -> None:
    view = views.event_view

    def watched_view(*facts: Any) -> Any:
        event = view(*facts)
        for fault in faults(EVENT_SCHEMA, json.dumps(event)):
            tell(f"an event that is written: {fault}")
        return event

    patch.setattr(events, "event_view", watched_view)


def _watch_http(patch: pytest.MonkeyPatch, tell: Tell) -> None:
    iterate, open_, send = httpx_sse.EventSource.iter_sse, FlaskClient.open, requests.Session.send

    def watched_open(client: Any, *asked: Any, **how: Any) -> Any:
        answer = open_(client, *asked, **how)
        if answer.mimetype == EVENTS:
            patched: Any = answer
            patched.response = Watched(patched.response, tell)
        return answer

    def watched_send(session: Any, request: Any, **how: Any) -> requests.Response:
        answer = send(session, request, **how)
        if answer.headers.get("Content-Type", "").startswith(EVENTS):
            pieces = answer.iter_content
            patched: Any = answer
            patched.iter_content = lambda *size, **named: Watched(pieces(*size, **named), tell)
        return answer

    def watched_iterate(source: httpx_sse.EventSource) -> Iterator[httpx_sse.ServerSentEvent]:
        for message in iterate(source):
            said = {"event": message.event, "data": message.data}
            if message.event == "message":
                said = {"id": message.id, "data": message.data}  # else the one before it
            retry = {} if message.retry is None else {"retry": message.retry}
            for fault in message_faults(said | retry):
                tell(f"a message of a stream: {fault}")
            yield message

    patch.setattr(FlaskClient, "open", watched_open)
    patch.setattr(requests.Session, "send", watched_send)
    patch.setattr(httpx_sse.EventSource, "iter_sse", watched_iterate)


def _watch_websockets(patch: pytest.MonkeyPatch, tell: Tell) -> None:
    receive = ClientConnection.recv

    def watched_receive(line: ClientConnection, *how: Any, **named: Any) -> Any:
        is_ours = line.request is not None and line.request.path.startswith(WS)
        try:
            message = receive(line, *how, **named)
        except ConnectionClosed:
            if is_ours:
                for fault in closing_faults(line.close_code):
                    tell(f"the end of a WebSocket: {fault}")
            raise
        if is_ours:
            for fault in faults(_websocket()["messages"], message):
                tell(f"a WebSocket's frame: {fault}")
        return message

    patch.setattr(ClientConnection, "recv", watched_receive)


class Watched:
    """The pieces of a stream on their way to its reader, with an eye on each message."""

    def __init__(self, pieces: Iterable[bytes], tell: Tell) -> None:
        self._pieces, self._tell = pieces, tell

    def __iter__(self) -> Iterator[bytes]:
        text = b""
        for piece in self._pieces:
            *blocks, text = (text + piece).split(b"\n\n")
            for block in blocks:
                for fault in message_faults(_fields(block.decode())):
                    self._tell(f"a message of a stream: {fault}")
            yield piece

    def close(self) -> None:
        if (close := getattr(self._pieces, "close", None)) is not None:
            close()


def message_faults(said: dict[str, Any]) -> Iterator[str]:
    """Yield what a message of Server-Sent Events has and the document has not, or the reverse."""
    operation = operation_of("GET", STREAM)
    assert operation is not None
    kinds = operation["responses"]["200"]["content"][EVENTS]["schema"]["oneOf"]
    by_event = {kind["properties"].get("event", {}).get("const"): kind for kind in kinds}
    kind = by_event.get(said.get("event"))
    if kind is None:
        yield f"the event {said.get('event')!r} is not described"
        return
    yield from faults(kind, json.dumps(said))
    if "data" in said:
        yield from faults(kind["properties"]["data"]["contentSchema"], said["data"])


def closing_faults(code: int | None) -> Iterator[str]:
    """Yield an objection to a code of a closing frame that the document does not have."""
    if code is not None and code != NEVER_SENT and str(code) not in _websocket()["closes"]:
        yield f"the code {code} is not described"


def _websocket() -> dict[str, Any]:
    operation = operation_of("GET", WS)
    assert operation is not None
    found: dict[str, Any] = operation["x-websocket"]
    return found


def _fields(block: str) -> dict[str, Any]:
    lines = [line for line in block.splitlines() if line and not line.startswith(":")]
    said: dict[str, Any] = dict(line.split(": ", 1) for line in lines)
    return said | ({"retry": int(said["retry"])} if "retry" in said else {})
