"""One user takes no more than a share: of what runs, of the seats, of the write lock."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from flask import Flask

from config.capacity import MAX_STREAMS
from config.settings import Settings
from storyclip.store import database
from storyclip.store.access import sessions, signin_links
from storyclip.web.factory import create_app
from storyclip.web.live.seats import Seats
from tests.people import key_for, session_of
from tests.store.making import made, published
from tests.web.conftest import NOON, SmallMetricool, Someone, good, rows

SMALL = {"STORYCLIP_MAX_RUNNING_BATCHES": "3", "STORYCLIP_MAX_RUNNING_CLIPS": "10"}


@pytest.fixture
def app(sqlite: Path, clock, metricool: SmallMetricool, redis) -> Flask:
    settings = Settings.from_environment(SMALL, needs_upstream=False)
    return create_app(settings, metricool, clock, redis.answers)


def test_one_batch_too_many_is_refused_with_the_numbers(ana, bea):
    for _ in range(3):
        assert ana.publish(good(1)).status_code == 202

    refused = ana.publish(good(1))

    problem = refused.get_json()
    assert (refused.status_code, problem["code"]) == (409, "too_many_running")
    assert (problem["limit"], problem["running"], problem["asked"]) == (3, 3, 1)
    assert "3 batches" in problem["detail"]
    assert rows("publish_batches") == 3
    assert bea.publish(good(1)).status_code == 202


def test_clips_too_many_are_refused_with_the_numbers(ana):
    assert ana.publish(good(8)).status_code == 202

    refused, fitting = ana.publish(good(3)), ana.publish(good(2))

    problem = refused.get_json()
    assert (refused.status_code, problem["code"]) == (409, "too_many_running")
    assert (problem["limit"], problem["running"], problem["asked"]) == (10, 8, 3)
    assert fitting.status_code == 202


def test_what_has_ended_makes_room(ana):
    for number in range(3):
        published(made(f"ended{number}", 1)[0])
    for _ in range(3):
        assert ana.publish(good(1)).status_code == 202


def test_a_repeat_of_what_was_accepted_is_answered_though_there_is_no_room(ana):
    body, named = good(1), {"Idempotency-Key": "one"}
    first = ana.publish(body, named)
    ana.publish(good(1))
    ana.publish(good(1))

    again = ana.publish(body, named)

    assert (again.status_code, again.get_json()) == (202, first.get_json())


@pytest.mark.parametrize(
    ("environ", "of_a_user"),
    [({}, MAX_STREAMS // 3), ({"STORYCLIP_MAX_STREAMS_A_USER": "1000"}, 1000)],
    ids=["usual", "set"],
)
def test_a_user_has_a_third_of_the_seats_if_nothing_else_is_said(
    sqlite, clock, metricool, redis, environ, of_a_user
):
    settings = Settings.from_environment(environ, needs_upstream=False)
    app = create_app(settings, metricool, clock, redis.answers)
    seats: Seats = app.extensions["storyclip.live"].seats

    taken = [seats.take("ana") for _ in range(of_a_user + 1)]

    assert taken == [True] * of_a_user + [False]
    assert seats.take("bea")


@pytest.fixture
def many(sqlite: Path, clock, metricool, redis) -> Someone:
    """A user with more batches under way than a page shows."""
    settings = Settings.from_environment({}, needs_upstream=False)
    app = create_app(settings, metricool, clock, redis.answers)
    for number in range(205):
        made(f"b{number:03}", 3, account=f"7{number:06}")
    return Someone(app.test_client(), key_for("ana", {"publish"}, at=NOON))


@pytest.mark.parametrize("path", ["batches/active", "batch/user-active"])
def test_what_runs_comes_in_pages_that_are_bounded(many, path):
    first = many.get(f"/api/metricool/{path}")
    link, tail = first.headers["Link"].split(">; ")
    second = many.get(link.removeprefix("<"))

    assert tail == 'rel="next"'
    assert [len(page.get_json()["batches"]) for page in (first, second)] == [200, 5]
    assert first.get_json()["count"] == 200
    assert "Link" not in second.headers
    names = [one["batchId"] for page in (first, second) for one in page.get_json()["batches"]]
    assert len(set(names)) == 205
    assert len(first.data) < 400_000


def test_a_page_of_what_runs_may_be_smaller(many):
    page = many.get("/api/metricool/batches/active?limit=2")

    assert len(page.get_json()["batches"]) == 2
    assert "limit=2&cursor=" in page.headers["Link"]


def test_two_keys_of_a_user_have_one_user_s_seats():
    seats = Seats(9, 3)

    assert [seats.take("ana") for _ in range(4)] == [True] * 3 + [False]
    assert [seats.take("bea") for _ in range(4)] == [True] * 3 + [False]
    assert seats.take("cleo")


@pytest.fixture
def nobody_writes(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever wants the write lock fails."""

    def refuse() -> None:
        raise AssertionError("it wants to write")

    monkeypatch.setattr(sessions, "writing", refuse)
    monkeypatch.setattr(signin_links, "writing", refuse)


@pytest.mark.usefixtures("nobody_writes")
def test_a_sign_in_link_that_is_none_makes_nobody_wait(anyone):
    assert anyone.get("/signin?token=guessed").status_code in (303, 401)


@pytest.mark.usefixtures("nobody_writes")
def test_signing_out_without_a_session_makes_nobody_wait(anyone):
    anyone.set_cookie("storyclip", "guessed")

    answer = anyone.delete("/session", headers={"Sec-Fetch-Site": "same-origin"})

    assert answer.status_code == 204


def test_a_link_and_a_session_that_are_real_still_end(ana, clock):
    key_id = ana.key.split("_")[1]
    link, session = signin_links.issue(key_id, NOON), session_of(ana.key, NOON)

    assert [signin_links.redeem(link, NOON) for _ in range(2)] == [key_id, None]
    sessions.end(session, NOON)
    assert sessions.holder_of(session, NOON) is None


def test_each_language_says_how_many_run(ana: Someone):
    catalogue = json.loads(
        (Path(database.__file__).parents[1] / "web/page/catalogue.json").read_text()
    )

    for words in catalogue["problem.tooManyRunning"].values():
        assert {"{running}", "{limit}"} <= set(words.replace(".", " ").replace(",", " ").split())
