"""Whether others moved while a neighbour stood still in a transaction, and its own lane soon."""

from __future__ import annotations

from collections.abc import Iterator

from tests.world.facts import Finding
from tests.world.record import Hold, Record
from tests.world.times import SECOND_US, shown

TAKEN_AWAY_US = 5 * SECOND_US  # the locks of who stands still on a server
MOVES_US = 10 * SECOND_US  # after that, or once the file is free


def of_holds(record: Record) -> Iterator[Finding]:
    """Yield who stood still because of somebody else."""
    for hold in record.holds:
        about, words = f"lane {hold.lane_id}", f"held from {shown(hold.from_us)} on"
        if hold.has_clock_waited:
            yield Finding("stuck", "the clock waits for a neighbour", about, words)
        if hold.standing:
            others = f"{words}: lanes {sorted(set(hold.standing))} stand"
            yield Finding("stuck", "other lanes stand for a neighbour", about, others)
        free_us = _free_us(hold)
        if hold.wanted and free_us is not None and _is_late(record, hold, free_us):
            yield Finding("stuck", "a lane stands for its neighbour", about, words)


def _free_us(hold: Hold) -> int | None:
    """Return when others could have had it, by what is promised; None where it never was free."""
    if hold.lane_id == 0:
        return hold.freed_us
    promised_us = hold.from_us + TAKEN_AWAY_US
    return promised_us if hold.freed_us is None else min(hold.freed_us, promised_us)


def _is_late(record: Record, hold: Hold, free_us: int) -> bool:
    until_us = free_us + MOVES_US
    moved_us = record.ended_us if hold.moved_us is None else hold.moved_us
    if moved_us <= until_us or record.ended_us <= until_us:
        return False
    upset = sum(hold.from_us <= us < until_us for us in record.upset_us) > 1  # by the hold itself
    nobody = any(since < until_us and till > free_us for since, till in record.nobody_us)
    troubled = any(hold.from_us - 20 * SECOND_US < us < until_us for us, _ in record.trouble)
    cancelled = {
        f"{told.batch}.{index}"
        for told in record.told
        if told.answer is not None and hold.from_us <= (told.at_us or 0) < until_us
        for index in told.answer.get("outcome", {}).get("cancelled", ())
    }
    return not (upset or nobody or troubled or hold.wanted <= cancelled)
