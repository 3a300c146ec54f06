"""One tenant alone, and beside each of the dearest things that another one does.

Both have the same web process. What is measured is the first one's POST and status, open loop; the
bar is three times what they take alone.
"""

from __future__ import annotations

import json
import sqlite3
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from tests.bench.figure import Figure, NotMeasured, median, percentile
from tests.bench.neighbours import ASKING, HOLDING
from tests.bench.roles import role, told
from tests.bench.stage import (
    AT_ONCE,
    BRANDS,
    Stage,
    ask_for,
    cpu_s,
    folder,
    sandbox_of,
    sources,
    until_ended,
)

AT_MOST = 3.0  # times what it takes alone
CALLS_AT_MOST = 2  # of all the brands calls, to Metricool
BRANDS_PER_S = 1000
KEYS = {name: f"key-of-{name}-that-has-32-characters" for name in ("ana", "bea")}
MINE, THEIRS = 20, 20  # accounts
ENDED_WITHIN_S = 60.0


@dataclass(frozen=True)
class Size:
    """What is done beside, how long each is measured, and what the neighbour has."""

    kinds: tuple[str, ...]
    large: int  # clips of a batch
    seconds: float
    history: int
    running: int
    streams: int


FULL = Size((*ASKING, *HOLDING), large=100, seconds=10, history=300_000, running=900, streams=400)
# One of each kind: who asks, and who holds
QUICK = Size(
    ("brands", "slow readers"), large=20, seconds=0.5, history=3_000, running=50, streams=40
)


@dataclass(frozen=True)
class _Pair:
    """How long the tenant's calls took, and what the neighbour was answered.

    One right after the other: what the machine does besides would be most of the ratio of two
    that were measured minutes apart. On a busy machine it still may be: `used` tells, in CPU
    seconds of the web process a second, what the neighbour can have cost at all.
    """

    alone: dict[str, list[float]]
    beside: dict[str, list[float]]
    answered: dict[str, int]
    used: tuple[float, float]

    def p99(self, call: str, which: str) -> float:
        """Return it in ms, of the calls `alone` or those `beside`."""
        took: dict[str, list[float]] = getattr(self, which)
        return percentile(took[call], 99)


@dataclass
class _Day:
    """The stage, and what all who take part are told."""

    stack: Stage
    size: Size
    tenant: dict[str, Any]
    neighbour: dict[str, Any]

    def alone(self) -> dict[str, list[float]]:
        with self._role("tenant", **self.tenant) as one:
            return _took(told(one))

    def pair(self, kind: str) -> _Pair:
        began, used = time.monotonic(), cpu_s(self.stack, ["web"])["web"]
        alone = self.alone()
        between, used_then = time.monotonic(), cpu_s(self.stack, ["web"])["web"]
        beside, answered = self.beside(kind)
        took, used_last = time.monotonic(), cpu_s(self.stack, ["web"])["web"]
        shares = (used_then - used) / (between - began), (used_last - used_then) / (took - between)
        return _Pair(alone, beside, answered, shares)

    def beside(self, kind: str) -> tuple[dict[str, list[float]], dict[str, int]]:
        """Return how long the tenant's calls took, and what the neighbour was answered."""
        more = {"per_s": BRANDS_PER_S} if kind == "brands" else {}
        seconds = self.size.seconds + 1
        with (
            self._role("tenant", **self.tenant) as one,
            self._role("neighbour", **self.neighbour, **more, kind=kind, seconds=seconds) as other,
        ):
            answered: list[dict[str, int]] = []
            nuisance = threading.Thread(target=lambda: answered.append(told(other)))
            nuisance.start()
            took = _took(told(one))
            nuisance.join()
        return took, answered[0]

    def _role(self, name: str, **arguments: Any) -> Any:
        address = urlsplit(self.stack.url)
        where = {"host": address.hostname, "port": address.port, "seconds": self.size.seconds}
        return role(name, "tests.bench.neighbours", **{**where, **arguments})


def measure(runs: int, quick: bool) -> Iterator[Figure]:
    """Yield what both calls take alone and at worst; how many brands calls reached Metricool."""
    size = QUICK if quick else FULL
    with _day(size) as day:
        day.alone()  # the first requests of a process take longest
        found: dict[str, list[_Pair]] = {}
        calls = 0
        for kind in size.kinds:
            asked_before = _brands_calls(day.stack)
            found[kind] = [day.pair(kind) for _ in range(runs)]
            if kind == "brands":
                calls = _brands_calls(day.stack) - asked_before
            _tell(kind, found[kind])
    for call, name in (("POST", "POST of a batch"), ("GET", "status")):
        yield from _figures(call, name, found)
    yield Figure(
        "tenants", f"brands at {BRANDS_PER_S}/s, calls to Metricool", calls, "calls", CALLS_AT_MOST
    )


def _figures(call: str, name: str, found: dict[str, list[_Pair]]) -> Iterator[Figure]:
    p99 = {
        kind: (
            median([pair.p99(call, "alone") for pair in pairs]),
            median([pair.p99(call, "beside") for pair in pairs]),
        )
        for kind, pairs in found.items()
    }
    usual = median([alone for alone, _ in p99.values()])
    yield Figure("tenants", f"{name}, alone, p99", usual, "ms")
    kind = max(p99, key=lambda one: p99[one][1] / p99[one][0])
    alone, beside = p99[kind]
    yield Figure(
        "tenants",
        f"{name}, beside the worst of {len(found)} neighbours, p99",
        beside,
        "ms",
        bar=round(AT_MOST * alone, 1),
        floor=alone,
        floor_is="alone, in turns with it",
        note=kind,
    )


def _tell(kind: str, pairs: list[_Pair]) -> None:
    for call in ("POST", "GET"):
        each = ", ".join(
            f"{pair.p99(call, 'beside'):.0f} to {pair.p99(call, 'alone'):.0f}" for pair in pairs
        )
        print(f"  {kind}: {call} p99 beside it, to alone: {each} ms", file=sys.stderr, flush=True)
    alone, beside = (median([pair.used[n] for pair in pairs]) for n in range(2))
    used = f"web's CPU {alone:.2f} alone, {beside:.2f} beside it"
    print(f"  {kind}: answered {pairs[-1].answered}, {used}", file=sys.stderr, flush=True)


@contextmanager
def _day(size: Size) -> Iterator[_Day]:
    seeds = ",".join(f"{key}:{name}:publish+read@*" for name, key in KEYS.items())
    environment = {
        **AT_ONCE,
        "STORYCLIP_API_KEYS": seeds,
        "STORYCLIP_WEBHOOK_ALLOW_PRIVATE": "1",
    }
    flags = {"at_once": True, "date_step": 1, "brands": BRANDS}
    with (
        folder() as path,
        Stage(path, sandbox_flags=flags, environment=environment, seeds_key=False) as stack,
    ):
        try:
            mine, theirs = stack.accounts(MINE), stack.accounts(THEIRS)
            stack.api_key = KEYS["bea"]
            watched = ask_for(stack, mine[0], sources("watched", "x", 5))
            until_ended(stack, [watched], ENDED_WITHIN_S)
            stack.api_key = KEYS["ana"]
            large = ask_for(stack, theirs[0], sources("large", "x", size.large))
            until_ended(stack, [large], ENDED_WITHIN_S)
            _give_a_history(stack, size, large)
            tenant = {"key": KEYS["bea"], "accounts": mine, "batch_id": watched}
            neighbour = {
                "key": KEYS["ana"],
                "accounts": theirs,
                "large_id": large,
                "streams": size.streams,
            }
            yield _Day(stack, size, tenant, neighbour)
        finally:
            stack.stop(0)


def _give_a_history(stack: Stage, size: Size, like: str) -> None:
    """Have the neighbour's batch a great many times, ended and paused."""
    ended = {
        "batch_id": "'ended-' || i",
        "status": "CASE WHEN i % 3 THEN 'completed' ELSE 'failed' END",
        "turn": "1000 + i",
        "place": "1000 + i",
    }
    paused = {
        "batch_id": "'paused-' || i",
        "status": "'paused'",
        "completed_at": "NULL",
        "pause_requested_at": "created_at",
        "total_clips": "20",
        "published_clips": "0",
        "last_seq": "1",
        "turn": "1000000 + i",
        "place": "1000000 + i",
    }
    pending = {"batch_id": "'paused-' || i", "status": "'pending'", "next_at": "NULL", "id": "NULL"}
    first = {"batch_id": "'paused-' || i"}
    path = stack.data_dir / "storyclip.db"
    with closing(sqlite3.connect(path, timeout=60)) as store, store:
        _copy(store, "publish_batches", ended, size.history, like)
        _copy(store, "publish_batches", paused, size.running, like)
        _copy(store, "publish_batch_clips", pending, size.running, like, "AND clip_index <= 20")
        _copy(store, "publish_batch_events", first, size.running, like, "AND seq = 1")
        store.execute("UPDATE lanes SET turns = 2000000")


def _copy(
    store: sqlite3.Connection,
    table: str,
    own: dict[str, str],
    count: int,
    like: str,
    where: str = "",
) -> None:
    columns = [name for _, name, *_ in store.execute(f"PRAGMA table_info({table})")]
    values = ", ".join(own.get(name, name) for name in columns)
    store.execute(
        f"INSERT INTO {table} ({', '.join(columns)})"
        f" WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count})"
        f" SELECT {values} FROM n, {table} WHERE batch_id = ? {where}",
        (like,),
    )


def _brands_calls(stack: Stage) -> int:
    calls = sandbox_of(stack).requests()
    return sum(call["path"].endswith("/admin/simpleProfiles") for call in calls)


def _took(said: dict[str, Any]) -> dict[str, list[float]]:
    if said["wrong"]:
        raise NotMeasured(f"{len(said['wrong'])} calls went wrong: {json.dumps(said['wrong'][0])}")
    took: dict[str, list[float]] = said["took"]
    return took
