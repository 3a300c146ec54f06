"""Watching live: from the commit of an event to its sight, for many viewers of one busy batch."""

from __future__ import annotations

import subprocess
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from urllib.parse import urlsplit

import psutil
import requests

from storyclip.stack.ports import free_port
from storyclip.stack.stack import Stack
from tests.bench.crowd import role, until_said
from tests.bench.figure import Figure, NotMeasured, median, percentile
from tests.bench.stage import stage

EVENTS = 150
PER_S = 10
CONNECT_S = 60.0
SETTLE_S = 2.0
ASK_EVERY_S = 0.05  # the status, meanwhile
CROWDS = {1000: (20.0, 100.0), 200: (None, 40.0)}  # viewers: bars of p50 and p99 in ms


@dataclass(frozen=True)
class Run:
    """What one crowd saw, in milliseconds, and what it cost."""

    seen_ms: Sequence[float]
    status_ms: Sequence[float]
    kb_a_viewer: float


def measure(runs: int) -> Iterator[Figure]:
    """Yield latency for each crowd, memory, and the API's latency meanwhile."""
    for count, (bar50, bar99) in CROWDS.items():
        done, floors = [], []
        for _ in range(runs):
            done.append(_run(count))
            floors.append(_floor(count))
        for percent, bar in ((50, bar50), (99, bar99)):
            yield Figure(
                "streams",
                f"{count} viewers, committed to seen, p{percent}",
                median([percentile(run.seen_ms, percent) for run in done]),
                "ms",
                bar=bar,
                floor=median([percentile(floor, percent) for floor in floors]),
                floor_is="a bare Redis subscriber that writes to as many sockets",
            )
        if bar50 is not None:
            kb = median([run.kb_a_viewer for run in done])
            yield Figure("streams", f"memory per viewer of {count}", kb, "kB", bar=80)
            asked = median([percentile(run.status_ms, 99) for run in done])
            yield Figure("streams", f"status during {count} viewers, p99", asked, "ms", bar=50)


def _run(count: int) -> Run:
    with stage(1, {}, {}) as stack, ExitStack() as parts:
        stack.stop_program("worker")  # the batch is walked by the writer alone
        where = {"database_url": stack.database_url, "redis_url": stack.redis_url}
        writer = parts.enter_context(
            role("writer", user="local", events=EVENTS, per_s=PER_S, **where)
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
                for_s=SETTLE_S + EVENTS / PER_S + CONNECT_S,
            )
        )
        time.sleep(SETTLE_S)
        grown = web.memory_info().rss - before
        asked, stop = list[float](), threading.Event()
        asking = threading.Thread(target=_keep_asking, args=(stack, asked, stop))
        asking.start()
        try:
            committed = _begun(writer)
        finally:
            stop.set()
            asking.join()
        return Run(_latencies(committed, until_said(viewers), count), asked, grown / count / 1024)


def _floor(count: int) -> list[float]:
    with stage(1, {}, {}) as stack, ExitStack() as parts:
        stack.stop_program("worker")
        port = free_port()
        parts.enter_context(role("bare", redis_url=stack.redis_url, port=port, count=count))
        speaker = parts.enter_context(
            role("speaker", redis_url=stack.redis_url, events=EVENTS, per_s=PER_S)
        )
        for_s = SETTLE_S + EVENTS / PER_S + 1
        there = {
            "host": "127.0.0.1",
            "port": port,
            "wires": ["bare"],
            "count": count,
            "are_greeted": False,
        }
        viewers = parts.enter_context(role("viewers", for_s=for_s, **there))
        return _latencies(_begun(speaker), until_said(viewers), count)


def _begun(process: subprocess.Popen[str]) -> dict[str, float]:
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()
    said: dict[str, float] = until_said(process)
    return said


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
