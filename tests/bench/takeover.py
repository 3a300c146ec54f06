"""A worker is killed with -9: how long its clips stand still.

Clips in `uploading` were being sent when it died; those waiting for confirmation belong to nobody,
but their bells and the leading clock may have died with it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from storyclip.flow.clock import SILENT_S, TICK_S
from storyclip.stack.stack import Stack
from tests.bench.figure import Figure, NotMeasured, median
from tests.bench.stage import (
    TWO_DATED,
    Needs,
    ask_for,
    ask_for_many,
    dated,
    query,
    sandbox_of,
    sources,
    stage,
    until,
    until_ended,
)

BAR_S = 2.0
ANSWER_AFTER_S = 6.0  # the POST that the worker dies in: longer than any takeover
POLL_S = 0.005
PATIENCE_S = 20.0


@dataclass(frozen=True)
class Size:
    """How many kills a run, how many at least, and the lanes whose clip is never seen live."""

    needs: Needs
    kills_a_run: int
    kills: int
    waiting: int


FULL = Size(dated(2, look_every_s=0.5), kills_a_run=4, kills=12, waiting=8)
QUICK = Size(TWO_DATED, kills_a_run=1, kills=1, waiting=2)


def measure(runs: int, quick: bool) -> Iterator[Figure]:
    """Yield the longest and the median of all kills."""
    size = QUICK if quick else FULL
    kills = max(size.kills, size.kills_a_run * runs)
    sent, waited = [], []
    with stage(*size.needs) as stack:
        lanes = stack.accounts(size.waiting)
        for lane in lanes:
            sandbox_of(stack).fault(fault="never_publishes", account=lane)
        ask_for_many(stack, {lane: sources("waiting", lane, 2) for lane in lanes})
        _until(lambda: _waiting(stack) == size.waiting, "the waiting clips were not accepted")
        for lane_of_its_own in stack.accounts(kills):
            killed_at, after_s, batch_id = _kill(stack, lane_of_its_own)
            sent.append(after_s)
            waited += [_next_look_s(stack, lane, killed_at) for lane in lanes]
            until_ended(stack, [batch_id], PATIENCE_S)
    for what, after in (("sending", sent), ("waiting for confirmation", waited)):
        yield Figure(
            "takeover",
            f"killed worker's clip moves again, {what}, longest",
            max(after),
            "s",
            BAR_S,
            floor=SILENT_S + TICK_S,
            floor_is="the silence that proves a death, and a tick",
            note=f"{kills} kills, {len(after)} clips, median {median(after):.2f} s",
        )


def _kill(stack: Stack, lane: str) -> tuple[float, float, str]:
    """Kill the worker that sends a clip; return when, how long until its row moves, its batch."""
    names = ("worker", "worker-2")
    _until(lambda: _living(stack) == len(names), "a killed worker did not come back")
    fault = {"fault": "delay_answer", "account": lane, "seconds": ANSWER_AFTER_S, "times": 1}
    sandbox_of(stack).fault(**fault)
    batch_id = ask_for(stack, lane, sources("sending", lane, 1))
    _until(lambda: _posts(stack, lane), "the clip was not sent")
    status, worker, revision = _row(stack, batch_id)
    if status != "uploading":
        raise NotMeasured(f"the clip that is being sent is {status}")
    pid = int(worker.split("-")[1])
    victim = next((name for name in names if pid in stack.pids(name)), None)
    if victim is None:
        raise NotMeasured(f"no worker of the stack is {worker}")
    killed_at, began = time.time(), time.monotonic()
    stack.kill(victim)
    _until(lambda: _row(stack, batch_id)[2] > revision, "its clip did not move")
    return killed_at, time.monotonic() - began, batch_id


def _row(stack: Stack, batch_id: str) -> tuple[str, str, int]:
    sql = "SELECT status, worker, revision FROM publish_batch_clips WHERE batch_id = ?"
    status, worker, revision = query(stack, sql, (batch_id,))[0]
    return status, worker, revision


def _waiting(stack: Stack) -> int:
    sql = "SELECT count(*) FROM publish_batch_clips WHERE status = 'waiting_confirmation'"
    return int(query(stack, sql)[0][0])


def _living(stack: Stack) -> int:
    """Count the workers that beat within the last moment."""
    before = dict(query(stack, "SELECT name, beats FROM workers"))
    time.sleep(2 * TICK_S)
    after = dict(query(stack, "SELECT name, beats FROM workers"))
    return sum(before.get(name, beats) != beats for name, beats in after.items())


def _posts(stack: Stack, lane: str) -> bool:
    return any(call["method"] == "POST" for call in sandbox_of(stack).requests(lane))


def _next_look_s(stack: Stack, lane: str, killed_at: float) -> float:
    looks: Sequence[float] = ()

    def seen() -> bool:
        nonlocal looks
        received = [call["received"] for call in sandbox_of(stack).requests(lane)]
        looks = [at for at in received if at > killed_at]
        return bool(looks)

    _until(seen, "a waiting clip was not looked at again")
    return looks[0] - killed_at


def _until(is_so: Callable[[], object], otherwise: str) -> None:
    until(is_so, PATIENCE_S, otherwise, POLL_S)
