"""PostgreSQL as it comes, beside SQLite: clips per second by workers, and connections at peak."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg

from storyclip.stack.stack import Stack
from tests.bench.figure import Figure, NotMeasured, median, shown
from tests.bench.stage import (
    AT_ONCE,
    FIRST_ACCOUNT,
    POLL_S,
    ask_for_many,
    folder,
    query,
    sandbox_of,
    sources,
)
from tests.judge import judge, published
from tests.postgres.server import binaries, server_of_its_own

CONNECTIONS = 97  # of the 100 of a server as it comes three are kept for its owner
WEB = 2
WITHIN_S = 600.0


@dataclass(frozen=True)
class Size:
    """How many lanes, how many clips on each, and with how many workers."""

    lanes: int
    clips: int
    workers: tuple[int, ...]


FULL = Size(lanes=200, clips=10, workers=(1, 2, 4, 6))
QUICK = Size(lanes=8, clips=4, workers=(1,))


class Watch:
    """Counts the connections of one database until it is told to stop."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._enough = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self.peak = 0

    def __enter__(self) -> Watch:
        self._thread.start()
        return self

    def __exit__(self, *failure: object) -> None:
        self._enough.set()
        self._thread.join()

    def _run(self) -> None:
        asked = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
        with psycopg.connect(self._url, autocommit=True) as connection:
            while not self._enough.wait(POLL_S):
                found = connection.execute(asked).fetchone()
                assert found is not None
                self.peak = max(self.peak, found[0] - 1)  # not this one


def measure(runs: int, quick: bool) -> Iterator[Figure]:
    """Yield the clips/s by workers, SQLite's as their floor, and the connections."""
    if binaries() is None:
        raise NotMeasured("no PostgreSQL on this machine")
    size = QUICK if quick else FULL
    peaks = dict[int, int]()
    for workers in size.workers:
        ours, beside = [], []
        for _ in range(runs):
            beside.append(_clips_per_s(size, workers, None))
            with _database() as url, Watch(url) as watch:
                ours.append(_clips_per_s(size, workers, url))
            peaks[workers] = max(peaks.get(workers, 0), watch.peak)
        yield Figure(
            "postgres",
            f"{size.lanes} lanes of {size.clips}, {WEB} web, {workers} workers",
            median(ours),
            "clips/s",
            at_least=True,
            floor=median(beside),
            floor_is="SQLite in the same run",
            note=f"runs {', '.join(shown(speed) for speed in ours)}",
        )
    most = max(peaks)
    yield Figure(
        "postgres",
        f"connections at peak, {WEB} web and {most} workers",
        peaks[most],
        "connections",
        CONNECTIONS,
        note=", ".join(f"{workers} workers {peak}" for workers, peak in peaks.items()),
    )


@contextmanager
def _database() -> Iterator[str]:
    with server_of_its_own("") as server:
        with psycopg.connect(f"{server.url}/postgres", autocommit=True) as admin:
            admin.execute("CREATE DATABASE storyclip")
        yield f"{server.url}/storyclip"


def _clips_per_s(size: Size, workers: int, url: str | None) -> float:
    """Have all lanes published on a new stack, and judge it by the ledger."""
    lanes = [str(FIRST_ACCOUNT + number) for number in range(size.lanes)]
    with (
        folder() as path,
        Stack(
            path,
            workers=workers,
            database_url=url,
            sandbox_flags={"at_once": True, "date_step": 1, "brands": size.lanes},
            environment={**AT_ONCE, "GUNICORN_CMD_ARGS": f"--workers {WEB}"},
        ) as stack,
    ):
        asked = {lane: sources("run", lane, size.clips) for lane in lanes}
        began = time.time()
        ask_for_many(stack, asked)
        _until_ended(stack, url)
        ended_at = _read(stack, url, "SELECT max(completed_at) FROM publish_batches")
        ledger = sandbox_of(stack).ledger()
        stack.stop(0)
    for lane, urls in asked.items():
        verdict = judge(urls, published(ledger, lane))
        if not verdict.is_clean:
            raise NotMeasured(f"account {lane} was not published as asked: {verdict}")
    return size.lanes * size.clips / (datetime.fromisoformat(ended_at).timestamp() - began)


def _until_ended(stack: Stack, url: str | None) -> None:
    end = time.monotonic() + WITHIN_S
    while left := _read(
        stack, url, "SELECT count(*) FROM publish_batches WHERE completed_at IS NULL"
    ):
        if time.monotonic() > end:
            raise NotMeasured(f"{left} batches have not ended within {WITHIN_S:.0f} s")
        time.sleep(POLL_S)


def _read(stack: Stack, url: str | None, sql: str) -> Any:
    """Return the one value that a statement finds."""
    found: Sequence[Any] | None
    if url is None:
        found = query(stack, sql)[0]
    else:
        with psycopg.connect(url, autocommit=True) as connection:
            found = connection.execute(sql).fetchone()
    assert found is not None
    return found[0]
