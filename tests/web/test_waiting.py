"""Who has to go when too many lines wait, and whose long bodies are read."""

from __future__ import annotations

from storyclip.web.door.long_bodies import LongBodies
from storyclip.web.door.waiting import Waiting


def test_a_new_line_of_an_address_that_has_enough_costs_it_the_one_that_waited_longest():
    waiting = Waiting[str](of_one=2, of_all=10)

    gone = [waiting.add(line, "a") for line in ("a1", "a2")]
    other = waiting.add("b1", "b")

    assert waiting.add("a3", "a") == "a1"
    assert [*gone, other] == [None, None, None]


def test_whoever_has_most_lines_makes_room_for_others():
    waiting = Waiting[str](of_one=10, of_all=4)
    for line in ("b1", "a1", "a2", "a3"):
        waiting.add(line, line[0])

    assert waiting.add("c1", "c") == "a1"


def test_a_proxy_may_have_as_many_lines_as_there_is_room():
    waiting = Waiting[str](of_one=1, of_all=3)

    assert [waiting.add(line, "p", is_bounded=False) for line in ("p1", "p2", "p3")] == [None] * 3
    assert waiting.add("p4", "p", is_bounded=False) == "p1"


def test_a_line_that_is_worked_on_or_waits_anew_is_not_the_longest_waiting():
    waiting = Waiting[str](of_one=2, of_all=10)
    for line in ("a1", "a2"):
        waiting.add(line, "a")
    waiting.remove("a1")
    waiting.add("a3", "a")
    waiting.add("a2", "a")

    assert waiting.add("a4", "a") == "a3"


def test_nobody_is_forgotten_whose_lines_are_gone():
    waiting = Waiting[str](of_one=2, of_all=10)
    waiting.add("a1", "a")
    waiting.remove("a1")
    waiting.remove("a1")

    assert len(waiting) == 0


def test_only_so_many_long_bodies_are_read_and_the_next_begins_when_one_ends():
    bodies = LongBodies[str](at_once=2, of_one=2)
    begun = [bodies.begin(line, line, is_bounded=True) for line in ("a", "b", "c", "d")]

    assert begun == [True, True, False, False]
    assert bodies.end("a") == "c"
    assert bodies.end("a") is None
    assert bodies.queued() == ["d"]


def test_one_address_does_not_have_all_the_readers_and_a_proxy_may():
    bodies = LongBodies[str](at_once=3, of_one=1)

    assert bodies.begin("a1", "a", is_bounded=True)
    assert not bodies.begin("a2", "a", is_bounded=True)
    assert bodies.begin("p1", "p", is_bounded=False)
    assert bodies.begin("p2", "p", is_bounded=False)
    assert not bodies.begin("b1", "b", is_bounded=True)
    assert bodies.end("p1") == "b1"  # the address of `a2` has its one
    assert bodies.end("a1") == "a2"


def test_a_line_that_hung_up_while_it_waited_is_not_read():
    bodies = LongBodies[str](at_once=1, of_one=1)
    bodies.begin("a", "a", is_bounded=True)
    bodies.begin("b", "b", is_bounded=True)
    bodies.forget("b")

    assert bodies.end("a") is None
