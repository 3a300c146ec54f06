"""The application, put together: plain Flask, its routes, and what holds for every answer."""

from __future__ import annotations

import selectors
import threading
import time
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from flask import Flask

from config.capacity import PART_OF_A_USER, max_streams
from config.settings import Settings
from storyclip.domain.story import Upstream
from storyclip.flow.brands import Brands
from storyclip.flow.control import Patience
from storyclip.flow.heat_maps import HeatMaps
from storyclip.progress.ear import Ear
from storyclip.progress.hub import Hub
from storyclip.spool.local import Spool
from storyclip.spool.places import spool_of
from storyclip.web import page, request_log
from storyclip.web.door import actors, browser, entries, limits, malformed
from storyclip.web.door import part as door_part
from storyclip.web.door.buckets import Buckets
from storyclip.web.door.endings import Endings
from storyclip.web.door.hops import Proxies
from storyclip.web.door.outside import Outside
from storyclip.web.door.overridden import Overridden
from storyclip.web.door.password_tries import PasswordTries, Shared
from storyclip.web.front import NAME, CheckClips, Front
from storyclip.web.live import part as live_part
from storyclip.web.live import streams
from storyclip.web.live.seats import Seats
from storyclip.web.live.sockets import Lookout
from storyclip.web.routes import (
    api_keys,
    audit,
    batches,
    best_times,
    brands,
    control,
    docs_page,
    files,
    health,
    metrics,
    oidc,
    openapi,
    password,
    publish,
    recover,
    session,
    sessions,
    users,
)
from storyclip.web.said import json_body

if TYPE_CHECKING:
    from storyclip.oidc.provider import Provider

PING_EVERY_S = 10  # a line that died without a word is noticed within two of them
MAX_SAID_BYTES = 4096  # a viewer has nothing to say


def create_app(
    settings: Settings,
    upstream: Upstream,
    now: Callable[[], datetime],
    redis_answers: Callable[[], bool],
    ear: Ear | None = None,
    check_clips: CheckClips | None = None,
    spool: Spool | None = None,
    shared_tries: Shared | None = None,
) -> Flask:
    """Return the WSGI application; the store has to be connected before its first request.

    Args:
        ear: hears what is committed; without one, streams look once a second.
        check_clips: looks at the files before a batch is recorded; without one, nobody does.
        spool: where users' files are, prepared; without one, where the settings say.
        shared_tries: the passwords that were wrong in other processes; without it, only our own.
    """
    app = Flask(__name__, static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = json_body.MAX_BYTES + 1
    app.config["SOCK_SERVER_OPTIONS"] = {
        "ping_interval": PING_EVERY_S,
        "max_message_size": MAX_SAID_BYTES,
        "thread_class": partial(threading.Thread, daemon=True),
        "selector_class": selectors.PollSelector,  # the others cost a file each
    }
    accounts = Brands(upstream, now)
    app.extensions[NAME] = Front(
        settings,
        upstream,
        now,
        redis_answers,
        Patience(time.monotonic, time.sleep),
        accounts,
        HeatMaps(upstream, accounts, now),
        spool or spool_of(settings),
        check_clips,
        _provider(settings, now),
    )
    app.extensions[door_part.NAME] = door_part.Door(
        Buckets(_a_second(settings), time.monotonic), password_tries=PasswordTries(shared_tries)
    )
    app.extensions[live_part.NAME] = live_part.Live(
        Hub(now, time.monotonic, ear), _seats(settings), Lookout()
    )
    for room in (
        publish,
        files,
        batches,
        control,
        recover,
        audit,
        users,
        api_keys,
        sessions,
        brands,
        best_times,
        streams,
        session,
        password,
        oidc,
        health,
        metrics,
        openapi,
        docs_page,
        page,
    ):
        app.register_blueprint(room.routes)
    app.register_error_handler(Exception, entries.answered)
    malformed.begin(app)
    request_log.begin(app)
    actors.begin(app)
    limits.begin(app)
    browser.guard(app)
    app.wsgi_app = Outside(  # type: ignore[method-assign]
        Endings(Overridden(app.wsgi_app)), Proxies(settings.trusted_proxies), settings.public_url
    )
    return app


def _seats(settings: Settings) -> Seats:
    all_of_them = max_streams()
    of_a_user = settings.max_streams_a_user or max(1, all_of_them // PART_OF_A_USER)
    return Seats(all_of_them, of_a_user)


def _a_second(settings: Settings) -> dict[str, float]:
    return {
        limits.WRITES: settings.writes_per_s,
        limits.READING: settings.reads_per_s,
        limits.STREAMS: settings.streams_per_s,
    }


def _provider(settings: Settings, now: Callable[[], datetime]) -> Provider | None:
    if settings.oidc_issuer is None or settings.oidc_client_id is None:
        return None
    # Few have one, and what it takes is a sixth of all that the web loads
    from storyclip.oidc.provider import Provider

    secret = settings.oidc_client_secret
    kept = None if secret is None else secret.get_secret_value()
    return Provider(settings.oidc_issuer, settings.oidc_client_id, kept, now)
