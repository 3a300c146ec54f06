"""Clips per second end to end: 50 lanes, two worker processes, SQLite, a sandbox at once."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from storyclip.stack.stack import Stack
from tests.bench import floor
from tests.bench.figure import Figure, NotMeasured, median
from tests.bench.stage import (
    TWO_AT_ONCE,
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
WITHIN_S = 300.0
PARTS = ("worker", "worker-2", "sandbox", "redis", "web")


@dataclass(frozen=True)
class Size:
    """How many lanes, and how many clips on each."""

    lanes: int
    clips: int
    floor_clips: int
    warm_up_clips: int


FULL = Size(lanes=50, clips=50, floor_clips=20, warm_up_clips=4)  # 2,500: above 10 s at the bar
QUICK = Size(lanes=4, clips=20, floor_clips=20, warm_up_clips=1)


def measure(runs: int, quick: bool) -> Iterator[Figure]:
    """Yield the clips/s, and the CPU of a clip by process."""
    size = QUICK if quick else FULL
    speeds, floors, cpu = [], [], []
    commits = calls = 0.0
    with stage(*TWO_AT_ONCE) as stack:
        lanes = stack.accounts(size.lanes)
        _run(stack, "warm-up", lanes, size.warm_up_clips)
        for number in range(runs):
            name = f"run-{number}"
            calls_before, cpu_before = redis_calls(stack.redis_url), cpu_s(stack, PARTS)
            speed, batch_ids = _run(stack, name, lanes, size.clips)
            cpu_after, calls_after = cpu_s(stack, PARTS), redis_calls(stack.redis_url)
            speeds.append(speed)
            total = size.lanes * size.clips
            cpu.append({part: (cpu_after[part] - cpu_before[part]) / total for part in PARTS})
            calls = (calls_after - calls_before) / total
            commits = _commits(stack, batch_ids) / total
            floors.append(
                _floor(
                    stack, f"floor-{number}", lanes, size.floor_clips, round(commits), round(calls)
                )
            )
    per_clip = ", ".join(
        f"{part} {1000 * median([run[part] for run in cpu]):.2f}" for part in PARTS
    )
    yield Figure(
        "throughput",
        f"{size.lanes} lanes, 2 workers, SQLite",
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


def _run(stack: Stack, name: str, lanes: Sequence[str], clips: int) -> tuple[float, list[str]]:
    asked = {lane: sources(name, lane, clips) for lane in lanes}
    began = time.time()
    batch_ids = ask_for_many(stack, asked)
    until_ended(stack, batch_ids, WITHIN_S)
    _judge(stack, name, asked)
    marks = ", ".join("?" * len(batch_ids))
    sql = f"SELECT max(completed_at) FROM publish_batches WHERE batch_id IN ({marks})"
    ended = datetime.fromisoformat(query(stack, sql, batch_ids)[0][0]).timestamp()
    return len(lanes) * clips / (ended - began), batch_ids


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


def _floor(
    stack: Stack, name: str, lanes: list[str], clips: int, commits: int, calls: int
) -> float:
    return floor.run(
        [
            floor.Work(
                folder=str(stack.data_dir),
                metricool_url=stack.metricool_url,
                redis_url=stack.redis_url,
                accounts=half,
                clips=clips,
                commits=max(commits, 4),
                redis_calls=calls,
                name=name,
            )
            for half in (lanes[::2], lanes[1::2])
        ]
    )
