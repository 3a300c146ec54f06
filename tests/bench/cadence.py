"""Date steps per clip on one lane: no step may go by unused."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from tests.bench.figure import Figure, NotMeasured, median
from tests.bench.stage import ask_for, dated, sandbox_of, sources, stage, until_ended
from tests.judge import judge, published

BAR = 1.05


@dataclass(frozen=True)
class Size:
    """Who sends how many clips, the step of their dates, and when after its date one is live."""

    workers: int
    clips: int
    step_s: int
    live_after_s: float


FULL = Size(workers=1, clips=14, step_s=3, live_after_s=1)
QUICK = Size(workers=2, clips=3, step_s=1, live_after_s=0.1)


def measure(runs: int, quick: bool) -> Iterator[Figure]:
    """Yield the steps per clip; the runs are lanes that wait side by side."""
    size = QUICK if quick else FULL
    needs = dated(size.workers, step_s=size.step_s, live_after_s=size.live_after_s)
    with stage(*needs) as stack:
        lanes = stack.accounts(runs)
        asked = {lane: sources("run", lane, size.clips) for lane in lanes}
        batch_ids = [ask_for(stack, lane, urls) for lane, urls in asked.items()]
        until_ended(stack, batch_ids, 10 * size.step_s * size.clips)
        ledger = sandbox_of(stack).ledger()
    steps = []
    for lane, urls in asked.items():
        if not judge(urls, published(ledger, lane)).is_clean:
            raise NotMeasured(f"account {lane} was not published as asked")
        planned = [
            datetime.fromisoformat(line["plannedFor"])
            for line in ledger
            if line["event"] == "published" and line["account"] == lane
        ]
        steps.append((planned[-1] - planned[0]).total_seconds() / size.step_s / (size.clips - 1))
    yield Figure(
        "cadence",
        f"one lane, step {size.step_s} s, seen live after {size.live_after_s:g} s",
        median(steps),
        "steps/clip",
        BAR,
        floor=1.0,
        floor_is="no step unused",
        note=f"{size.clips} clips a run, worst run {max(steps):.2f}",
    )
