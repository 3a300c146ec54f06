"""A user's requests stand in line behind their own, and cost what they take."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest
from flask import Flask

from storyclip.domain.session import Entry, Lasting, Visit
from storyclip.flow.control import Patience
from storyclip.store.access import sessions
from storyclip.store.publishing import batches
from storyclip.web.door import limits
from storyclip.web.door.buckets import Buckets
from storyclip.web.door.bulkheads import Bulkheads
from tests.eventually import eventually
from tests.web.conftest import NOON, SmallMetricool, Someone

HOUR = timedelta(hours=1)
LIST, BRANDS = "/api/metricool/batches", "/api/metricool/brands"


@pytest.fixture(autouse=True)
def refused_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "CROWDED_S", 0.0)


@pytest.fixture
def here(app: Flask) -> Bulkheads:
    """Two turns for a user, and two who wait."""
    bulkheads = Bulkheads(at_once=2, waiting=2, wait_s=10)
    door = app.extensions["storyclip.door"]
    app.extensions["storyclip.door"] = replace(door, reading=bulkheads)
    return bulkheads


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Holds whoever asks for a list until it is set."""
    goes_on = threading.Event()
    listed = batches.page

    def held(*asked, **named):
        assert goes_on.wait(20)
        return listed(*asked, **named)

    monkeypatch.setattr(batches, "page", held)
    yield goes_on
    goes_on.set()


def waiting(bulkheads: Bulkheads, who: str) -> int:
    user = bulkheads._users.get(who)
    return 0 if user is None else len(user.waiting)


def asks(app: Flask, key: str, path: str = LIST) -> int:
    code: int = Someone(app.test_client(), key).get(path).status_code
    return code


def test_a_user_has_two_turns_and_the_rest_wait_in_nobody_elses_way(app, here, gate, ana, bea):
    with ThreadPoolExecutor(4) as pool:
        four = [pool.submit(asks, app, ana.key) for _ in range(4)]
        eventually(lambda: waiting(here, "user ana") == 2)

        fifth = ana.get(LIST)
        others = bea.get("/api/metricool/batches/active")
        gate.set()

        assert [one.result() for one in four] == [200] * 4
    assert (fifth.status_code, fifth.get_json()["code"]) == (429, "too_many_at_once")
    assert int(fifth.headers["Retry-After"]) > 0
    assert others.status_code == 200
    assert here._users == {}


def test_who_waits_too_long_is_told_so_and_leaves_nothing_behind(app, gate, ana):
    bulkheads = Bulkheads(at_once=1, waiting=5, wait_s=0.05)
    door = app.extensions["storyclip.door"]
    app.extensions["storyclip.door"] = replace(door, reading=bulkheads)
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(asks, app, ana.key)
        eventually(lambda: "user ana" in bulkheads._users)

        assert asks(app, ana.key) == 429
        assert waiting(bulkheads, "user ana") == 0
        gate.set()
        assert first.result() == 200
    assert bulkheads._users == {}


def test_turns_are_given_in_order():
    bulkheads, came = Bulkheads(at_once=1, waiting=9, wait_s=10), list[int]()
    bulkheads.enter("ana")

    def come(number: int) -> None:
        assert bulkheads.enter("ana")
        came.append(number)
        bulkheads.leave("ana")

    def are_waiting(many: int) -> bool:
        return waiting(bulkheads, "ana") == many

    with ThreadPoolExecutor(9) as pool:
        for number in range(9):
            pool.submit(come, number)
            eventually(partial(are_waiting, number + 1))
        bulkheads.leave("ana")

    assert came == list(range(9))


def test_who_waits_for_metricool_takes_no_turn(
    app, here, ana, metricool: SmallMetricool, monkeypatch
):
    goes_on, asked = threading.Event(), threading.Event()
    brands = metricool.brands

    def slow():
        asked.set()
        assert goes_on.wait(20)
        return brands()

    monkeypatch.setattr(metricool, "brands", slow)
    with ThreadPoolExecutor(3) as pool:
        three = [pool.submit(asks, app, ana.key, BRANDS) for _ in range(3)]
        assert asked.wait(10)

        assert asks(app, ana.key) == 200
        goes_on.set()
        assert [one.result() for one in three] == [200] * 3
    assert here._users == {}


@pytest.mark.parametrize("path", ["/openapi.json", "/", "/signin?token=x"])
def test_strangers_share_the_turns_of_their_address(app, here, anyone, path):
    for _ in range(2):
        here.enter("nothing from 127.0.0.1")
    app.extensions["storyclip.door"] = replace(app.extensions["storyclip.door"], reading=here)
    here._waiting = 0

    assert anyone.get(path).status_code == 429
    assert anyone.get("/livez").status_code == 200


def test_a_key_that_nobody_knows_yet_waits_with_the_strangers_and_no_other(app, here, anyone, ana):
    assert ana.get(LIST).status_code == 200
    for _ in range(2):
        here.enter("a key from 127.0.0.1")
    here._waiting = 0

    wrong = anyone.get(LIST, headers={"X-Api-Key": "wrong-key-that-has-32-characters"})

    assert (wrong.status_code, wrong.get_json()["code"]) == (429, "too_many_at_once")
    assert ana.get(LIST).status_code == 200
    assert "user ana" not in here._users


def test_a_known_session_takes_its_users_turn_until_it_is_over(app, here, anyone, ana):
    token = sessions.begin("ana", None, NOON, Visit(Entry.PASSWORD, None, "", Lasting(HOUR, HOUR)))
    anyone.set_cookie("storyclip", token)
    assert anyone.get(LIST).status_code == 200
    for _ in range(2):
        here.enter("a session from 127.0.0.1")
    here._waiting = 0

    known = anyone.get(LIST).status_code
    sessions.end(token, NOON)
    over = [anyone.get(LIST).status_code for _ in range(2)]

    assert (known, over) == (200, [401, 429])


def test_streams_of_a_user_come_back_past_all_that_wait_for_a_turn(app, here, ana):
    assert ana.get(LIST).status_code == 200
    for _ in range(2):
        here.enter("user ana")
    here._waiting = 0

    assert ana.get(LIST).status_code == 429
    stream = ana.get("/api/metricool/stream")
    assert stream.status_code == 200
    stream.close()
    app.extensions["storyclip.live"].hub.stop()


def test_what_took_long_costs_more(app, ana, monkeypatch):
    door, still = app.extensions["storyclip.door"], Buckets({limits.READING: 200}, lambda: 0.0)
    app.extensions["storyclip.door"] = replace(door, buckets=still)
    seconds = iter([0.0, 0.300, 1.0, 1.001])
    monkeypatch.setattr(time, "thread_time", lambda: next(seconds))

    dear, usual = ana.get(LIST), ana.get(LIST)

    left = [int(one.headers["RateLimit"].split("r=")[1].split(";")[0]) for one in (dear, usual)]
    assert left[0] - left[1] == 1 + 300 / limits.USUAL_MS[limits.READING]


def test_a_debt_is_no_larger_than_the_bucket():
    at = [0.0]
    buckets = Buckets({"reads": 1}, lambda: at[0])
    buckets.take("reads", "ana")
    buckets.charge("reads", "ana", 1_000_000)

    level = buckets.take("reads", "ana")
    at[0] = 11

    assert (level.is_enough, level.left) == (False, 0)
    assert level.next_in_s == pytest.approx(11)
    assert buckets.take("reads", "ana").is_enough


def test_who_is_one_too_many_is_told_so_after_a_while_and_many_more_at_once(app, ana, monkeypatch):
    slept = list[float]()
    front, door = app.extensions["storyclip"], app.extensions["storyclip.door"]
    app.extensions["storyclip"] = replace(front, patience=Patience(time.monotonic, slept.append))
    full = Bulkheads(at_once=0, waiting=0)
    app.extensions["storyclip.door"] = replace(door, reading=full, crowd=threading.Semaphore(1))
    monkeypatch.setattr(limits, "CROWDED_S", 1.0)

    waits = asks(app, ana.key)
    app.extensions["storyclip.door"].crowd.acquire()
    is_told_at_once = asks(app, ana.key)

    assert (waits, is_told_at_once, slept) == (429, 429, [1.0])
