"""One host whose wall clock is set, for a while or for good: nothing ends or waits by it."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from storyclip.domain.batch import OnFailure
from storyclip.domain.dates.mode import Mode
from storyclip.domain.dates.steady_clock import SteadyClock
from storyclip.domain.network import Network
from storyclip.flow.accept import accept
from storyclip.flow.audit import audit
from storyclip.flow.clock import Clock
from storyclip.flow.step import prepare, step
from storyclip.store.publishing.new_batch import NewBatch, NewClip
from tests.flow.acts import (
    PUBLISHED,
    assert_told,
    created_by_us,
    impatient,
    lines,
    on_sqlite,
    sources,
)
from tests.flow.conftest import ACCOUNT, Stage, source
from tests.flow.test_truth_clocks import skewed
from tests.people import known

pytestmark = on_sqlite
__all__ = ["skewed"]

MINUTES = timedelta(minutes=1)
AN_HOUR = 61 * MINUTES
JUMPS = pytest.mark.parametrize("jump", [AN_HOUR, -AN_HOUR], ids=["ahead", "back"])
LASTS = pytest.mark.parametrize("lasts_s", [6.0, 1e6], ids=["for six seconds", "for good"])


TICK_S = 2.0


class Host:
    """One host with one process: its clock ticks, rings and has lanes audited."""

    def __init__(self, stage: Stage, ahead: timedelta = timedelta(0)) -> None:
        self.stage, self.began_at, self.ahead = stage, stage.at, ahead
        self.starts = 0
        self.start()

    def start(self) -> None:
        """Have the process start, in place of the one before if there was one."""
        self.starts += 1
        name = f"worker-{self.starts}"
        self.now = SteadyClock(lambda: self.stage.at + self.ahead, self.monotonic)
        self.engine = self.stage.engine_of(name, now=self.now)
        self.audits: list[int] = []
        self.clock = Clock(
            name, self.stage.bells.append, self.audits.append, self.monotonic, lambda now: None
        )

    def monotonic(self) -> float:
        return (self.stage.at - self.began_at).total_seconds()

    def live(self, seconds: float) -> None:
        for _ in range(round(seconds / TICK_S)):
            self.stage.stand_still(TICK_S)
            self.clock.tick(self.now())
            while self.stage.bells:
                step(self.stage.bells.pop(0), self.engine)
            while self.stage.prepared:
                prepare(self.stage.prepared.pop(), self.engine)
            while self.audits:
                audit(self.audits.pop(), self.engine)

    def accept(self, count: int, *dates: datetime, gap_s: float = 2.0) -> None:
        """Have the web process, which began with the same clock, accept a batch."""
        wished = dates or (None,) * count
        asked = tuple(
            NewClip(f"c{n}", source("b1", n), f"Clip {n}", date) for n, date in enumerate(wished, 1)
        )
        new = NewBatch(
            "b1",
            None,
            known("ana", self.now()),
            None,
            ACCOUNT,
            Network.FACEBOOK,
            OnFailure.CONTINUE,
            gap_s,
            asked,
            mode=Mode.SCHEDULED if dates else Mode.NOW,
        )
        accept(new, self.now())

    def out_within(self, count: int, seconds: float, attempts: int = 1) -> None:
        """Each clip is out by then, once and in order, and nobody was told otherwise."""
        self.live(seconds)
        stage = self.stage
        assert (stage.live(), stage.states()) == (
            sources(*range(1, count + 1)),
            [PUBLISHED] * count,
        )
        assert created_by_us(stage) == stage.live()
        assert [clip.attempts for clip in stage.clips()] == [attempts] * count
        assert_told(stage)


@JUMPS
@LASTS
def test_a_batch_goes_on_through_a_jump(skewed: Stage, jump: timedelta, lasts_s: float):
    host = Host(skewed)
    host.accept(4)
    host.live(70)
    assert 0 < len(skewed.live()) < 4

    host.ahead = jump
    host.live(6)
    host.ahead = jump if lasts_s > 6 else timedelta(0)

    host.out_within(4, 460)


@JUMPS
@LASTS
def test_a_clip_that_metricool_cannot_take_waits_no_longer_and_is_not_given_up(
    skewed: Stage, jump: timedelta, lasts_s: float
):
    host = Host(skewed)
    skewed.sandbox.fault(fault="busy_429", seconds=2)
    host.accept(2)
    host.live(30)

    host.ahead = jump
    host.live(6)
    host.ahead = jump if lasts_s > 6 else timedelta(0)
    host.live(80)
    skewed.sandbox.clear_faults()

    host.out_within(2, 500)


@JUMPS
@LASTS
def test_a_lost_answer_is_settled_in_time_through_a_jump(
    skewed: Stage, jump: timedelta, lasts_s: float
):
    host = Host(skewed)
    skewed.sandbox.fault(fault="drop_before_create", source=sources(1)[0], times=1)
    host.accept(1)
    with impatient(skewed, "submit_story"):
        host.live(20)

    host.ahead = jump
    host.live(6)
    host.ahead = jump if lasts_s > 6 else timedelta(0)

    host.out_within(1, 600, attempts=2)


@JUMPS
@LASTS
def test_dates_are_kept_through_a_jump(skewed: Stage, jump: timedelta, lasts_s: float):
    dates = [skewed.at + (12 + n) * MINUTES for n in range(3)]
    host = Host(skewed)
    host.accept(3, *dates, gap_s=60.0)
    host.live(30)

    host.ahead = jump
    host.live(6)
    host.ahead = jump if lasts_s > 6 else timedelta(0)

    host.out_within(3, 16 * 60)
    planned = [datetime.fromisoformat(line["plannedFor"]) for line in lines(skewed, "published")]
    assert planned == dates


@JUMPS
@pytest.mark.parametrize("mode", ["now", "dated"])
def test_a_host_that_starts_with_a_wrong_clock_is_set_right_later(
    skewed: Stage, jump: timedelta, mode: str
):
    dates = [skewed.at + (20 + n) * MINUTES for n in range(3)] if mode == "dated" else []
    host = Host(skewed, ahead=jump)
    host.accept(3, *dates, gap_s=60.0 if dates else 2.0)
    host.live(45)

    host.ahead = timedelta(0)

    host.out_within(3, 24 * 60 if dates else 460)


@JUMPS
@pytest.mark.parametrize("set_right", [True, False], ids=["set right", "for good"])
def test_a_process_that_is_started_again_with_a_wrong_clock(
    skewed: Stage, jump: timedelta, set_right: bool
):
    host = Host(skewed)
    host.accept(4)
    host.live(70)

    host.ahead = jump
    host.start()
    host.live(90)
    host.ahead = timedelta(0) if set_right else jump
    host.start()

    host.out_within(4, 500)
