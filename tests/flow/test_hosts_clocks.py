"""Several hosts whose clocks differ: every clip out once, in order, none failed."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import cycle

import pytest

from storyclip.domain.dates.shared_clock import SharedClock
from storyclip.domain.dates.steady_clock import SteadyClock
from storyclip.flow.engine import Engine
from storyclip.flow.step import prepare, step
from storyclip.store.publishing import clips
from tests.flow.acts import PUBLISHED, assert_told, created_by_us, lines, sources
from tests.flow.conftest import Stage

MINUTES = timedelta(minutes=1)
APART = [(5 * MINUTES, -5 * MINUTES), (-5 * MINUTES, 5 * MINUTES), (61 * MINUTES, -61 * MINUTES)]


class Hosts:
    """Two hosts that take the steps in turn; the clock that rings is now one's, now the other's."""

    def __init__(self, stage: Stage, *ahead: timedelta) -> None:
        self.stage, self.began_at = stage, stage.at
        self.ahead = list(ahead)
        self.clocks = [self._clock(place) for place in range(len(ahead))]
        engines = [
            stage.engine_of(f"worker-{place}", now=clock) for place, clock in enumerate(self.clocks)
        ]
        self._turns = cycle(list(zip(self.clocks, engines, strict=True)))
        stage.play = self.play  # type: ignore[method-assign]  # whoever lets time pass plays

    def _clock(self, place: int) -> SharedClock:
        own = SteadyClock(lambda: self.stage.at + self.ahead[place], self.monotonic)
        return SharedClock(own, self.monotonic, lambda: self.stage.at)

    def monotonic(self) -> float:
        return (self.stage.at - self.began_at).total_seconds()

    def play(self, engine: Engine | None = None) -> None:
        del engine
        clock, engine = next(self._turns)
        for each in self.clocks:
            each.follow()
        self.stage.bells += clips.make_due(clock(), portion=1000)
        while self.stage.bells:
            step(self.stage.bells.pop(0), engine)
            _, engine = next(self._turns)
        while self.stage.prepared:
            prepare(self.stage.prepared.pop(), engine)


def out_by_then(stage: Stage, count: int, within_s: float) -> None:
    """Each clip is out, once, in order, at its first attempt, and nobody was told otherwise."""
    stage.pass_time(within_s)
    assert (stage.live(), stage.states()) == (sources(*range(1, count + 1)), [PUBLISHED] * count)
    assert created_by_us(stage) == stage.live()
    assert [clip.attempts for clip in stage.clips()] == [1] * count
    assert_told(stage)


@pytest.mark.parametrize("apart", APART)
def test_two_hosts_whose_clocks_are_apart_publish_a_batch(stage: Stage, apart):
    Hosts(stage, *apart)
    stage.accept(4, gap_s=2.0)

    out_by_then(stage, 4, within_s=420)


@pytest.mark.parametrize("apart", APART)
def test_two_hosts_whose_clocks_are_apart_keep_dates(stage: Stage, apart):
    Hosts(stage, *apart)
    dates = [stage.at + (90 + n) * MINUTES for n in range(3)]
    stage.accept(3, dates=dates, gap_s=60.0)

    out_by_then(stage, 3, within_s=95 * 60)

    planned = [datetime.fromisoformat(line["plannedFor"]) for line in lines(stage, "published")]
    assert planned == dates


@pytest.mark.parametrize("apart", APART)
def test_what_metricool_cannot_take_waits_as_long_on_every_host(stage: Stage, apart):
    Hosts(stage, *apart)
    stage.sandbox.fault(fault="busy_429", seconds=30)
    stage.accept(3)
    stage.pass_time(30)
    stage.sandbox.clear_faults()

    out_by_then(stage, 3, within_s=420)


@pytest.mark.parametrize("lasts_s", [6.0, 1e6], ids=["for six seconds", "for good"])
@pytest.mark.parametrize("jump", [61 * MINUTES, -61 * MINUTES], ids=["ahead", "back"])
def test_a_host_whose_clock_jumps_ends_and_hurries_nothing(stage: Stage, jump, lasts_s: float):
    hosts = Hosts(stage, timedelta(0), timedelta(0))
    stage.accept(5, gap_s=2.0)
    stage.pass_time(70)
    assert 0 < len(stage.live()) < 5

    hosts.ahead[0] = jump
    stage.pass_time(6)
    hosts.ahead[0] = jump if lasts_s > 6 else timedelta(0)

    out_by_then(stage, 5, within_s=500)
