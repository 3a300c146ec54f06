"""Date steps per clip on one lane: no step may go by unused."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from tests.bench.figure import Figure, NotMeasured, median
from tests.bench.stage import account, ask_for, sandbox_of, sources, stage, until_ended
from tests.judge import judge, published

BAR = 1.05
CLIPS = 14
STEP_S = 3
SETTINGS = {
    "STORYCLIP_DATE_STEP_S": str(STEP_S),
    "STORYCLIP_LEAD_S": "1",
    "STORYCLIP_CONFIRM_INTERVAL_S": "0.1",
}


def measure(runs: int) -> Iterator[Figure]:
    """Yield the steps per clip; the runs are lanes that wait side by side."""
    lanes = [account(number) for number in range(runs)]
    with stage(1, {"date_step": STEP_S, "publish_delay": 1, "brands": runs}, SETTINGS) as stack:
        asked = {lane: sources("run", lane, CLIPS) for lane in lanes}
        batch_ids = [ask_for(stack, lane, urls) for lane, urls in asked.items()]
        until_ended(stack, batch_ids, 4 * STEP_S * CLIPS)
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
        steps.append((planned[-1] - planned[0]).total_seconds() / STEP_S / (CLIPS - 1))
    yield Figure(
        "cadence",
        f"one lane, step {STEP_S} s, seen live after 1 s",
        median(steps),
        "steps/clip",
        BAR,
        floor=1.0,
        floor_is="no step unused",
        note=f"{CLIPS} clips a run, worst run {max(steps):.2f}",
    )
