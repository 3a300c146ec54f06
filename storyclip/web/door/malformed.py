"""What they hear who speak no good HTTP: before there is a request, or while its body is read."""

from __future__ import annotations

from http import HTTPStatus

import structlog
from flask import Flask, Response
from gunicorn.http import errors

from storyclip.web.said import problems
from storyclip.web.said.problem_kinds import Kind

log = structlog.get_logger("storyclip")

# Everything else is a 400. gunicorn has 501 for a transfer coding that it does not know: the fault
# is the request's all the same.
_STATUSES: dict[type[Exception], HTTPStatus] = {
    errors.LimitRequestLine: HTTPStatus.REQUEST_URI_TOO_LONG,
    errors.LimitRequestHeaders: HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
    errors.ExpectationFailed: HTTPStatus.EXPECTATION_FAILED,
}
_DETAILS = {
    HTTPStatus.BAD_REQUEST: "It is not framed as HTTP wants it. Nothing was done.",
    HTTPStatus.REQUEST_TIMEOUT: "It did not arrive in time. Nothing was done.",
}


class Unfinished(errors.ParseException):  # type: ignore[misc]  # untyped, as all of gunicorn
    """A request that ends, or goes wrong, before it is whole."""


class HostInvalid(errors.ParseException):  # type: ignore[misc]  # gunicorn has no types
    """A request that does not say which host it is for, or names what cannot be one."""


def status_of(error: Exception) -> HTTPStatus:
    """Return what an error of the parser is to the other end."""
    return _STATUSES.get(type(error), HTTPStatus.BAD_REQUEST)


def last_words(status: HTTPStatus) -> bytes:
    """Return a whole answer, after which the line is closed."""
    body = problems.body_of(_kind(status))
    head = (
        f"HTTP/1.1 {int(status)} {status.phrase}\r\nConnection: close\r\n"
        "Content-Type: application/problem+json\r\nX-Content-Type-Options: nosniff\r\n"
        f"Cache-Control: no-store\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def begin(app: Flask) -> None:
    """Have a body that turns out to be malformed while a route reads it answered as such."""
    app.register_error_handler(errors.ParseException, _answer)


def _answer(error: Exception) -> Response:
    return problems.answer_to(problems.Problem(_kind(status_of(error))))


def _kind(status: HTTPStatus) -> Kind:
    code = status.phrase.lower().replace(" ", "_").replace("-", "_")
    detail = _DETAILS.get(status, "gunicorn takes no such request. Nothing was done.")
    return Kind(status, code, status.phrase, detail)
