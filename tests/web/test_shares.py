"""Who has had much of the interpreter lets others go first, and whatever is asked takes a turn."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import pytest

from storyclip.domain.user_file import UserFile
from storyclip.flow import take_in
from storyclip.flow.control import Patience
from storyclip.web.door import limits, shares
from storyclip.web.door.bulkheads import Bulkheads
from storyclip.web.door.limits import LOOK_PAUSES_S
from storyclip.web.door.shares import DEBT_S, FOR_NOTHING, LATELY_S, PURSE_S, SHARE, Shares
from tests.web.conftest import Seconds
from tests.web.routes import every_verb
from tests.web.test_files import BYTES, announce, bring

ANA, BEA, STRANGER = "user ana", "user bea", "nothing from 192.0.2.1"
LIST = "/api/metricool/batches"


@pytest.fixture
def both(seconds: Seconds) -> Shares:
    """Two users who ask now."""
    theirs = Shares(seconds)
    theirs.asks(ANA)
    theirs.asks(BEA)
    return theirs


def test_who_has_spent_theirs_waits_until_it_came_in_again(both, seconds):
    both.spend(ANA, PURSE_S + 0.020)

    assert both.wait_s(ANA) == pytest.approx(0.020 / SHARE)
    assert both.wait_s(BEA) == 0
    seconds.at += 0.020 / SHARE
    assert both.wait_s(ANA) == pytest.approx(0)


def test_who_is_alone_waits_for_nobody(both, seconds):
    both.spend(ANA, 5)
    seconds.at += LATELY_S + 0.001
    both.asks(ANA)

    assert both.wait_s(ANA) == 0


def test_a_stranger_waits_for_users_and_no_user_for_strangers(seconds):
    theirs = Shares(seconds)
    theirs.asks(ANA)
    for who in (ANA, STRANGER):
        theirs.spend(who, 5)

    assert (theirs.wait_s(ANA), theirs.wait_s(STRANGER)) == (0, DEBT_S / SHARE)


def test_forgotten_is_whose_last_request_is_longest_ago(both, monkeypatch):
    monkeypatch.setattr(shares, "MOST_KEPT", 2)
    for who in (ANA, BEA, ANA, STRANGER):
        both.spend(who, 5)

    assert (both.wait_s(ANA), both.wait_s(BEA)) == (DEBT_S / SHARE, 0)


def test_a_dear_request_makes_its_users_next_wait_and_nobody_elses(app, ana, bea, monkeypatch):
    slept = list[float]()
    front, door = app.extensions["storyclip"], app.extensions["storyclip.door"]
    app.extensions["storyclip"] = replace(front, patience=Patience(time.monotonic, slept.append))
    app.extensions["storyclip.door"] = replace(door, shares=Shares(lambda: 0.0))
    took = iter([0.0, 0.0, 0.0, PURSE_S + 0.1, 0.0, 0.0, 0.0, 0.0])
    for one in (bea, ana):  # their keys are known from then on
        assert one.get(LIST).status_code == 200
    monkeypatch.setattr(time, "thread_time", lambda: next(took))

    for one in (bea, ana, bea, ana):
        assert one.get(LIST).status_code == 200

    assert len(slept) == 1
    assert slept[0] > 0.1 / SHARE


def test_what_came_in_meanwhile_pays_for_what_takes_long(both, seconds):
    both.wait_s(ANA)
    seconds.at += 60
    both.spend(ANA, 60 * SHARE + PURSE_S)
    both.asks(BEA)

    assert both.wait_s(ANA) == pytest.approx(0)


@pytest.mark.parametrize(
    ("path", "costs"),
    [(LIST, 1), (f"{LIST}?limit=x", FOR_NOTHING), ("/not-there", FOR_NOTHING)],
)
def test_what_is_refused_costs_more_than_it_took(app, ana, seconds, monkeypatch, path, costs):
    door = app.extensions["storyclip.door"]
    app.extensions["storyclip.door"] = replace(door, shares=Shares(seconds))
    assert ana.get(LIST).status_code == 200  # the key is known from then on
    theirs = app.extensions["storyclip.door"].shares
    theirs.asks("user bea")
    theirs.spend("user ana", PURSE_S)
    took = iter([0.0, *[0.010] * 9])
    monkeypatch.setattr(time, "thread_time", lambda: next(took))

    ana.get(path)

    assert theirs.wait_s("user ana") > 0.010 * costs / SHARE
    assert theirs.wait_s("user ana") < 0.014 * costs / SHARE


def test_a_look_at_whether_it_lives_waits_a_moment_at_most(app, ana, anyone):
    slept = list[float]()
    front, door = app.extensions["storyclip"], app.extensions["storyclip.door"]
    app.extensions["storyclip"] = replace(front, patience=Patience(time.monotonic, slept.append))
    app.extensions["storyclip.door"] = replace(door, shares=Shares(lambda: 0.0))
    here = app.extensions["storyclip.door"].shares
    assert ana.get(LIST).status_code == ana.get(LIST).status_code == 200
    here.spend("a look from 127.0.0.1", 5)

    assert anyone.get("/livez").status_code == 200
    assert slept == [LOOK_PAUSES_S]


def test_bytes_of_a_file_are_nobodys_share(app, ana, monkeypatch):
    where = announce(ana).headers["Location"]
    spent = list[float]()
    shares = app.extensions["storyclip.door"].shares
    monkeypatch.setattr(shares, "spend", lambda who, cpu_s, times: spent.append(cpu_s))
    receive, cpu_s = take_in.receive, [0.0]

    def dear(*given: Any, **named: Any) -> UserFile:
        cpu_s[0] = 5.0
        return receive(*given, **named)

    monkeypatch.setattr(time, "thread_time", lambda: cpu_s[0])
    monkeypatch.setattr(take_in, "receive", dear)

    assert bring(ana, where, BYTES).status_code == 204
    assert spent == [limits.UNSEEN_S]


def test_a_look_costs_more_than_it_took(app, anyone, monkeypatch):
    spent = list[tuple[str, int]]()
    shares = app.extensions["storyclip.door"].shares
    monkeypatch.setattr(shares, "spend", lambda who, cpu_s, times: spent.append((who, times)))

    anyone.get("/livez")
    anyone.get("/openapi.json")

    assert [times for _, times in spent] == [FOR_NOTHING, 1]


class Noted(Bulkheads):
    def __init__(self) -> None:
        super().__init__(1, wait_s=0.01)
        self.had = list[bool]()

    def enter(self, who: str) -> bool:
        self.had.append(super().enter(who))
        return self.had[-1]


def test_looks_take_turns_and_none_waits_long_for_others_that_hang(app, anyone):
    door, looks = app.extensions["storyclip.door"], Noted()
    app.extensions["storyclip.door"] = replace(door, looks=looks)

    assert anyone.get("/livez").status_code == 200
    assert looks.enter("a look from 127.0.0.1")  # as one that hangs
    assert anyone.get("/livez").status_code == 200

    assert looks.had == [True, True, False]
    assert looks._users["a look from 127.0.0.1"].inside == 1


class Counted(Shares):
    asked = 0

    def wait_s(self, who: str) -> float:
        self.asked += 1
        return 0.0


@pytest.mark.parametrize("shows", ["nothing", "a good key", "a wrong key", "a ticket", "a session"])
def test_whatever_is_asked_is_somebodys(app, anyone, ana, shows):
    counted = Counted(lambda: 0.0)
    door = app.extensions["storyclip.door"]
    app.extensions["storyclip.door"] = replace(door, shares=counted)
    assert ana.get(LIST).status_code == 200
    headers = {
        "a good key": {"X-Api-Key": ana.key},
        "a wrong key": {"X-Api-Key": "wrong-key-that-has-32-characters"},
        "a session": {"Cookie": "storyclip=made-up"},
    }.get(shows, {})
    query = {"ticket": "made-up"} if shows == "a ticket" else {}
    asked = [*every_verb(app), ("GET", "/static/app.js"), ("GET", "/not-there")]

    without = []
    for verb, path in asked:
        before = counted.asked
        anyone.open(path, method=verb, headers=headers, query_string=query).close()
        if counted.asked == before:
            without.append((verb, path))

    assert without == []
    assert (door.here._users, door.reading._users) == ({}, {})
