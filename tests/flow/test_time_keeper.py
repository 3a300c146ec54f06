"""Clocks that are apart are told to a person, once; what is written goes by the database's."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import pytest

from storyclip.domain.dates.shared_clock import SharedClock
from storyclip.flow.time_keeper import LOOK_EVERY_S, TimeKeeper
from storyclip.store import database
from storyclip.store.database import reading, run
from storyclip.store.service.place import server_time

NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)


class Machine:
    """One host, a database and Metricool, each with a clock of its own."""

    def __init__(self, **ahead_s: float) -> None:
        self.passed_s, self.ahead_s = 0.0, {"host": 0.0, "server": 0.0, "theirs": 0.0, **ahead_s}
        self.clock = SharedClock(
            lambda: self.shown("host"), lambda: self.passed_s, lambda: self.shown("server")
        )
        self.keeper = TimeKeeper(
            self.clock, lambda: self.shown("theirs"), "host-a", lambda: self.passed_s
        )

    def shown(self, clock: str) -> datetime:
        return NOON + timedelta(seconds=self.passed_s + self.ahead_s[clock])

    def live(self, seconds: float) -> None:
        until = self.passed_s + seconds
        while self.passed_s < until:
            self.keeper.tick()
            self.passed_s += 0.25


def told() -> list[tuple[str, str]]:
    with reading():
        rows = run("SELECT kind, subject FROM incidents ORDER BY subject").fetchall()
    return [tuple(row) for row in rows]


def detail() -> str:
    with reading():
        return str(run("SELECT detail FROM incidents").fetchone()[0])


def test_clocks_that_agree_are_no_incident(store):
    Machine(host=29.0, theirs=-29.0).live(60)

    assert told() == []


@pytest.mark.parametrize(("ahead_s", "said"), [(31.0, "31 s ahead"), (-300.0, "300 s behind")])
def test_a_host_that_is_apart_from_the_database_is_said_once(store, ahead_s, said):
    for _ in range(2):  # a restart says nothing new
        Machine(host=ahead_s).live(60)

    assert told() == [("clock_skew", "host-a and the database")]
    assert said in detail()


def test_a_host_that_is_apart_from_metricool_is_said_once(store):
    Machine(theirs=-600.0).live(60)

    assert told() == [("clock_skew", "host-a and Metricool")]
    assert "600 s ahead" in detail()


def test_a_clock_that_goes_wrong_later_is_noticed_within_seconds(store):
    machine = Machine()
    machine.live(60)

    machine.ahead_s["host"] = 300.0
    machine.live(LOOK_EVERY_S + 0.5)

    assert told() == [("clock_skew", "host-a and the database")]


@pytest.mark.parametrize("wrong", [timedelta(hours=1), timedelta(minutes=-5)])
def test_a_process_has_the_time_of_its_postgresql(new_postgres_database: str, wrong: timedelta):
    database.connect(new_postgres_database)
    try:
        clock = SharedClock(lambda: datetime.now(UTC) + wrong, time.monotonic, server_time)
        clock.follow()

        assert abs(clock() - datetime.now(UTC)) < timedelta(seconds=1)
        assert abs(clock.ahead_of_it() - wrong) < timedelta(seconds=1)
    finally:
        database.disconnect()


def test_sqlite_has_no_clock_of_its_own(store):
    is_sqlite = store.startswith("sqlite")

    assert (server_time() is None) is is_sqlite
