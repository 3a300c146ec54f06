"""The media process's main: `python -m storyclip.tasks.media_main`."""

from __future__ import annotations

import os
import platform
import random
import secrets
import signal
import sys
import threading
import time
from datetime import UTC, datetime

from config import loading
from config.logging import configure
from config.private import keep_private
from config.settings import Settings, SettingsInvalid
from storyclip.domain.clip import Clip
from storyclip.domain.dates.shared_clock import SharedClock
from storyclip.domain.dates.steady_clock import SteadyClock
from storyclip.domain.errors import StoreUnavailable
from storyclip.domain.installation import Sending
from storyclip.domain.upload import MeasuredFile
from storyclip.domain.user_file import FileState
from storyclip.flow.bring import bring
from storyclip.flow.engine import Engine
from storyclip.flow.fetch_clip import fetch_clip
from storyclip.flow.mend_file import work_on
from storyclip.flow.spool_place import SpoolWatch, settle
from storyclip.flow.sweep_files import Sweep
from storyclip.progress.budget import budget_of
from storyclip.spool.local import Spool
from storyclip.spool.places import spool_of
from storyclip.store import database
from storyclip.store.files import brought, files, transfers
from storyclip.store.service.place import server_time
from storyclip.tasks.from_outside import from_outside
from storyclip.tasks.media import Bench, run
from storyclip.tasks.media_inheritance import Inheritance
from storyclip.tasks.media_signs import Signs
from storyclip.upstream import metricool_of

HOST = f"media-{platform.node()}-"  # how the workers of this machine are called
TRANSFERS_AT_ONCE = 2
FILES_AT_ONCE = 1  # of each kind: making takes as many threads as ffmpeg may have
FILES = {  # what is looked into quickly waits for none that is made
    "check": (FileState.RECEIVING, FileState.CHECKING),
    "mend": (FileState.PREPARING,),
}


def main() -> int:
    """Run until SIGTERM; 1 when it cannot begin."""
    keep_private()
    try:
        settings = Settings.from_environment()
    except SettingsInvalid as invalid:
        print(invalid, file=sys.stderr)
        return 1
    configure(settings.log_level, settings.log_format, settings.secrets())
    try:
        now = opened(settings)
    except StoreUnavailable as reason:
        print(f"The media process does not start:\n{reason}", file=sys.stderr)
        return 1
    loading.is_over()
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    work(settings, now, stopping)
    os._exit(0)  # what is still under way is known by its row, and done again


def opened(settings: Settings) -> SharedClock:
    """Bind this process to its database, and return the clock that the rows go by.

    Raises:
        StoreUnavailable: it cannot be opened.
    """
    now = SharedClock(SteadyClock(_wall_clock, time.monotonic), time.monotonic, server_time)
    database.connect(settings.database_url, settings.pool_size, settings.pool_lifetime_s)
    now.follow()
    return now


def work(settings: Settings, now: SharedClock, stopping: threading.Event) -> None:
    """Do what is due about files, with a database that is connected, until it is time to stop."""
    spool = spool_of(settings)
    settle(spool)
    engine = _engine(settings, now)
    uploads = metricool_of(settings, budget_of(settings, time.monotonic)).uploads
    sweep = Sweep(spool, now, time.monotonic)
    inheritance = Inheritance(HOST, now)

    def fetch(clip: Clip) -> MeasuredFile:
        return fetch_clip(clip, engine, spool, from_outside)

    transfer = Bench(
        "transfer",
        lambda most: transfers.due(now(), most),
        lambda clip_id: bring(clip_id, engine, uploads, spool, fetch),
        TRANSFERS_AT_ONCE,
        transfers.whose,
    )
    kinds = (_bench_of(name, states, engine, spool) for name, states in FILES.items())
    watch = SpoolWatch(spool, now, time.monotonic)
    signs = Signs(engine.worker, now, time.monotonic)
    run((transfer, *kinds), (inheritance.take, watch.look, sweep.look), signs.give, stopping)
    signs.end()


def _bench_of(name: str, states: tuple[FileState, ...], engine: Engine, spool: Spool) -> Bench[str]:
    return Bench(
        name,
        lambda most: files.due(states, engine.now(), most),
        lambda file_id: work_on(file_id, engine.worker, engine.now, engine.monotonic, spool),
        FILES_AT_ONCE,
        brought.whose,
    )


def _engine(settings: Settings, now: SharedClock) -> Engine:
    name = f"{HOST}{os.getpid()}-{secrets.token_hex(2)}"
    return Engine(
        upstream=metricool_of(settings),
        settings=settings,
        now=now,
        monotonic=time.monotonic,
        wait=_wait_for_nobody,
        jitter=random.random,
        worker=name,
        ring_prepare=_ring_nobody,
        ring_audit=_ring_nobody,
        leave_sending=_ask_for_no_story,
    )


def _wait_for_nobody(seconds: float) -> None:
    """Nothing: who brings a file writes when to go on with it."""


def _ask_for_no_story(sending: Sending) -> None:
    raise RuntimeError(f"the media process asks for no story: {sending}")


def _ring_nobody(row_id: int) -> None:
    """Nothing: who brings a file takes no step of a clip."""


def _wall_clock() -> datetime:
    return datetime.now(UTC)


if __name__ == "__main__":
    sys.exit(main())
