"""Accepting batches of 50 clips at 50/s: open loop, latency from the intended start."""

from __future__ import annotations

import http.client
import json
import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from urllib.parse import urlsplit

from storyclip.stack.stack import Stack
from tests.bench.figure import Figure, NotMeasured, median, percentile
from tests.bench.stage import PLAIN, POLL_S, body, query, sandbox_of, sources, stage, until

BAR_MS = 50.0
CLIPS, PER_S = 50, 50
ACCOUNTS = 50
BEGINS_WITHIN_S = 30.0
CLIENTS = 25  # threads, each with a kept connection: enough for 0.5 s of delay before one is late


@dataclass(frozen=True)
class Size:
    """How long requests arrive, and how long the worker has been busy when they do again."""

    seconds: float
    warm_up_s: float
    busy_for_s: float


FULL = Size(seconds=10, warm_up_s=1, busy_for_s=5)
QUICK = Size(seconds=0.5, warm_up_s=0.1, busy_for_s=0.1)


def measure(runs: int, quick: bool) -> Iterator[Figure]:
    """Yield p50 and p99 of the web alone, then beside a worker that publishes what came in."""
    size = QUICK if quick else FULL
    with stage(*PLAIN) as stack:
        accounts = stack.accounts(ACCOUNTS)
        stack.stop_program("worker", 0)
        _run(stack, accounts, "warm-up", size.warm_up_s)
        alone = [_run(stack, accounts, f"alone-{number}", size.seconds) for number in range(runs)]
        bare = _floor(stack, round(PER_S * size.seconds))
        stack.start_program("worker")
        _until_publishing(stack)
        time.sleep(size.busy_for_s)
        beside = [_run(stack, accounts, f"beside-{number}", size.seconds) for number in range(runs)]
    for what, latencies, bars in (
        ("web alone", alone, (None, BAR_MS)),
        ("beside a worker with 50 lanes", beside, (None, None)),
    ):
        for percent, bar in zip((50, 99), bars, strict=True):
            yield Figure(
                "accept",
                f"{CLIPS} clips at {PER_S}/s, {what}, p{percent}",
                median([percentile(run, percent) for run in latencies]),
                "ms",
                bar,
                floor=percentile(bare, percent),
                floor_is="the same rows in one commit, bare",
                note=f"{len(latencies[0])} requests a run",
            )


def _until_publishing(stack: Stack) -> None:
    def it_sends() -> bool:
        return any(call["method"] == "POST" for call in sandbox_of(stack).requests())

    until(it_sends, BEGINS_WITHIN_S, "the worker publishes nothing of what came in", POLL_S)


def _run(stack: Stack, accounts: Sequence[str], name: str, seconds: float) -> list[float]:
    count = round(PER_S * seconds)
    requests = [
        json.dumps(body(accounts[i % ACCOUNTS], sources(f"{name}-{i}", "x", CLIPS)))
        for i in range(count)
    ]
    headers = {"X-Api-Key": stack.api_key, "Content-Type": "application/json"}
    address = urlsplit(stack.url).netloc
    latencies: list[float] = []
    wrong: list[str] = []
    begin = time.monotonic() + 0.3

    def client(first: int) -> None:
        connection = http.client.HTTPConnection(address, timeout=30)
        try:
            for i in range(first, count, CLIENTS):
                intended = begin + i / PER_S
                time.sleep(max(0.0, intended - time.monotonic()))
                connection.request("POST", "/api/metricool/publish/stories", requests[i], headers)
                with connection.getresponse() as answer:
                    said = answer.read()
                latencies.append(1000 * (time.monotonic() - intended))
                if answer.status != 202:
                    wrong.append(f"{answer.status} {said[:200]!r}")
        except OSError as failure:
            wrong.append(repr(failure))
        finally:
            connection.close()

    threads = [threading.Thread(target=client, args=(first,)) for first in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if wrong:
        raise NotMeasured(f"{len(wrong)} requests were not accepted: {wrong[0]}")
    return latencies


def _floor(stack: Stack, count: int) -> list[float]:
    """Insert a batch, its clips and its event as the web did, into a copy of its tables."""
    tables = ("publish_batches", "publish_batch_clips", "publish_batch_events")
    schema = query(stack, "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND name <> ''")
    batch_id = query(stack, "SELECT batch_id FROM publish_batches LIMIT 1")[0][0]
    rows = {
        table: query(stack, f"SELECT * FROM {table} WHERE batch_id = ?", (batch_id,))
        for table in tables
    }
    took = []
    with closing(sqlite3.connect(stack.data_dir / "floor.db", isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode=wal")
        connection.execute("PRAGMA synchronous=full")
        for (sql,) in schema:
            if not sql.startswith("CREATE TABLE sqlite_"):
                connection.execute(sql)
        for number in range(count):
            began = time.monotonic()
            connection.execute("BEGIN IMMEDIATE")
            for table in tables:
                marks = ", ".join("?" * len(rows[table][0]))
                connection.executemany(
                    f"INSERT INTO {table} VALUES ({marks})",
                    [_renamed(row, batch_id, f"b{number}") for row in rows[table]],
                )
            connection.execute("COMMIT")
            took.append(1000 * (time.monotonic() - began))
    return took


def _renamed(row: tuple[object, ...], batch_id: str, name: str) -> tuple[object, ...]:
    """Give a row another batch; a clip's own number, first where it has one, is made anew."""
    values = tuple(name if value == batch_id else value for value in row)
    return (None, *values[1:]) if type(values[0]) is int else values
