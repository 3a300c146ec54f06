"""The engine's own time: from the look that sees a clip live to the next clip's POST.

Both are arrivals at the sandbox, by its request log: its handling of that look is in the figure.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from storyclip.stack.stack import Stack
from tests.bench import floor
from tests.bench.figure import Figure, NotMeasured, median, percentile
from tests.bench.stage import (
    AT_ONCE,
    TWO_AT_ONCE,
    TWO_DATED,
    Needs,
    ask_for,
    ask_for_many,
    dated,
    sandbox_of,
    sources,
    stage,
    until_ended,
)

P50_MS, P99_MS = 25.0, 100.0
CLIP_WITHIN_S = 5.0  # a clip that takes a whole second is a figure too, and no failure to measure
POSTS = "/api/v2/scheduler/posts"


@dataclass(frozen=True)
class Size:
    """The batches one after the other on one lane, and the lanes side by side."""

    one_lane: Needs
    batches: int
    clips: int
    side_by_side: Needs
    lanes: int
    loaded_clips: int


FULL = Size(
    one_lane=(1, {"at_once": True, "date_step": 1}, AT_ONCE),
    batches=3,
    clips=100,
    side_by_side=dated(1),
    lanes=20,
    loaded_clips=8,
)
QUICK = Size(TWO_AT_ONCE, batches=1, clips=20, side_by_side=TWO_DATED, lanes=4, loaded_clips=2)


def measure(runs: int, quick: bool) -> Iterator[Figure]:
    """Yield p50 and p99 on one lane, and with many lanes seen live at different moments."""
    size = QUICK if quick else FULL
    mine, bare = [], []
    with stage(*size.one_lane) as stack:
        for number in range(runs):
            (lane,) = stack.accounts(1)
            batch_ids = [
                ask_for(stack, lane, sources(f"run-{number}-{batch}", lane, size.clips))
                for batch in range(size.batches)
            ]
            until_ended(stack, batch_ids, CLIP_WITHIN_S * size.batches * size.clips)
            mine.append(gaps_ms(stack, [lane]))
            bare.append(_floor_ms(stack, lane, size.clips))
    yield from _figures("one lane", mine, bare, "2 commits and 4 Redis calls, bare")
    loaded = []
    with stage(*size.side_by_side) as stack:
        lanes = stack.accounts(size.lanes)
        for number, lane in enumerate(lanes):  # seen live all over the second, as in real life
            held_s = number / size.lanes
            sandbox_of(stack).fault(fault="publishing_for_long", account=lane, seconds=held_s)
        for number in range(runs):
            began = time.time()
            asked = {lane: sources(f"run-{number}", lane, size.loaded_clips) for lane in lanes}
            until_ended(stack, ask_for_many(stack, asked), CLIP_WITHIN_S * size.loaded_clips)
            loaded.append(gaps_ms(stack, lanes, since=began))
    yield from _figures(f"{size.lanes} lanes side by side", loaded, bare, "one lane, bare")


def _figures(
    what: str, runs: Sequence[list[float]], bare: Sequence[list[float]], floor_is: str
) -> Iterator[Figure]:
    if not all(runs) or not all(bare):
        raise NotMeasured("the sandbox saw no clip follow another")
    for percent, bar in ((50, P50_MS), (99, P99_MS)):
        yield Figure(
            "engine",
            f"seen live to next POST, {what}, p{percent}",
            median([percentile(run, percent) for run in runs]),
            "ms",
            bar,
            floor=median([percentile(run, percent) for run in bare]),
            floor_is=floor_is,
            note=f"{len(runs[0])} gaps a run",
        )


def gaps_ms(stack: Stack, lanes: Sequence[str], since: float = 0.0) -> list[float]:
    """Return the gaps between calls after `since`: the rest between two runs is none of them."""
    by_lane: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for call in sandbox_of(stack).requests():
        if call["path"].startswith(POSTS) and call["received"] > since:
            by_lane[call["account"]].append(call)
    gaps = []
    for lane in lanes:
        calls = by_lane[lane]
        gaps += [
            (after["received"], 1000 * (after["received"] - before["received"]))
            for before, after in pairwise(calls)
            if (before["method"], after["method"]) == ("GET", "POST")
        ]
    return [gap for _, gap in sorted(gaps)]


def _floor_ms(stack: Stack, lane: str, clips: int) -> list[float]:
    before = len(gaps_ms(stack, [lane]))
    floor.run(
        [
            floor.Work(
                folder=str(stack.data_dir),
                metricool_url=stack.metricool_url,
                redis_url=stack.redis_url,
                accounts=[lane],
                clips=clips,
                commits=4,
                redis_calls=4,
                name="floor",
            )
        ]
    )
    return gaps_ms(stack, [lane])[before + 1 :]
