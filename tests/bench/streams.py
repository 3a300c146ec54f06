"""Watching live: from the commit of an event to its sight, for many viewers of one busy batch."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import psutil
import requests

from storyclip.stack.ports import free_port
from storyclip.stack.stack import Stack
from tests.bench.figure import Figure, NotMeasured, median, percentile
from tests.bench.roles import role, told
from tests.bench.stage import Stage, stage

ASK_EVERY_S = 0.05  # the status, meanwhile
ENDS_WITHIN_S = 120.0
ALL_OF_ONE_USER = {"STORYCLIP_MAX_STREAMS_A_USER": "1000"}


@dataclass(frozen=True)
class Crowd:
    """How many viewers, the bars of their p50 and p99 in ms, and whether it is the large one."""

    count: int
    p50_ms: float | None
    p99_ms: float
    is_large: bool = False


@dataclass(frozen=True)
class Size:
    """The crowds, the batch that they watch, and the rest between their coming and its start."""

    crowds: tuple[Crowd, ...]
    events: int
    per_s: int
    settle_s: float


FULL = Size((Crowd(1000, 20.0, 100.0, True), Crowd(200, None, 40.0)), 150, 10, 2.0)
QUICK = Size((Crowd(50, 20.0, 100.0, True),), 15, 20, 0.1)


@dataclass(frozen=True)
class Run:
    """What one crowd saw, in milliseconds, and what it cost."""

    seen_ms: Sequence[float]
    status_ms: Sequence[float]
    kb_a_viewer: float


def measure(runs: int, quick: bool) -> Iterator[Figure]:
    """Yield latency for each crowd, memory, and the API's latency meanwhile."""
    size = QUICK if quick else FULL
    for crowd in size.crowds:
        done, floors = [], []
        for _ in range(runs):
            with stage(1, {}, ALL_OF_ONE_USER) as stack:
                stack.stop_program("worker", 0)  # the batch is walked by the writer alone
                done.append(_run(stack, size, crowd.count))
                floors.append(_floor(stack, size, crowd.count))
        for percent, bar in ((50, crowd.p50_ms), (99, crowd.p99_ms)):
            yield Figure(
                "streams",
                f"{crowd.count} viewers, committed to seen, p{percent}",
                median([percentile(run.seen_ms, percent) for run in done]),
                "ms",
                bar=bar,
                floor=median([percentile(floor, percent) for floor in floors]),
                floor_is="a bare Redis subscriber that writes to as many sockets",
            )
        if crowd.is_large:
            kb = median([run.kb_a_viewer for run in done])
            yield Figure("streams", f"memory per viewer of {crowd.count}", kb, "kB", bar=80)
            asked = median([percentile(run.status_ms, 99) for run in done])
            yield Figure(
                "streams", f"status during {crowd.count} viewers, p99", asked, "ms", bar=50
            )


def _run(stack: Stage, size: Size, count: int) -> Run:
    with ExitStack() as parts:
        writer = parts.enter_context(
            role(
                "writer",
                database_url=stack.database_url,
                redis_url=stack.redis_url,
                account=stack.accounts(1)[0],
                events=size.events,
                per_s=size.per_s,
            )
        )
        for _ in range(20):
            _ask(stack)
        web = max((psutil.Process(pid) for pid in stack.pids("web")), key=lambda one: one.pid)
        before = web.memory_info().rss
        url = urlsplit(stack.url)
        viewers = parts.enter_context(
            role(
                "viewers",
                host=url.hostname,
                port=url.port,
                key=stack.api_key,
                sse="/api/metricool/stream?batchId=busy",
                ws="/api/metricool/ws?batchId=busy",
                wires=["sse", "ws"],
                count=count,
                are_greeted=True,
                within_s=ENDS_WITHIN_S,
            )
        )
        time.sleep(size.settle_s)
        grown = web.memory_info().rss - before
        asked, stop = list[float](), threading.Event()
        asking = threading.Thread(target=_keep_asking, args=(stack, asked, stop))
        asking.start()
        try:
            committed = told(writer)
        finally:
            stop.set()
            asking.join()
        return Run(_latencies(committed, told(viewers), count), asked, grown / count / 1024)


def _floor(stack: Stack, size: Size, count: int) -> list[float]:
    """Have the same crowd at a bare door, in the same minute; the web serves nobody meanwhile."""
    with ExitStack() as parts:
        port = free_port()
        parts.enter_context(role("bare", redis_url=stack.redis_url, port=port, count=count))
        speaker = parts.enter_context(
            role("speaker", redis_url=stack.redis_url, events=size.events, per_s=size.per_s)
        )
        there: dict[str, Any] = {
            "host": "127.0.0.1",
            "port": port,
            "wires": ["bare"],
            "count": count,
            "are_greeted": False,
        }
        viewers = parts.enter_context(role("viewers", within_s=ENDS_WITHIN_S, **there))
        return _latencies(told(speaker), told(viewers), count)


def _latencies(
    committed: dict[str, float], seen: dict[str, list[float]], count: int
) -> list[float]:
    short = {seq: len(seen.get(seq, ())) for seq in committed if len(seen.get(seq, ())) != count}
    short.pop("1", None)  # the first was there before they came
    if short:
        raise NotMeasured(f"not every viewer saw every event once: {short}")
    return [1000 * (t - at) for seq, at in committed.items() if seq != "1" for t in seen[seq]]


def _keep_asking(stack: Stack, asked: list[float], stop: threading.Event) -> None:
    with requests.Session() as session:
        session.trust_env = False
        while not stop.wait(ASK_EVERY_S):
            began = time.perf_counter()
            _ask(stack, session)
            asked.append(1000 * (time.perf_counter() - began))


def _ask(stack: Stack, session: requests.Session | None = None) -> None:
    answer = (session or requests).get(
        f"{stack.url}/api/metricool/status?batchId=busy",
        headers={"X-Api-Key": stack.api_key},
        timeout=10,
    )
    if answer.status_code != 200:
        raise NotMeasured(f"status answered {answer.status_code}")
