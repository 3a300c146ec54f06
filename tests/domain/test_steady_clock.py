from datetime import timedelta

import pytest

from storyclip.domain.dates.steady_clock import BELIEVED_AFTER_S, TRUSTED_JUMP, SteadyClock
from tests.domain.making import T0


class Machine:
    """A wall clock that can be set, and seconds that cannot."""

    def __init__(self) -> None:
        self.wall, self.passed_s = T0, 0.0
        self.clock = SteadyClock(lambda: self.wall, lambda: self.passed_s)

    def after(self, seconds: float, jump: timedelta = timedelta(0)) -> timedelta:
        """How far the steady clock is from the beginning."""
        self.passed_s += seconds
        self.wall += timedelta(seconds=seconds) + jump
        return self.clock() - T0


@pytest.mark.parametrize("jump", [timedelta(hours=1), timedelta(hours=-1)])
def test_a_jump_of_an_hour_for_six_seconds_is_not_noticed(jump: timedelta):
    machine = Machine()

    assert machine.after(1, jump) == timedelta(seconds=1)
    assert machine.after(5) == timedelta(seconds=6)
    assert machine.after(1, -jump) == timedelta(seconds=7)
    assert machine.after(600) == timedelta(seconds=607)


def test_a_clock_that_is_set_for_good_is_believed_after_a_minute():
    machine = Machine()

    assert machine.after(1, timedelta(minutes=10)) == timedelta(seconds=1)
    assert machine.after(BELIEVED_AFTER_S - 1) == timedelta(seconds=BELIEVED_AFTER_S)
    assert machine.after(1) == timedelta(minutes=10, seconds=BELIEVED_AFTER_S + 1)


def test_a_small_correction_is_followed_at_once():
    machine = Machine()

    assert machine.after(1, TRUSTED_JUMP) == timedelta(seconds=1) + TRUSTED_JUMP
    assert machine.after(1, -TRUSTED_JUMP) == timedelta(seconds=2)


def test_two_short_jumps_do_not_add_up_to_a_long_one():
    machine = Machine()
    for _ in range(20):
        machine.after(1, timedelta(hours=1))
        machine.after(6, timedelta(hours=-1))

    assert machine.after(0) == timedelta(seconds=140)
