"""How fast one key may ask: told in headers, refused with the time to wait, without Redis."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from storyclip.web.door import buckets
from storyclip.web.door.buckets import BURST_S, Buckets
from storyclip.web.door.part import Door
from tests.people import key_for
from tests.web.conftest import NOON, Someone, nothing_recorded
from tests.web.test_bad_input import is_short_problem

BATCHES = "/api/metricool/batches"
STREAM = "/api/metricool/stream"
A_SECOND = {"writes": 0.2, "reads": 0.3, "streams": 0.1}  # 2, 3 and 1 at once


@pytest.fixture
def narrow(app, seconds, monkeypatch):
    """Few requests a second for everybody, each as cheap as can be, while Redis is away."""
    monkeypatch.setattr(time, "thread_time", lambda: 0.0)
    front = app.extensions["storyclip"]
    app.extensions["storyclip"] = replace(front, redis_answers=lambda: False)
    app.extensions["storyclip.door"] = Door(Buckets(A_SECOND, seconds))


def test_who_asks_too_fast_is_told_how_long_to_wait(narrow, ana, seconds):
    answers = [ana.get(BATCHES) for _ in range(4)]

    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert is_short_problem(answers[-1], 429)
    assert answers[-1].headers["Retry-After"] == "4"
    seconds.at = 3.3
    assert ana.get(BATCHES).status_code == 429
    seconds.at = 3.4
    assert ana.get(BATCHES).status_code == 200


def test_every_answer_tells_what_is_left(narrow, ana):
    first, second, *_, refused = [ana.get(BATCHES) for _ in range(4)]

    assert first.headers["RateLimit-Policy"] == '"reads";q=3;w=10'
    assert first.headers["RateLimit"] == '"reads";r=2;t=1'
    assert second.headers["RateLimit"] == '"reads";r=1;t=1'
    assert refused.headers["RateLimit"] == '"reads";r=0;t=4'


def test_what_is_refused_for_its_speed_changes_nothing(narrow, ana):
    for _ in range(2):
        ana.publish({"x": 1})

    refused = ana.publish()

    assert is_short_problem(refused, 429)
    assert nothing_recorded()


def test_reads_writes_and_streams_have_buckets_of_their_own(narrow, ana):
    for _ in range(4):
        ana.publish({"x": 1})

    assert ana.get(BATCHES).status_code == 200
    first, second = ana.get(STREAM), ana.get(STREAM)
    first.close()
    assert (first.status_code, second.status_code) == (200, 429)
    assert second.headers["RateLimit"].startswith('"streams";r=0')


def test_a_ticket_and_a_session_draw_from_their_key_s_bucket(narrow, app, ana):
    ticket = ana.post("/api/metricool/stream-ticket").json["ticket"]
    ana.get(STREAM).close()
    assert app.test_client().get(f"{STREAM}?ticket={ticket}").status_code == 429

    page = app.test_client()
    page.post("/session", json={"apiKey": ana.key}, headers={"Origin": "http://localhost"})
    assert [page.get(BATCHES).status_code for _ in range(4)] == [200, 200, 200, 429]
    assert ana.get(BATCHES).status_code == 429


def test_one_user_s_speed_is_no_other_s_trouble_and_more_keys_are_not_more_of_it(
    narrow, ana, bea, anyone
):
    other_of_ana = Someone(anyone, key_for("ana", {"read"}, at=NOON))
    for _ in range(4):
        ana.get(BATCHES)

    assert bea.get(BATCHES).status_code == 200
    assert other_of_ana.get(BATCHES).status_code == 429


def test_a_bad_key_has_no_bucket(narrow, anyone):
    answers = [anyone.get(BATCHES, headers={"X-Api-Key": "x"}) for _ in range(9)]

    assert {answer.status_code for answer in answers} == {401}
    assert "RateLimit" not in answers[-1].headers


def test_a_bucket_is_never_fuller_than_full(seconds):
    some = Buckets({"reads": 1.0}, seconds)
    some.take("reads", "k")
    seconds.at = 1000

    assert [some.take("reads", "k").is_enough for _ in range(11)] == [True] * 10 + [False]


def test_fifty_threads_take_no_token_twice(seconds):
    some = Buckets({"reads": 100 / BURST_S}, seconds)

    with ThreadPoolExecutor(50) as threads:
        taken = list(threads.map(lambda _: some.take("reads", "k").is_enough, range(500)))

    assert sum(taken) == 100


def test_full_buckets_are_not_kept(seconds, monkeypatch):
    monkeypatch.setattr(buckets, "SWEPT_ABOVE", 10)
    some = Buckets({"reads": 1.0}, seconds)
    for number in range(10):
        some.take("reads", f"old{number}")
    seconds.at = 2 * BURST_S  # out of the deepest debt as well

    some.take("reads", "new")

    assert [name for _, name in some._buckets] == ["new"]
