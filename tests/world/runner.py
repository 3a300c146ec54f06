"""Seed after seed on all cores, until told to stop: figures, and what went wrong."""

from __future__ import annotations

import gc
import multiprocessing
import os
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count

import structlog

from tests.world.history import run
from tests.world.judge import KINDS, Finding
from tests.world.one_thread import spare_locks
from tests.world.scenario import scenario_of

PORTION = 8  # seeds that one process takes at a time


@dataclass
class Outcome:
    """What some seeds came to; `failed` are (seed, finding), one of each sort a seed."""

    seeds: int = 0
    lives: int = 0
    cpu_s: float = 0.0
    counts: Counter[str] = field(default_factory=Counter)
    failed: list[tuple[int, Finding]] = field(default_factory=list)

    def add(self, other: Outcome) -> None:
        """Add what other seeds came to."""
        self.seeds += other.seeds
        self.lives += other.lives
        self.cpu_s += other.cpu_s
        self.counts += other.counts
        self.failed += other.failed

    @property
    def figures(self) -> str:
        """Return the one line that everything comes down to."""
        kinds = Counter(finding.kind for _, finding in self.failed)
        happened = (
            f"{self.lives} lives, {self.counts['kills']} kills, {self.counts['faults']} faults,"
            f" {self.counts['people']} acts of people"
        )
        return ", ".join([happened, *(f"{kinds[kind]} {kind}" for kind in KINDS)])


def run_seeds(seeds: range, profile: str | None) -> Outcome:
    """Run some seeds in this process."""
    began, outcome = time.process_time(), Outcome()
    for seed in seeds:
        history = run(scenario_of(seed, profile))
        outcome.seeds += 1
        outcome.lives += sum(len(ending.clips) for ending in history.record.endings)
        outcome.counts += history.record.counts
        sorts = {(finding.kind, finding.what): finding for finding in history.findings}
        outcome.failed += [(seed, finding) for finding in sorts.values()]
    gc.collect()
    if not gc.isenabled():
        gc.freeze()  # what is kept is not gone through again: most of what a collection took
    outcome.cpu_s = time.process_time() - began
    return outcome


def outcomes(first: int, profile: str | None, seconds: float | None) -> Iterator[Outcome]:
    """Yield what portions of seeds come to, from `first` on, for so many seconds or for ever."""
    end = None if seconds is None else time.monotonic() + seconds
    cores = len(os.sched_getaffinity(0))
    with multiprocessing.Pool(cores, _begin) as pool:
        portions = (
            (range(begin, begin + PORTION), profile)
            for begin in count(first, PORTION)
            if end is None or time.monotonic() < end
        )
        under_way = [pool.apply_async(run_seeds, next(portions)) for _ in range(2 * cores)]
        while under_way:
            yield under_way.pop(0).get()
            if end is None or time.monotonic() < end:
                under_way.append(pool.apply_async(run_seeds, next(portions)))


def _begin() -> None:
    spare_locks()
    structlog.configure(cache_logger_on_first_use=True)  # worlds log nothing, all of them
    gc.freeze()
    gc.disable()  # worlds are thrown away whole; it is collected after each portion
