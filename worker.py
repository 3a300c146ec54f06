"""The worker's main, for Dramatiq's command line: `dramatiq worker`."""

from __future__ import annotations

import os
import random
import secrets
import time
from datetime import UTC, datetime

import dramatiq

from config.logging import configure
from config.settings import Settings
from storyclip.flow.clock import Clock
from storyclip.flow.engine import Engine
from storyclip.progress.bell import News, Quietly, connect
from storyclip.store import database, events
from storyclip.tasks.actors import declare
from storyclip.tasks.broker import Bells, make_broker
from storyclip.tasks.life import WorkerLife
from storyclip.upstream import metricool_of


def now() -> datetime:
    """Return the wall clock's time, aware UTC."""
    return datetime.now(UTC)


def build(settings: Settings, settles: bool = True) -> dramatiq.Broker:
    """Return the broker with everything a worker process consists of, ready to be run.

    Nothing is opened yet: that is done when the worker boots, after any fork.
    """
    name = f"{now():%Y%m%dT%H%M%S.%f}-{os.getpid()}-{secrets.token_hex(2)}"
    redis = connect(settings.redis_url)
    quietly = Quietly(time.monotonic)
    broker = make_broker(redis, middleware=[])
    bells, news = Bells(broker, quietly), News(redis, quietly)
    upstream = metricool_of(settings)
    clock = Clock(name, bells.publish, bells.audit, time.monotonic)

    def start() -> None:
        database.connect(settings.database_url)
        events.on_change(lambda change: _tell(change, bells, news))

    broker.add_middleware(WorkerLife(clock, now, start, upstream.stop))
    engine = Engine(
        upstream=upstream,
        settings=settings,
        now=now,
        jitter=random.random,
        worker=name,
        ring_prepare=bells.prepare,
        settles=settles,
    )
    declare(broker, engine)
    return broker


def _tell(change: events.Change, bells: Bells, news: News) -> None:
    if change.opened_clip_id is not None:
        bells.publish(change.opened_clip_id)
    news.publish(change.batch_id, change.seq)


def main() -> dramatiq.Broker:
    """Read the environment and set the process's broker."""
    settings = Settings.from_environment()
    configure(settings.log_level, settings.log_format, settings.secrets())
    broker = build(settings)
    dramatiq.set_broker(broker)
    return broker


if __name__ == "worker":
    broker = main()
