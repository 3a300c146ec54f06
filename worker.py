"""The worker's main, for Dramatiq's command line: `dramatiq worker:main`."""

from __future__ import annotations

import os
import platform
import random
import secrets
import sys
import time
from datetime import UTC, datetime

import dramatiq

from config import loading
from config.logging import configure
from config.private import keep_private, warn_of_open_files
from config.settings import Settings
from storyclip.domain.dates.shared_clock import SharedClock
from storyclip.domain.dates.steady_clock import SteadyClock
from storyclip.domain.errors import StoreUnavailable
from storyclip.flow.clock import Clock
from storyclip.flow.engine import Engine
from storyclip.flow.newest import Watchman
from storyclip.flow.time_keeper import TimeKeeper
from storyclip.progress.budget import budget_of
from storyclip.progress.marks import Lease, RedisMark
from storyclip.progress.news import News, Quietly, connect
from storyclip.store import database
from storyclip.store.access import pepper, sealing
from storyclip.store.history import events
from storyclip.store.service import newest, workers
from storyclip.store.service.mark_file import MarkFile
from storyclip.store.service.place import server_time
from storyclip.tasks import media_signs
from storyclip.tasks.actors import declare
from storyclip.tasks.broker import Bells, make_broker, teller
from storyclip.tasks.by_hand import ByHand
from storyclip.tasks.chain import Chain
from storyclip.tasks.courier_life import CourierLife
from storyclip.tasks.in_hand import InHand
from storyclip.tasks.life import WorkerLife
from storyclip.tasks.nightly import Nightly
from storyclip.tasks.retention import Retention
from storyclip.upstream import metricool_of
from storyclip.webhooks.courier import Courier
from storyclip.webhooks.delivering import Teller

# Who writes holds the database's lock and gives the GIL away at each statement; by default any
# busy thread keeps it for 5 ms then, and all other writers wait for that
GIL_SWITCH_S = 0.0005
CLOCK_REDIS_S = 0.3  # what a tick waits for each answer of a Redis that hangs: it lasts 5 s at most


def wall_clock() -> datetime:
    """Return the wall clock's time, aware UTC."""
    return datetime.now(UTC)


def build(settings: Settings) -> dramatiq.Broker:
    """Return the broker with everything a worker process consists of, ready to be run.

    Nothing is opened yet: that is done when the worker boots, after any fork.
    """
    own = SteadyClock(wall_clock, time.monotonic)
    now = SharedClock(own, time.monotonic, server_time)
    name = f"{now():%Y%m%dT%H%M%S.%f}-{os.getpid()}-{secrets.token_hex(2)}"
    redis = connect(settings.redis_url)
    quietly = Quietly(time.monotonic)
    broker = make_broker(redis, middleware=[])
    bells = Bells(broker, quietly)
    upstream = metricool_of(settings, budget_of(settings, time.monotonic))
    courier = Courier(Teller(settings, now, random.random))
    nightly = Nightly(settings.database_url, settings.backup_folder, settings.backup_keep)
    retention = Retention(settings.audit_keep_days)
    quick = connect(settings.redis_url, CLOCK_REDIS_S)
    watchman = Watchman(
        [MarkFile(), RedisMark(quick, Quietly(time.monotonic))],
        Lease(quick, settings.metricool_user_id or "").hold,
        time.monotonic,
    )
    engine = Engine(
        upstream=upstream,
        settings=settings,
        now=now,
        monotonic=time.monotonic,
        wait=time.sleep,
        jitter=random.random,
        worker=name,
        ring_prepare=bells.prepare,
        ring_audit=bells.audit,
        leave_sending=watchman.leave_sending,
    )
    publishing = InHand()
    chain = Chain(bells.publish)
    by_hand = ByHand(declare(broker, engine, publishing, chain))
    hurried = Bells(make_broker(quick, middleware=[]), Quietly(time.monotonic), by_hand.take)

    def look_nightly(at: datetime) -> None:
        nightly.look(at)
        retention.look(at)
        media_signs.look_for_absence(at)

    clock = Clock(name, hurried.publish, hurried.audit, time.monotonic, watchman.look, look_nightly)

    def start() -> None:
        sys.setswitchinterval(GIL_SWITCH_S)
        try:
            database.connect(settings.database_url, settings.pool_size, settings.pool_lifetime_s)
            now.follow()
            sealing.use(settings.secret_source())
            pepper.seal(now())
        except StoreUnavailable as reason:
            # Dramatiq would go on without it: a worker that only looks alive
            sys.exit(f"The worker does not start:\n{reason}")
        events.on_change(teller(chain.came, News(redis, quietly)))
        events.on_delivery(courier.look)
        if settings.start_paused and not (workers.beats() and newest.find().is_alive(now())):
            newest.pause(now())
        watchman.look(now())  # before the first bell is heard

    keeper = TimeKeeper(now, upstream.now, platform.node(), time.monotonic)
    broker.add_middleware(WorkerLife(clock, now, start, upstream.stop, keeper.tick, publishing))
    broker.add_middleware(CourierLife(courier))
    broker.add_middleware(by_hand)
    broker.add_middleware(chain)
    return broker


def main() -> None:
    """Read the environment and set the broker that Dramatiq runs."""
    keep_private()
    settings = Settings.from_environment()
    configure(settings.log_level, settings.log_format, settings.secrets())
    warn_of_open_files(settings.open_secret_files())
    dramatiq.set_broker(build(settings))
    loading.is_over()
