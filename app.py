"""The web's main, for gunicorn: `gunicorn "app:main()"`."""

from __future__ import annotations

import platform
import sys
import time
from datetime import UTC, datetime

import structlog
from flask import Flask

from config.logging import configure
from config.private import keep_private, warn_of_open_files
from config.settings import Settings
from storyclip.domain.dates.shared_clock import SharedClock
from storyclip.domain.dates.steady_clock import SteadyClock
from storyclip.domain.errors import SchemaTooNew, SecretMissing
from storyclip.flow.spool_place import settle
from storyclip.flow.time_keeper import TimeKeeper
from storyclip.probe.check import ClipCheck
from storyclip.progress.budget import budget_of
from storyclip.progress.ear import Ear
from storyclip.progress.failures import failures_at
from storyclip.progress.news import News, Quietly, answers, connect
from storyclip.spool.places import spool_of
from storyclip.store import database
from storyclip.store.access import pepper, sealing, seeding
from storyclip.store.history import events
from storyclip.store.service import unwatched
from storyclip.store.service.mark_file import MarkFile
from storyclip.store.service.place import server_time
from storyclip.tasks.broker import Bells, make_broker, teller
from storyclip.upstream import metricool_of
from storyclip.web.factory import create_app

# As in the worker: who gives the interpreter away to ask the database has it back sooner than in
# the usual 5 ms, whatever long list somebody else's request makes
GIL_SWITCH_S = 0.0005
GUNICORN_GIVES_UP = 3  # the one exit code after which it does not start the process anew at once


def wall_clock() -> datetime:
    """Return the wall clock's time, aware UTC."""
    return datetime.now(UTC)


def build(settings: Settings) -> Flask:
    """Return the application, with this process bound to its database and its Redis.

    Raises:
        StoreUnavailable: the database cannot be opened; without it nothing can be accepted.
    """
    sys.setswitchinterval(GIL_SWITCH_S)
    own = SteadyClock(wall_clock, time.monotonic)
    now = SharedClock(own, time.monotonic, server_time)
    database.connect(settings.database_url, settings.pool_size, settings.pool_lifetime_s)
    now.follow()
    unwatched.expect_a_look(now(), MarkFile().read(""))
    sealing.use(settings.secret_source())
    pepper.seal(now())
    seeding.seed(settings.api_keys, now())
    redis = connect(settings.redis_url)
    quietly = Quietly(time.monotonic)
    bells = Bells(make_broker(redis, middleware=[]), quietly)
    events.on_change(teller(bells.publish, News(redis, quietly)))
    upstream = metricool_of(settings, budget_of(settings, time.monotonic))
    ear = Ear(settings.redis_url)
    TimeKeeper(now, upstream.now, platform.node(), time.monotonic).begin()
    check = ClipCheck().check if settings.probe_clips else None
    spool = spool_of(settings)
    settle(spool)
    tries = failures_at(settings.redis_url, time.monotonic)
    return create_app(settings, upstream, now, lambda: answers(redis), ear, check, spool, tries)


def main() -> Flask:
    """Read the environment and return the application."""
    keep_private()
    settings = Settings.from_environment()
    configure(settings.log_level, settings.log_format, settings.secrets())
    warn_of_open_files(settings.open_secret_files())
    try:
        return build(settings)
    except (SchemaTooNew, SecretMissing) as reason:
        why = "schema_too_new" if isinstance(reason, SchemaTooNew) else "secret_missing"
        structlog.get_logger("storyclip").critical(why, reason=str(reason))
        sys.exit(GUNICORN_GIVES_UP)
