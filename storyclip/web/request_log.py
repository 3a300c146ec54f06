"""One line a request, and an id that all lines written meanwhile carry."""

from __future__ import annotations

import secrets
import time

import structlog
from flask import Flask, Response, g, request
from structlog.contextvars import bind_contextvars, clear_contextvars

log = structlog.get_logger("storyclip")


def begin(app: Flask) -> None:
    """Have every request of the application logged: its route, never its key, query or body."""
    app.before_request(_started)
    app.after_request(_ended)
    app.teardown_request(lambda _failure: clear_contextvars())


def _started() -> None:
    clear_contextvars()  # of whatever the thread did before
    bind_contextvars(request_id=secrets.token_hex(6))
    g.started = time.perf_counter()


def _ended(response: Response) -> Response:
    is_quiet = request.method in ("GET", "HEAD", "OPTIONS") and response.status_code < 500
    write = log.debug if is_quiet else log.info  # pages poll several times a second
    write(
        "request",
        method=request.method,
        route=request.url_rule.rule if request.url_rule else None,
        status=response.status_code,
        duration_ms=round(1000 * (time.perf_counter() - g.started), 1),
    )
    return response
