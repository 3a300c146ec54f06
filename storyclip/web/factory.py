"""The application, put together: plain Flask, its routes, and what holds for every answer."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from flask import Flask, Response

from config.settings import Settings
from storyclip.domain.story import Upstream
from storyclip.web import batches, brands, health, json_body, problems, publish, request_log
from storyclip.web.front import NAME, Front


def create_app(
    settings: Settings,
    upstream: Upstream,
    now: Callable[[], datetime],
    redis_answers: Callable[[], bool],
) -> Flask:
    """Return the WSGI application; the store has to be connected before its first request."""
    app = Flask(__name__, static_folder=None)
    # One more than allowed: Werkzeug cuts a chunked body at its limit without a word.
    app.config["MAX_CONTENT_LENGTH"] = json_body.MAX_BYTES + 1
    app.extensions[NAME] = Front(settings, upstream, now, redis_answers)
    for room in (publish, batches, brands, health):
        app.register_blueprint(room.routes)
    app.register_error_handler(Exception, problems.answer_to)
    request_log.begin(app)
    app.after_request(_guarded)
    return app


def _guarded(response: Response) -> Response:
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    response.headers.setdefault("Cache-Control", "no-store")
    return response
