"""Clips per second end to end: 50 lanes, two worker processes, SQLite, a sandbox at once."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime

from storyclip.stack.stack import Stack
from tests.bench import floor
from tests.bench.figure import Figure, NotMeasured, median
from tests.bench.stage import (
    AT_ONCE,
    account,
    ask_for_many,
    cpu_s,
    query,
    redis_calls,
    sandbox_of,
    sources,
    stage,
    until_ended,
)
from tests.judge import judge, published

BAR = 150.0
LANES = 50
CLIPS = 50  # a lane; 2,500 in all: more than 10 s at the bar
FLOOR_CLIPS = 20
WITHIN_S = 300.0
WARM_UP_CLIPS = 4
PARTS = ("worker", "worker-2", "sandbox", "redis", "web")


def measure(runs: int) -> Iterator[Figure]:
    """Yield the clips/s, and the CPU of a clip by process."""
    speeds, floors, cpu = [], [], []
    commits = calls = 0.0
    with stage(2, {"at_once": True, "date_step": 1, "brands": LANES}, AT_ONCE) as stack:
        _run(stack, "warm-up", WARM_UP_CLIPS)
        for number in range(runs):
            name = f"run-{number}"
            calls_before, cpu_before = redis_calls(stack.redis_url), cpu_s(stack, PARTS)
            speed, batch_ids = _run(stack, name, CLIPS)
            cpu_after, calls_after = cpu_s(stack, PARTS), redis_calls(stack.redis_url)
            speeds.append(speed)
            total = LANES * CLIPS
            cpu.append({part: (cpu_after[part] - cpu_before[part]) / total for part in PARTS})
            calls = (calls_after - calls_before) / total
            commits = _commits(stack, batch_ids) / total
            floors.append(_floor(stack, f"floor-{number}", round(commits), round(calls)))
    per_clip = ", ".join(
        f"{part} {1000 * median([run[part] for run in cpu]):.2f}" for part in PARTS
    )
    yield Figure(
        "throughput",
        f"{LANES} lanes, 2 workers, SQLite",
        median(speeds),
        "clips/s",
        BAR,
        at_least=True,
        floor=median(floors),
        floor_is=f"{commits:.1f} commits, {calls:.1f} Redis and 3 HTTP calls a clip, bare",
        note=f"runs {', '.join(f'{speed:.0f}' for speed in speeds)}",
    )
    yield Figure(
        "throughput",
        "CPU of a clip, all processes",
        1000 * median([sum(run.values()) for run in cpu]),
        "ms",
        note=per_clip,
    )


def _run(stack: Stack, name: str, clips: int) -> tuple[float, list[str]]:
    asked = {account(lane): sources(name, account(lane), clips) for lane in range(LANES)}
    began = time.time()
    batch_ids = ask_for_many(stack, asked)
    until_ended(stack, batch_ids, WITHIN_S)
    _judge(stack, name, asked)
    marks = ", ".join("?" * len(batch_ids))
    sql = f"SELECT max(completed_at) FROM publish_batches WHERE batch_id IN ({marks})"
    ended = datetime.fromisoformat(query(stack, sql, batch_ids)[0][0]).timestamp()
    return LANES * clips / (ended - began), batch_ids


def _judge(stack: Stack, name: str, asked: Mapping[str, Sequence[str]]) -> None:
    ours = [
        line for line in sandbox_of(stack).ledger() if f"/{name}/" in (line.get("source") or "")
    ]
    for of_account, urls in asked.items():
        lines = [line for line in ours if line["account"] == of_account]
        verdict = judge(urls, published(lines, of_account))
        if not verdict.is_clean:
            raise NotMeasured(f"account {of_account} was not published as asked: {verdict}")


def _commits(stack: Stack, batch_ids: Collection[str]) -> int:
    """Count the commits that moved these clips, from their rows.

    Every change of a clip adds to its revision, except its media prepared ahead, which three
    changes (claimed, accepted, seen live) are the sign of: else there are more.
    """
    marks = ", ".join("?" * len(batch_ids))
    sql = (
        "SELECT sum(revision) + sum(revision = 3) FROM publish_batch_clips"
        f" WHERE batch_id IN ({marks})"
    )
    return int(query(stack, sql, tuple(batch_ids))[0][0])


def _floor(stack: Stack, name: str, commits: int, calls: int) -> float:
    accounts = [account(lane) for lane in range(LANES)]
    return floor.run(
        [
            floor.Work(
                folder=str(stack.data_dir),
                metricool_url=stack.metricool_url,
                redis_url=stack.redis_url,
                accounts=half,
                clips=FLOOR_CLIPS,
                commits=max(commits, 4),
                redis_calls=calls,
                name=name,
            )
            for half in (accounts[::2], accounts[1::2])
        ]
    )
