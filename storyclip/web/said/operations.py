"""What each route takes and answers: the table behind the OpenAPI document.

A route that is missing here is missing in the document, and a test says so.
"""

from __future__ import annotations

from storyclip.domain.shown import BatchStatus
from storyclip.web.said import account_shapes, audit_shapes, shapes
from storyclip.web.said.bodies import SignIn, StoriesRequest
from storyclip.web.said.file_operations import FILES
from storyclip.web.said.messages import EVENT_STREAM
from storyclip.web.said.operation import (
    API,
    AT_THE_DOOR,
    HTML,
    KEY_OR_TICKET,
    PLAIN,
)
from storyclip.web.said.operation import (
    Answer as Answer,
)
from storyclip.web.said.operation import (
    Operation as Operation,
)
from storyclip.web.said.people_operations import PEOPLE
from storyclip.web.said.queries import (
    AuditAsked,
    BestTimesAsked,
    Listing,
    OfBatch,
    PageAsked,
    Resuming,
    Retrying,
    Running,
    SignInLink,
    Watching,
)
from storyclip.web.said.recovering import Recovering

_ACTIVE = Operation(
    "The caller's batches that are not finished, newest first",
    {200: shapes.ActiveBatches},
    (422,),
    Running,
    told=("Link",),
)
_READY = Operation("Whether database and Redis answer", {200: shapes.Ready}, (503,), security=[])


def _action(summary: str, answer: type[shapes.Acted], query: type[OfBatch] = OfBatch) -> Operation:
    return Operation(summary, {200: answer}, (400, 404, 409, 413, 415, 422, 502), query)


OPERATIONS: dict[tuple[str, str], Operation] = {
    ("POST", f"{API}/publish/stories"): Operation(
        "Publish a sequence of clips",
        {202: shapes.Created},
        (400, 409, 413, 415, 422, 502),
        headers=("Idempotency-Key",),
        body=StoriesRequest,
        told=("Location", "Warning"),
    ),
    ("GET", f"{API}/status"): Operation(
        "A batch with all its clips",
        {200: BatchStatus, 304: None},
        (404, 422),
        OfBatch,
        headers=("If-None-Match",),
        told=("ETag",),
    ),
    ("GET", f"{API}/reconcile/<batch_id>"): Operation(
        "Look in Metricool now at what is open of a batch, and show it with all its clips",
        {200: BatchStatus},
        (404,),
    ),
    ("GET", f"{API}/batch/<batch_id>"): Operation(
        "A batch by its id, with its clips", {200: shapes.OneBatch}, (404,)
    ),
    ("GET", f"{API}/batch/user-active"): _ACTIVE,
    ("GET", f"{API}/batches/active"): _ACTIVE,
    ("GET", f"{API}/batches"): Operation(
        "The caller's batches, an administrator's key everybody's, newest first",
        {200: shapes.ManyBatches},
        (422,),
        Listing,
        told=("Link",),
    ),
    ("POST", f"{API}/pause"): _action("Send nothing more until it is resumed", shapes.Paused),
    ("POST", f"{API}/resume"): _action("Go on with a paused batch", shapes.Acted, Resuming),
    ("POST", f"{API}/cancel"): _action("Withdraw what is not out yet", shapes.Cancelled),
    ("POST", f"{API}/retry-failed"): _action("Try failed clips again", shapes.Again, Retrying),
    ("GET", f"{API}/recover"): Operation(
        "Accounts that wait for a word on whose some stories are", {200: shapes.HeldLanes}
    ),
    ("POST", f"{API}/recover"): Operation(
        "Say whose the stories are that no row knows",
        {200: shapes.Recovered},
        (400, 404, 413, 415, 422),
        body=Recovering,
    ),
    ("GET", f"{API}/stream"): Operation(
        "Progress as Server-Sent Events",
        {200: EVENT_STREAM},
        (400, 404, 422),
        Watching,
        headers=("Last-Event-ID",),
        security=KEY_OR_TICKET,
    ),
    ("GET", f"{API}/ws"): Operation(
        "Progress as JSON text frames of a WebSocket",
        {101: None},
        (400, 404, 422),
        Watching,
        headers=("Last-Event-ID",),
        security=KEY_OR_TICKET,
    ),
    ("POST", f"{API}/stream-ticket"): Operation(
        "A short-lived ticket for the two streams", {200: shapes.Ticket}, (415,)
    ),
    **FILES,
    ("GET", f"{API}/brands"): Operation(
        "The accounts that the key may publish for", {200: account_shapes.Brands}, (502,)
    ),
    ("GET", f"{API}/best-times"): Operation(
        "When an account's followers look",
        {200: account_shapes.BestTimes},
        (404, 422, 502),
        BestTimesAsked,
    ),
    ("GET", f"{API}/admin/audit"): Operation(
        "Who did what, and who was refused, the newest first; for administrators",
        {200: audit_shapes.AuditEntries},
        (422,),
        AuditAsked,
        told=("Link",),
    ),
    ("POST", "/session"): Operation(
        "Begin a session of the page with a key",
        {200: shapes.SessionShape},
        AT_THE_DOOR,
        body=SignIn,
        security=[],
    ),
    ("GET", "/session"): Operation("Who is signed in", {200: shapes.SessionShape}),
    ("DELETE", "/session"): Operation("End the session", {204: None}, (403, 415, 503), security=[]),
    **PEOPLE,
    ("GET", "/signin"): Operation(
        "Begin a session by a link that works once",
        {303: None},
        (401, 403, 429, 503),
        SignInLink,
        told=("Location",),
        security=[],
    ),
    ("GET", "/livez"): Operation("Whether the process lives", {200: shapes.Alive}, security=[]),
    ("GET", "/readyz"): _READY,
    ("GET", "/healthz"): _READY,
    ("GET", "/metrics"): Operation(
        "Figures for Prometheus", {200: PLAIN}, (401, 403, 503), security=[]
    ),
    ("GET", "/openapi.json"): Operation(
        "This document",
        {200: shapes.Document, 304: None},
        headers=("If-None-Match",),
        told=("ETag",),
        security=[],
    ),
    ("GET", "/docs"): Operation("This document, to read and try", {200: HTML}, security=[]),
    ("GET", "/"): Operation(
        "The page",
        {200: HTML, 303: HTML, 503: HTML},
        query=PageAsked,
        told=("RateLimit", "RateLimit-Policy", "Retry-After"),
        security=[],
    ),
}
