from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NoReturn

import pytest

from storyclip.domain.clip import Clip, Event
from storyclip.domain.errors import StoreUnavailable
from storyclip.flow.clock import AUDIT_S, CATCH_UP_PER_S, CHECKED, SILENT_S, TICK_S, Clock
from storyclip.store.publishing import batches, clips, lanes
from storyclip.store.publishing.new_batch import IdempotencyKey
from storyclip.store.service import workers
from tests.store.making import T0, made, new_batch, note, published, record, sql

PORTION = round(CATCH_UP_PER_S * TICK_S)


@dataclass
class Host:
    """The surroundings of some clocks: one time that only the test moves, and what was rung."""

    passed_s: float = 0.0
    rung: list[int] = field(default_factory=list)
    audited: list[int] = field(default_factory=list)

    @property
    def now(self) -> datetime:
        return T0 + timedelta(seconds=self.passed_s)

    def clock(self, name: str, monotonic: Callable[[], float] | None = None) -> Clock:
        at = monotonic or (lambda: self.passed_s)
        return Clock(name, self.rung.append, self.audited.append, at, lambda now: None)

    def tick(self, *clocks: Clock) -> list[int]:
        """Let the clocks tick one after the other; return what they rang in all."""
        before = len(self.rung)
        for clock in clocks:
            clock.tick(self.now)
        return self.rung[before:]

    def pass_time(self, seconds: float, *clocks: Clock, tick_s: float = TICK_S) -> list[int]:
        """Let so much time pass, tick by tick, with the given clocks alive."""
        before = len(self.rung)
        for _ in range(round(seconds / tick_s)):
            self.passed_s += tick_s
            self.tick(*clocks)
        return self.rung[before:]


@pytest.fixture
def host(store: str) -> Host:
    return Host()


def a_due_clip(host: Host) -> Clip:
    return note(made(count=1)[0], next_at=host.now, rung_at=None)


def test_of_two_clocks_only_the_first_by_name_rings(host: Host):
    a, b = host.clock("a"), host.clock("b")
    host.tick(a, b)
    clip = a_due_clip(host)

    assert host.tick(b) == []
    assert host.tick(a) == [clip.id]


def test_a_clock_on_its_own_rings_whatever_its_name(host: Host):
    clip = a_due_clip(host)

    assert host.tick(host.clock("z")) == [clip.id]


def test_a_tick_says_how_many_bells_it_rang(host: Host):
    a_due_clip(host)
    clock = host.clock("a")

    assert [clock.tick(host.now), clock.tick(host.now)] == [1, 0]


def test_nobody_is_buried_before_its_silence_has_lasted(host: Host):
    a, b = host.clock("a"), host.clock("b")
    host.tick(a, b)

    host.pass_time(SILENT_S, b)

    assert set(workers.beats()) == {"a", "b"}


def test_a_clock_that_falls_silent_is_buried_and_the_next_one_leads(host: Host):
    a, b = host.clock("a"), host.clock("b")
    host.tick(a, b)
    clip = a_due_clip(host)

    rung = host.pass_time(SILENT_S + TICK_S, b)

    assert set(workers.beats()) == {"b"}
    assert rung == [clip.id]


def test_what_a_silent_worker_had_in_hand_is_rung_with_its_burial(host: Host):
    a, b = host.clock("a"), host.clock("b")
    host.tick(a, b)
    far = T0 + timedelta(minutes=5)
    clip = made(count=1)[0]
    record(clip, Event.CLAIMED, at=T0, worker="a", next_at=far, rung_at=None)

    rung = host.pass_time(SILENT_S + TICK_S, b)

    assert rung == [clip.id]
    assert clips.find(clip.id).next_at == host.now


def test_the_leader_buries_a_silent_follower_too(host: Host):
    a, b = host.clock("a"), host.clock("b")
    host.tick(b, a)
    clip = made(count=1)[0]
    far = T0 + timedelta(minutes=5)
    record(clip, Event.CLAIMED, at=T0, worker="b", next_at=far, rung_at=None)

    assert host.pass_time(SILENT_S + TICK_S, a) == [clip.id]


def test_what_a_worker_had_in_hand_that_died_before_its_first_beat_is_rung(host: Host):
    clock = host.clock("a")
    clip = made(count=1)[0]
    far = T0 + timedelta(minutes=5)
    record(clip, Event.CLAIMED, at=T0, worker="b", next_at=far, rung_at=None)

    assert host.pass_time(SILENT_S + 2 * TICK_S, clock) == [clip.id]


def test_silence_is_noticed_early_enough_to_move_within_two_seconds():
    assert SILENT_S + 2 * TICK_S <= 2.0


def test_what_living_workers_have_in_hand_is_never_rung(host: Host):
    a, b = host.clock("a"), host.clock("b")
    host.tick(a, b)
    far = T0 + timedelta(minutes=5)
    record(made(count=1)[0], Event.CLAIMED, at=T0, worker="b", next_at=far, rung_at=None)

    assert host.pass_time(10, a, b) == []


@pytest.mark.parametrize("beats_before", [1, 2])
def test_a_clock_that_was_only_slow_comes_back_and_leads_again(host: Host, beats_before: int):
    a, b = host.clock("a"), host.clock("b")
    host.pass_time(TICK_S * beats_before, a, b)
    host.pass_time(SILENT_S + TICK_S, b)
    assert set(workers.beats()) == {"b"}

    host.pass_time(TICK_S, a, b)

    clip = a_due_clip(host)
    assert host.tick(b) == []
    assert host.tick(a) == [clip.id]


def test_a_clock_that_comes_new_buries_nobody_it_has_not_watched(host: Host):
    host.tick(host.clock("a"))
    host.passed_s += 3600

    host.tick(host.clock("b"))

    assert set(workers.beats()) == {"a", "b"}


def test_after_all_workers_died_a_new_one_buries_them_and_takes_over_what_they_had(host: Host):
    clip = made(count=1)[0]
    far = T0 + timedelta(minutes=5)
    record(clip, Event.CLAIMED, at=T0, worker="a", next_at=far, rung_at=None)
    host.tick(host.clock("a"))
    new = host.clock("b")

    host.tick(new)

    assert host.pass_time(SILENT_S + TICK_S, new) == [clip.id]


def test_a_clock_buried_in_the_middle_of_its_tick_ticks_on(host: Host):
    def buried_meanwhile() -> float:
        workers.bury(["a"], host.now)
        return host.passed_s

    clock = host.clock("a", monotonic=buried_meanwhile)

    host.tick(clock)
    host.tick(clock)

    assert workers.beats() == {}


def test_the_backlog_of_an_outage_is_rung_in_portions(host: Host):
    clock = host.clock("a")
    hour_ago = T0 - timedelta(hours=1)
    backlog = [made(f"b{n}", 1, account=str(n), at=hour_ago)[0].id for n in range(120)]

    portions = [host.tick(clock)]
    for _ in range(3):
        portions.append(host.pass_time(TICK_S, clock))

    assert [len(portion) for portion in portions] == [PORTION, PORTION, 120 - 2 * PORTION, 0]
    assert sorted(host.rung) == backlog


def test_a_lane_whose_turn_got_lost_is_healed_with_the_next_audit(host: Host):
    clip = made()[0]
    clock = host.clock("a")
    host.tick(clock)
    sql("UPDATE publish_batch_clips SET next_at = NULL, rung_at = NULL")

    rung = host.pass_time(AUDIT_S, clock, tick_s=1.0)

    assert rung[0] == clip.id
    assert clips.find(clip.id).next_at == host.now


def test_active_lanes_are_audited_once_a_minute_by_the_leader_alone(host: Host):
    lane_id = made(count=1)[0].lane.id
    a, b = host.clock("a"), host.clock("b")
    host.tick(a, b)

    host.pass_time(2 * AUDIT_S, a, b, tick_s=1.0)

    assert host.audited == [lane_id] * 3


def test_an_idempotency_key_is_kept_for_a_day_at_least(host: Host):
    key = IdempotencyKey("key", "body")
    batches.create(new_batch("b1"), T0, key)
    host.passed_s = timedelta(days=1).total_seconds()

    host.tick(host.clock("a"))

    assert batches.create(new_batch("b2"), host.now, key).batch_id == "b1"


def test_an_idempotency_key_is_not_kept_for_ever(host: Host):
    key = IdempotencyKey("key", "body")
    batches.create(new_batch("b1"), T0, key)
    host.passed_s = timedelta(days=10).total_seconds()

    host.tick(host.clock("a"))

    assert batches.create(new_batch("b2"), host.now, key).batch_id == "b2"


def test_a_lane_is_not_audited_long_after_its_last_batch(host: Host):
    published(made(count=1)[0])
    host.passed_s = lanes.AUDITED_FOR.total_seconds() + 1

    host.tick(host.clock("a"))

    assert host.audited == []


def test_nobody_is_buried_for_the_time_in_which_the_database_was_away(
    host: Host, monkeypatch: pytest.MonkeyPatch
):
    a, b = host.clock("a"), host.clock("b")
    host.tick(b, a)

    def away() -> NoReturn:
        raise StoreUnavailable("away")

    for _ in range(20):
        host.passed_s += TICK_S
        with monkeypatch.context() as patch:
            patch.setattr(workers, "beats", away)
            with pytest.raises(StoreUnavailable):
                a.tick(host.now)
    host.pass_time(SILENT_S, a)  # whose line is up again first

    assert set(workers.beats()) == {"a", "b"}
    host.pass_time(2 * TICK_S, a)
    assert set(workers.beats()) == {"a"}


def test_nobody_is_buried_because_every_tick_takes_long(host: Host):
    a, b = host.clock("a"), host.clock("b")

    host.pass_time(60.0, a, b, tick_s=3.0)
    host.pass_time(9.0, a, tick_s=3.0)  # the other's beat waits behind three of ours

    assert set(workers.beats()) == {"a", "b"}


def test_one_that_is_silent_is_buried_also_where_every_tick_takes_long(host: Host):
    a, b = host.clock("a"), host.clock("b")
    host.tick(a, b)

    host.pass_time(20.0, a, tick_s=3.0)

    assert set(workers.beats()) == {"a"}


def test_all_batches_that_run_are_looked_at_for_stalling_though_not_in_one_tick(host: Host):
    clock = host.clock("a")
    stalled = {made(f"b{n}", 1, account=str(n))[0].id for n in range(2 * CHECKED + 1)}
    sql("UPDATE publish_batch_clips SET next_at = NULL, rung_at = NULL")

    first = host.tick(clock)
    rest = [*host.tick(clock), *host.tick(clock)]

    assert len(first) == CHECKED
    assert {*first, *rest} == stalled


def test_the_clock_that_leads_has_lanes_in_doubt_looked_at_within_a_second(host: Host):
    [clip] = made(count=1)
    leading, other = host.clock("a"), host.clock("b")
    host.tick(leading, other)
    host.audited.clear()
    sql("UPDATE lanes SET doubted_since = '2026-01-01', doubted_until = '2026-01-01'")

    host.pass_time(2, leading, other)

    assert host.audited == [clip.lane.id]  # and not again before its look can have failed


def test_a_lane_without_a_batch_that_runs_is_looked_at_after_the_others(host: Host):
    [ended] = made("b1", count=1, account="1")
    published(ended)
    [runs] = made("b2", count=1, account="2")
    sql("UPDATE lanes SET doubted_since = '2026-01-01', doubted_until = '2026-01-01'")

    assert lanes.in_doubt() == [runs.lane.id, ended.lane.id]
