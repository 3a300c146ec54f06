"""What a stream says, message by message: both wires send it, the OpenAPI document shows it.

Clips, batches and events are in `storyclip.domain.shown`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from storyclip.domain.shown import BatchStatus, EventView, StreamEnd
from storyclip.web.said.shapes import ManyBatches

EVENT_STREAM = "text/event-stream"

DONE, STOPPING, TOO_LONG, BROKEN = 1000, 1001, 1009, 1011
BAD_CURSOR, NO_KEY, MAY_NOT, UNKNOWN_BATCH, TOO_MANY = 4400, 4401, 4403, 4404, 4429

_CLOSES = {
    DONE: "The batch has ended, or the viewer said goodbye.",
    STOPPING: "This process stops: come again after the last cursor.",
    TOO_LONG: "The viewer sent more than a stream has use for.",
    BROKEN: "Too far behind, or the database does not answer: come again after the last cursor.",
    BAD_CURSOR: "Not a cursor of this stream, or no batch id.",
    NO_KEY: "No key, or no longer a good one.",
    MAY_NOT: "The key, or the page's origin, may not watch, or no longer watch all of this.",
    UNKNOWN_BATCH: "No such batch.",
    TOO_MANY: "Too many streams, requests or wrong keys: come again later.",
}


class BatchSnapshot(BatchStatus):
    """First in the stream of one batch: the batch as it is now. Older events may follow."""

    type: Literal["snapshot"]


class BatchesSnapshot(ManyBatches):
    """First in the stream of all of the caller's batches: those that are not finished."""

    type: Literal["snapshot"]


class EventFrame(EventView):
    """An event on a WebSocket; `cursor` is what Server-Sent Events have as `id`."""

    cursor: str


SAID = (BatchSnapshot, BatchesSnapshot, EventView, EventFrame, StreamEnd)

_SNAPSHOTS = (BatchSnapshot, BatchesSnapshot)

Refs = Mapping[Any, Any]  # from a type to the schema that refers to it


def event_stream(refs: Refs) -> dict[str, Any]:
    """Return the schema of one message of Server-Sent Events, with that of its data inside."""
    snapshot = {"event": {"const": "snapshot"}, "retry": {"type": "integer", "minimum": 0}}
    cursor = {"id": {"type": "string", "minLength": 1, "description": "Resumes after it."}}
    return {
        "description": "One message; the stream is a sequence of them, with comments between.",
        "oneOf": [
            _message("The state", snapshot, _one_of(_SNAPSHOTS, refs)),
            _message("An event", cursor, refs[EventView]),
            _message("The end", {"event": {"const": "end"}}, refs[StreamEnd]),
        ],
    }


def websocket(refs: Refs) -> dict[str, Any]:
    """Return what OpenAPI has no word for: what is said after the 101, and how it is closed."""
    return {
        "description": "Text frames of JSON, one message each; what a viewer says is not read.",
        "messages": _one_of((*_SNAPSHOTS, EventFrame), refs),
        "closes": {str(code): says for code, says in _CLOSES.items()},
    }


def _message(title: str, fields: dict[str, Any], data: Any) -> dict[str, Any]:
    said = {"type": "string", "contentMediaType": "application/json", "contentSchema": data}
    properties = {**fields, "data": said}
    return {"title": title, "type": "object", "required": [*properties], "properties": properties}


def _one_of(views: tuple[Any, ...], refs: Refs) -> dict[str, Any]:
    return {"oneOf": [refs[view] for view in views]}
