"""The application, put together: plain Flask, its routes, and what holds for every answer."""

from __future__ import annotations

import selectors
import threading
import time
from collections.abc import Callable
from datetime import datetime
from functools import partial

from flask import Flask

from config.capacity import MAX_STREAMS_A_KEY, max_streams
from config.settings import Settings
from storyclip.domain.story import Upstream
from storyclip.progress.ear import Ear
from storyclip.progress.hub import Hub
from storyclip.web import (
    batches,
    brands,
    browser,
    health,
    json_body,
    live,
    page,
    problems,
    publish,
    request_log,
    session,
)
from storyclip.web.front import NAME, Front
from storyclip.web.seats import Seats
from storyclip.web.sockets import Lookout

PING_EVERY_S = 10  # a line that died without a word is noticed within two of them
MAX_SAID_BYTES = 4096  # a viewer has nothing to say


def create_app(
    settings: Settings,
    upstream: Upstream,
    now: Callable[[], datetime],
    redis_answers: Callable[[], bool],
    ear: Ear | None = None,
) -> Flask:
    """Return the WSGI application; the store has to be connected before its first request.

    Args:
        ear: hears what is committed; without one, streams look once a second.
    """
    app = Flask(__name__, static_folder=None)
    # One more than allowed: Werkzeug cuts a chunked body at its limit without a word.
    app.config["MAX_CONTENT_LENGTH"] = json_body.MAX_BYTES + 1
    app.config["SOCK_SERVER_OPTIONS"] = {
        "ping_interval": PING_EVERY_S,
        "max_message_size": MAX_SAID_BYTES,
        "thread_class": partial(threading.Thread, daemon=True),
        "selector_class": selectors.PollSelector,  # the others cost a file each
    }
    app.extensions[NAME] = Front(
        settings,
        upstream,
        now,
        redis_answers,
        Hub(now, time.monotonic, ear),
        Seats(max_streams(), MAX_STREAMS_A_KEY),
        Lookout(),
    )
    for room in (publish, batches, brands, live, session, page, health):
        app.register_blueprint(room.routes)
    app.register_error_handler(Exception, problems.answer_to)
    request_log.begin(app)
    browser.guard(app)
    return app
