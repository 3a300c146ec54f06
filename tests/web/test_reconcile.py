"""Asking for a look now: who may, how often, and what it costs."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from threading import BoundedSemaphore

import pytest

from storyclip.domain.clip import State
from storyclip.flow import reconcile as flow
from storyclip.flow.control import Patience
from storyclip.store.publishing import clips, looks
from storyclip.web.door.buckets import Buckets
from storyclip.web.door.part import Door
from storyclip.web.routes.batches import LOOK_COST
from tests.store.making import brought_to, made, note
from tests.web.conftest import NOON

LOOK = "/api/metricool/reconcile"


@pytest.fixture
def waited(app) -> list[float]:
    """How long was waited for the workers, of whom there are none here."""
    spent: list[float] = []
    front = app.extensions["storyclip"]
    patience = Patience(lambda: sum(spent), spent.append)
    app.extensions["storyclip"] = replace(front, patience=patience)
    return spent


@pytest.fixture
def waiting(clock) -> int:
    """A clip that Metricool has for in an hour, and that was looked at a while ago."""
    clip = brought_to(State.WAITING_CONFIRMATION, made(count=2)[0])
    in_an_hour = NOON + timedelta(hours=1)
    note(clip, next_at=in_an_hour, planned_for=in_an_hour)
    clock.move(60)
    return clip.id


def test_what_waits_is_due_now_and_is_waited_for_a_while(ana, waiting, waited, clock):
    answer = ana.get(f"{LOOK}/b1")

    assert answer.status_code == 200
    assert answer.get_json()["clips"][0]["status"] == "waiting_confirmation"
    assert clips.find(waiting).next_at == clock.at
    assert flow.LOOKED_WITHIN_S <= sum(waited) <= flow.LOOKED_WITHIN_S + 0.1


def test_where_nothing_is_open_nothing_is_waited_for_and_no_writer_waits(
    ana, waited, waiting, monkeypatch
):
    made("b2", 1)
    monkeypatch.setattr(looks, "writing", None)  # called, it would break

    answer = ana.get(f"{LOOK}/b2")

    assert answer.status_code == 200
    assert waited == []


def test_when_too_many_wait_already_the_next_is_answered_at_once(ana, waited, waiting, monkeypatch):
    none_left = BoundedSemaphore(1)
    none_left.acquire()
    monkeypatch.setattr(flow, "_waiting", none_left)

    assert ana.get(f"{LOOK}/b1").status_code == 200
    assert waited == []


def test_who_only_asks_for_the_headers_changes_nothing(ana, waiting, waited):
    before = clips.find(waiting)

    ana.client.head(f"{LOOK}/b1", headers={"X-Api-Key": ana.key})

    assert clips.find(waiting) == before


def test_nobody_elses_batch_is_looked_at(bea, ana, waiting, waited):
    before = clips.find(waiting)

    assert bea.get(f"{LOOK}/b1").status_code == 404
    assert bea.get(f"{LOOK}/none").status_code == 404
    assert clips.find(waiting) == before


def test_a_look_costs_as_much_as_many_reads(app, ana, waiting, waited):
    a_second = {"writes": 1.0, "reads": LOOK_COST / 5, "streams": 1.0}
    app.extensions["storyclip.door"] = Door(Buckets(a_second, lambda: 0.0))

    answers = [ana.get(f"{LOOK}/b1") for _ in range(2)]

    assert [answer.status_code for answer in answers] == [200, 429]
    assert answers[1].headers["Retry-After"] == "1"
    assert ana.get("/api/metricool/brands").status_code == 200
