"""One time for all hosts: what the database told, carried on by the monotonic clock."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from storyclip.domain.dates.shared_clock import ASKED_EVERY_S, LONGEST_TRIP_S, SharedClock
from storyclip.domain.errors import StoreUnavailable
from tests.domain.making import T0

HOUR = timedelta(hours=1)


class Host:
    """A host whose own clock is wrong by `wrong`, and a database that may be slow, or away."""

    def __init__(self, wrong: timedelta = timedelta(0), *, has_server: bool = True) -> None:
        self.passed_s, self.wrong, self.trip_s = 0.0, wrong, 0.0
        self.server_wrong = timedelta(0)
        self.is_away, self.asked = False, 0
        self.has_server = has_server
        self.clock = SharedClock(lambda: self.true() + self.wrong, self.monotonic, self.server)
        self.clock.follow()

    def true(self) -> datetime:
        return T0 + timedelta(seconds=self.passed_s)

    def monotonic(self) -> float:
        return self.passed_s

    def server(self) -> datetime | None:
        self.asked += 1
        if self.is_away:
            raise StoreUnavailable("gone")
        self.passed_s += self.trip_s / 2
        told = self.true() + self.server_wrong
        self.passed_s += self.trip_s / 2
        return told if self.has_server else None

    def live(self, seconds: float) -> None:
        """Follow the database four times a second."""
        until = self.passed_s + seconds
        while self.passed_s < until:
            self.passed_s += 0.25
            self.clock.follow()

    def off_s(self) -> float:
        """How far the time of this process is from the true one."""
        return round((self.clock() - self.true()).total_seconds(), 3)


@pytest.mark.parametrize("wrong", [timedelta(minutes=5), timedelta(minutes=-5), HOUR, -HOUR])
def test_a_host_whose_clock_is_wrong_has_the_time_of_the_database(wrong):
    host = Host(wrong)
    host.live(60)

    assert host.off_s() == 0
    assert host.clock.ahead_of_it() == wrong


@pytest.mark.parametrize("jump", [HOUR, -HOUR])
def test_a_host_whose_clock_jumps_for_good_does_not_notice(jump):
    host = Host()
    host.live(30)

    host.wrong = jump

    assert host.off_s() == 0
    host.live(300)
    assert host.off_s() == 0


def test_half_of_the_round_trip_is_allowed_for():
    host = Host(HOUR)
    host.trip_s = 1.0
    host.live(60)

    assert host.off_s() == 0


def test_an_answer_that_took_too_long_teaches_nothing():
    host = Host()
    host.trip_s, host.server_wrong = LONGEST_TRIP_S + 0.1, HOUR
    host.live(60)

    assert host.off_s() == 0


def test_two_wrong_answers_of_five_change_nothing():
    host = Host()
    host.live(5 * ASKED_EVERY_S)

    host.server_wrong = HOUR
    host.live(2 * ASKED_EVERY_S)
    after_two = host.off_s()
    host.live(ASKED_EVERY_S)

    assert (after_two, host.off_s()) == (0, HOUR.total_seconds())


def test_the_time_goes_on_while_the_database_is_away():
    host = Host(HOUR)
    host.is_away = True

    with pytest.raises(StoreUnavailable):
        host.live(60)
    host.passed_s += 600

    assert host.off_s() == 0


def test_a_database_that_is_away_is_not_asked_at_every_tick():
    host = Host()
    host.is_away = True
    host.passed_s += ASKED_EVERY_S
    before = host.asked
    with pytest.raises(StoreUnavailable):
        host.clock.follow()

    host.passed_s += ASKED_EVERY_S / 2
    host.clock.follow()

    assert host.asked == before + 1


def test_where_all_is_on_one_host_its_own_clock_is_the_time():
    host = Host(HOUR, has_server=False)
    host.live(60)

    assert host.off_s() == HOUR.total_seconds()
    assert host.clock.ahead_of_it() == timedelta(0)
