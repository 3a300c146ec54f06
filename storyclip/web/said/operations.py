"""What each route takes and answers: the table behind the OpenAPI document.

A route that is missing here is missing in the document, and a test says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel

from storyclip.domain.batch import Status
from storyclip.web.said import shapes
from storyclip.web.said.bodies import SignIn, StoriesRequest
from storyclip.web.said.queries import MAX_LIMIT, USUAL_LIMIT

API = "/api/metricool"
HTML, PLAIN, EVENTS = "text/html", "text/plain", "text/event-stream"

Security = list[dict[str, list[str]]]
KEY: Security = [{"key": []}, {"bearer": []}, {"session": []}]
KEY_OR_TICKET: Security = [*KEY, {"ticket": []}]

Parameter = Mapping[str, Any]
# A model for JSON, a media type for anything else, None for no body.
Answer = type[BaseModel] | str | None


@dataclass(frozen=True, slots=True)
class Operation:
    """One verb of one route; `refusals` are the statuses of the problems it answers with."""

    summary: str
    answers: Mapping[int, Answer]
    refusals: tuple[int, ...] = ()
    parameters: tuple[Parameter, ...] = ()
    body: type[BaseModel] | None = None
    security: Security = field(default_factory=lambda: KEY)

    def statuses(self) -> tuple[int, ...]:
        """Return the statuses of all problems, those of a key included."""
        keyed = (401, 403, 429, 503) if self.security else ()
        return tuple(sorted({*self.refusals, *keyed, 500}))


def _in(place: str, name: str, schema: Mapping[str, Any], says: str, **more: Any) -> Parameter:
    return {"in": place, "name": name, "schema": schema, "description": says, **more}


_TEXT = {"type": "string"}
_BATCH = _in("query", "batchId", _TEXT, "The batch.", required=True)
_MAYBE_BATCH = _in(
    "query", "batchId", _TEXT, "The batch; without it all of the caller's active ones."
)
_STREAM = (
    _MAYBE_BATCH,
    _in("query", "after", _TEXT, "The cursor after which to go on."),
    _in("header", "Last-Event-ID", _TEXT, "The same, as browsers send it; it goes first."),
)
_PAGE = (
    _in(
        "query",
        "limit",
        {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": USUAL_LIMIT},
        "Batches a page.",
    ),
    _in("query", "cursor", _TEXT, "From the `Link` header of the page before."),
    _in("query", "status", {"type": "string", "enum": list(Status)}, "Only these."),
    _in("query", "userId", _TEXT, "Whose, for keys with the scope `admin`."),
)
_IDEMPOTENCY_KEY = _in(
    "header",
    "Idempotency-Key",
    {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
    "The client's own name for this request: a repeat gets the first answer again.",
)
_BEST = (
    _in("query", "accountId", _TEXT, "The account.", required=True),
    _in("query", "network", {"type": "string", "enum": ["facebook", "instagram"]}, "The network."),
    _in("query", "timezone", _TEXT, "Such as Europe/Madrid."),
)
_CONFIRM_ORDER = _in(
    "query", "confirmOrder", {"type": "boolean"}, "It may come after later clips of its batch."
)
_ACTIVE = Operation("The caller's batches that are not finished", {200: shapes.ManyBatches})
_READY = Operation("Whether database and Redis answer", {200: shapes.Ready}, (503,), security=[])


def _action(summary: str, *parameters: Parameter) -> Operation:
    return Operation(
        summary, {200: shapes.OneBatch}, (400, 404, 409, 413, 415, 422, 502), (_BATCH, *parameters)
    )


OPERATIONS: dict[tuple[str, str], Operation] = {
    ("POST", f"{API}/publish/stories"): Operation(
        "Publish a sequence of clips",
        {202: shapes.Created},
        (400, 409, 413, 415, 422, 502),
        (_IDEMPOTENCY_KEY,),
        StoriesRequest,
    ),
    ("GET", f"{API}/status"): Operation(
        "A batch with all its clips",
        {200: shapes.BatchStatus, 304: None},
        (404, 422),
        (_BATCH, _in("header", "If-None-Match", _TEXT, "The `ETag` of what is known already.")),
    ),
    ("GET", f"{API}/batch/<batch_id>"): Operation(
        "A batch without its clips", {200: shapes.OneBatch}, (404,)
    ),
    ("GET", f"{API}/batch/user-active"): _ACTIVE,
    ("GET", f"{API}/batches/active"): _ACTIVE,
    ("GET", f"{API}/batches"): Operation(
        "The caller's batches, an administrator's key everybody's, newest first",
        {200: shapes.ManyBatches},
        (422,),
        _PAGE,
    ),
    ("POST", f"{API}/pause"): _action("Send nothing more until it is resumed"),
    ("POST", f"{API}/resume"): _action("Go on with a paused batch", _CONFIRM_ORDER),
    ("POST", f"{API}/cancel"): _action("Withdraw what is not out yet"),
    ("POST", f"{API}/retry-failed"): _action(
        "Try failed clips again",
        _in("query", "clip", {"type": "integer", "minimum": 1}, "Only this clip."),
        _CONFIRM_ORDER,
        _in(
            "query",
            "confirmAbsent",
            {"type": "boolean"},
            "You have looked at the account: it is neither out nor pending in Metricool.",
        ),
    ),
    ("GET", f"{API}/stream"): Operation(
        "Progress as Server-Sent Events",
        {200: EVENTS},
        (400, 404, 422),
        _STREAM,
        None,
        KEY_OR_TICKET,
    ),
    ("GET", f"{API}/ws"): Operation(
        "Progress as JSON text frames of a WebSocket",
        {101: None},
        (400, 404, 422),
        _STREAM,
        None,
        KEY_OR_TICKET,
    ),
    ("POST", f"{API}/stream-ticket"): Operation(
        "A short-lived ticket for the two streams", {200: shapes.Ticket}, (415,)
    ),
    ("GET", f"{API}/brands"): Operation(
        "The accounts that the key may publish for", {200: shapes.Brands}, (502,)
    ),
    ("GET", f"{API}/best-times"): Operation(
        "When an account's followers look", {200: shapes.BestTimes}, (404, 422, 502), _BEST
    ),
    ("POST", "/session"): Operation(
        "Begin a session of the page with a key",
        {200: shapes.SessionShape},
        (400, 401, 403, 413, 415, 422, 429, 503),
        (),
        SignIn,
        [],
    ),
    ("GET", "/session"): Operation("Who is signed in", {200: shapes.SessionShape}),
    ("DELETE", "/session"): Operation("End the session", {204: None}, (403, 415, 503), security=[]),
    ("GET", "/signin"): Operation(
        "Begin a session by a link that works once",
        {303: None},
        (401, 429, 503),
        (_in("query", "token", _TEXT, "From the link."),),
        None,
        [],
    ),
    ("GET", "/livez"): Operation("Whether the process lives", {200: shapes.Alive}, security=[]),
    ("GET", "/readyz"): _READY,
    ("GET", "/healthz"): _READY,
    ("GET", "/metrics"): Operation(
        "Figures for Prometheus", {200: PLAIN}, (401, 403, 503), security=[]
    ),
    ("GET", "/openapi.json"): Operation(
        "This document", {200: shapes.Shape, 304: None}, security=[]
    ),
    ("GET", "/docs"): Operation("This document, to read and try", {200: HTML}, security=[]),
    ("GET", "/"): Operation("The page", {200: HTML}, security=[]),
}
