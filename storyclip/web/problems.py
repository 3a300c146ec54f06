"""Everything that goes wrong, as RFC 9457 problems: one table from our errors to theirs."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

import structlog
from flask import Response
from werkzeug.exceptions import HTTPException

from storyclip.domain import errors
from storyclip.progress.cursor import CursorInvalid
from storyclip.web.answers import encode

log = structlog.get_logger("storyclip")

MAX_BYTES = 2048  # of a whole problem: fits into any log line and one packet or two
RETRY_STORE_S = 5  # a locked or restarting database is usually back by then
RETRY_UPSTREAM_S = 30


@dataclass(frozen=True, slots=True)
class Kind:
    """One sort of problem; `code` is for programs and stays, `title` is for people."""

    status: int
    code: str
    title: str
    detail: str
    headers: Mapping[str, str] = field(default_factory=dict)


class Problem(Exception):
    """What only HTTP can get wrong, or a sort of answer that needs words of its own.

    `faults` are (JSON pointer, detail) pairs; `facts` further members of the problem.
    """

    def __init__(
        self,
        kind: Kind,
        detail: str | None = None,
        faults: Iterable[tuple[str, str]] = (),
        facts: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(kind.code)
        self.kind = kind
        self.detail = detail or kind.detail
        self.faults = list(faults)
        self.facts = facts or {}


NO_KEY = Kind(
    401,
    "unauthenticated",
    "A valid API key is needed",
    "Send your key as `X-Api-Key: …` or `Authorization: Bearer …`.",
    {"WWW-Authenticate": 'Bearer realm="storyclip"'},
)
SCOPE_MISSING = Kind(403, "scope_missing", "The key may not do this", "Its scopes do not allow it.")
ACCOUNT_NOT_ALLOWED = Kind(
    403,
    "account_not_allowed",
    "The key may not use this account",
    "It is restricted to other accounts.",
)
BAD_JSON = Kind(400, "json_invalid", "The body is not usable JSON", "Expected one JSON object.")
BAD_TYPE = Kind(
    415,
    "content_type_unsupported",
    "The body is not JSON",
    "Send `Content-Type: application/json`, in UTF-8 and not compressed.",
)
BAD_IDEMPOTENCY_KEY = Kind(
    400,
    "idempotency_key_invalid",
    "The Idempotency-Key is not valid",
    "Expected 1 to 255 visible ASCII characters.",
)
NOT_READY = Kind(
    503, "not_ready", "Not ready", "Something is down.", {"Retry-After": str(RETRY_STORE_S)}
)
TOO_MANY_STREAMS = Kind(
    503,
    "too_many_streams",
    "Too many streams are open",
    "Close some, or ask for the status instead. Come again later.",
    {"Retry-After": "5"},
)
STOPPING = Kind(
    503, "stopping", "This process stops", "Come again in a moment.", {"Retry-After": "1"}
)
ORIGIN_REFUSED = Kind(
    403,
    "origin_refused",
    "Pages of this origin may not do this",
    "Those of STORYCLIP_CORS_ORIGINS may, with a key of their own.",
)
_CURSOR_INVALID = Kind(400, "cursor_invalid", "The cursor is not one of this stream", "")
_BROKEN = Kind(500, "internal", "Something went wrong here", "It is logged; ask again later.")
_UPSTREAM_FAILED = Kind(
    502, "upstream_failed", "Metricool's answer was of no use", "Ask again later."
)
_CONFLICT = Kind(409, "conflict", "Something else changed meanwhile", "Look again, then decide.")

KINDS: dict[type[errors.StoryClipError], Kind] = {
    errors.RequestInvalid: Kind(
        422, "request_invalid", "The request is not valid", "`errors` says where and why."
    ),
    errors.NotFound: Kind(404, "not_found", "Not found", "There is none, or it is not yours."),
    errors.Forbidden: SCOPE_MISSING,
    errors.IdempotencyKeyReused: Kind(
        422,
        "idempotency_key_reused",
        "The Idempotency-Key was used for another request",
        "Use a new key for a new request, and the same body for the same one.",
    ),
    errors.IdempotencyKeyBusy: Kind(
        409,
        "idempotency_key_busy",
        "The first request with this Idempotency-Key is still running",
        "Ask again in a moment.",
        {"Retry-After": "1"},
    ),
    errors.LostRace: _CONFLICT,
    errors.NotItsTurn: _CONFLICT,
    errors.StoreUnavailable: Kind(
        503,
        "store_unavailable",
        "The database cannot be used right now",
        "Nothing was recorded, nothing will be sent. Ask again later.",
        {"Retry-After": str(RETRY_STORE_S)},
    ),
    errors.UpstreamDenied: Kind(
        502, "upstream_denied", "Metricool refuses our credentials", "Reconnect Metricool."
    ),
    errors.UpstreamBusy: Kind(
        503,
        "upstream_busy",
        "Metricool asks to wait",
        "Ask again later.",
        {"Retry-After": str(RETRY_UPSTREAM_S)},
    ),
    errors.UpstreamUnreachable: Kind(
        503,
        "upstream_unreachable",
        "Metricool cannot be reached",
        "Ask again later.",
        {"Retry-After": str(RETRY_UPSTREAM_S)},
    ),
    errors.UpstreamError: _UPSTREAM_FAILED,
}


def answer_to(error: Exception) -> Response:
    """Return the problem that `error` is to the client; what nobody foresaw is logged whole."""
    if isinstance(error, Problem):
        return _answer(error)
    if isinstance(error, HTTPException):
        return _answer_to_http(error)
    if isinstance(error, CursorInvalid):
        return _answer(Problem(_CURSOR_INVALID, str(error).capitalize() + "."))
    kind = next((KINDS[cls] for cls in type(error).__mro__ if cls in KINDS), None)
    if kind is None:
        log.error("unhandled", exc_info=error)
        return _answer(Problem(_BROKEN))
    if kind.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        log.warning(kind.code, reason=str(error))
    faults: Iterable[tuple[str, str]] = ()
    if isinstance(error, errors.RequestInvalid):
        faults = error.problems
    elif kind.status == HTTPStatus.UNPROCESSABLE_ENTITY:
        faults = [("", kind.title)]  # the whole of the body, not a field of it
    answer = _answer(Problem(kind, faults=faults))
    if isinstance(error, errors.UpstreamBusy):
        answer.headers["Retry-After"] = str(max(1, math.ceil(error.retry_after_s)))
    return answer


def _answer_to_http(error: HTTPException) -> Response:
    status = HTTPStatus(error.code or 500)
    code = status.phrase.lower().replace(" ", "_").replace("-", "_")
    headers = {name: value for name, value in error.get_headers() if name != "Content-Type"}
    return _answer(Problem(Kind(status, code, status.phrase, status.description, headers)))


def _answer(problem: Problem) -> Response:
    kind = problem.kind
    body: dict[str, Any] = {
        "type": f"urn:storyclip:problem:{kind.code}",
        "title": kind.title,
        "status": int(kind.status),
        "detail": problem.detail,
        "code": kind.code,
        "error": kind.title,
        **problem.facts,
    }
    if problem.faults:
        body["errors"] = _that_fit(
            problem.faults, MAX_BYTES - len(encode(body)) - len(',"errors":[]')
        )
    return Response(
        encode(body), kind.status, dict(kind.headers), content_type="application/problem+json"
    )


def _that_fit(faults: list[tuple[str, str]], room: int) -> list[dict[str, str]]:
    """Return the first faults, as many as `room` bytes hold."""
    shown = []
    for pointer, detail in faults:
        fault = {"pointer": pointer, "detail": detail}
        room -= len(encode(fault)) + 1
        if room < 0:
            break
        shown.append(fault)
    return shown
