"""Whatever goes wrong is a problem of RFC 9457, short, and tells nothing about our inside."""

from __future__ import annotations

import sqlite3

import pytest
import structlog
from structlog.testing import capture_logs

from storyclip.domain import errors
from storyclip.store import database
from tests.web.conftest import PUBLISH, nothing_recorded, rows
from tests.web.test_bad_input import is_short_problem

API = "/api/metricool"
ON_THE_DATABASE = [
    f"{API}/status?batchId=x",
    f"{API}/batch/x",
    f"{API}/batch/user-active",
    f"{API}/batches/active",
    f"{API}/batches",
    f"{API}/brands",
]


@pytest.fixture
def out_of_order(sqlite, monkeypatch):
    """A database that answers nothing any more."""

    def broken(*_args, **_kwargs):
        raise errors.StoreUnavailable("unable to open /secret/place.db")

    def break_it():
        monkeypatch.setattr(database.database.obj, "connect", broken)

    return break_it


@pytest.mark.parametrize("path", ["/nowhere", f"{API}/nowhere", f"{API}/batch/", f"{API}/status/"])
def test_an_unknown_route_is_a_problem(anyone, path):
    answer = anyone.get(path)

    assert is_short_problem(answer, 404)


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", PUBLISH, {"POST", "OPTIONS"}),
        ("DELETE", PUBLISH, {"POST", "OPTIONS"}),
        ("POST", f"{API}/status", {"GET", "HEAD", "OPTIONS"}),
        ("PUT", f"{API}/batches", {"GET", "HEAD", "OPTIONS"}),
        ("POST", "/livez", {"GET", "HEAD", "OPTIONS"}),
    ],
)
def test_a_wrong_method_is_a_problem_that_names_the_right_ones(anyone, method, path, allowed):
    answer = anyone.open(path, method=method)

    assert is_short_problem(answer, 405)
    assert set(answer.headers["Allow"].split(", ")) == allowed


def test_what_nobody_foresaw_is_a_problem_and_is_logged(ana, metricool):
    metricool.trouble = ZeroDivisionError("secret inside")

    with capture_logs() as lines:
        answer = ana.get(f"{API}/brands")

    assert is_short_problem(answer, 500)
    assert b"secret" not in answer.data
    assert [line["log_level"] for line in lines if line["event"] == "unhandled"] == ["error"]


@pytest.mark.undescribed  # not each of these errors can come from the brands
@pytest.mark.parametrize(
    ("trouble", "status", "code"),
    [
        (errors.UpstreamDenied("no token", 401), 502, "upstream_denied"),
        (errors.UpstreamRefused("no", 400), 502, "upstream_failed"),
        (errors.UpstreamBusy(12.2), 503, "upstream_busy"),
        (errors.UpstreamUnreachable("no route"), 503, "upstream_unreachable"),
        (errors.UpstreamLookFailed("HTML"), 502, "upstream_failed"),
        (errors.UpstreamUnanswered("reset"), 502, "upstream_failed"),
        (errors.LostRace("theirs"), 409, "conflict"),
        (errors.IdempotencyKeyBusy("wait"), 409, "idempotency_key_busy"),
        (errors.Forbidden("no"), 403, "scope_missing"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else str(value),
)
def test_each_error_has_its_answer(ana, metricool, trouble, status, code):
    metricool.trouble = trouble

    answer = ana.get(f"{API}/brands")

    assert is_short_problem(answer, status)
    assert answer.get_json()["code"] == code
    assert "detail" in answer.get_json()


def test_metricool_s_wish_to_wait_is_handed_on(ana, metricool):
    metricool.trouble = errors.UpstreamBusy(12.2)

    assert ana.get(f"{API}/brands").headers["Retry-After"] == "13"


@pytest.mark.parametrize("path", ON_THE_DATABASE)
def test_a_database_that_is_down_is_503_on_every_route(ana, out_of_order, path):
    out_of_order()

    answer = ana.get(path)

    assert is_short_problem(answer, 503)
    assert answer.get_json()["code"] == "store_unavailable"
    assert int(answer.headers["Retry-After"]) > 0
    assert b"secret" not in answer.data


def test_nothing_is_accepted_while_the_database_is_down(ana, out_of_order, monkeypatch):
    out_of_order()

    refused = ana.publish()

    assert is_short_problem(refused, 503)
    monkeypatch.undo()
    assert nothing_recorded()
    assert ana.publish().status_code == 202


def test_nothing_is_accepted_when_the_folder_is_gone(ana, folder):
    ana.publish()
    database.disconnect()
    folder.rename(folder.with_name("elsewhere"))

    refused = ana.publish()

    assert is_short_problem(refused, 503)
    folder.with_name("elsewhere").rename(folder)
    assert rows("publish_batches") == 1
    assert ana.publish().status_code == 202


def test_nothing_is_accepted_when_the_folder_goes_while_connected(ana, folder):
    ana.publish()
    folder.rename(folder.with_name("elsewhere"))

    refused = ana.publish()

    assert is_short_problem(refused, 503)
    folder.with_name("elsewhere").rename(folder)
    assert rows("publish_batches") == 1


def test_nothing_is_accepted_into_a_file_that_is_no_database(ana, sqlite):
    database.disconnect()
    for file in sqlite.parent.iterdir():
        file.write_bytes(b"no database at all " * 500)

    assert is_short_problem(ana.publish(), 503)
    assert is_short_problem(ana.get(f"{API}/batches"), 503)


def test_nothing_is_accepted_onto_a_full_disk(ana):
    assert ana.publish().status_code == 202  # the key's last use is written, too
    with database.reading():
        pages = database.run("PRAGMA page_count").fetchone()[0]
        database.run(f"PRAGMA max_page_count = {pages}")

    statuses = [ana.publish().status_code for _ in range(50)]
    refused = ana.publish()

    assert is_short_problem(refused, 503)
    assert rows("publish_batches") == 1 + statuses.count(202)
    assert set(statuses) == {202, 503} or set(statuses) == {503}
    assert ana.get(f"{API}/batches").status_code == 200
    with database.reading():
        database.run("PRAGMA max_page_count = 1000000")
    assert ana.publish().status_code == 202


def test_a_locked_database_is_503_and_readers_are_not_held_up(ana, sqlite):
    assert ana.get(f"{API}/batches").status_code == 200
    with database.reading():
        database.run("PRAGMA busy_timeout = 1")
    other = sqlite3.connect(sqlite, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")

    refused, read = ana.publish(), ana.get(f"{API}/batches")

    other.execute("ROLLBACK")
    other.close()
    assert is_short_problem(refused, 503)
    assert read.status_code == 200
    assert nothing_recorded()


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/nowhere", f"{API}/batches", PUBLISH])
def test_every_answer_is_guarded(ana, path):
    answer = ana.get(path)

    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_request_is_one_line_of_log_without_key_or_body(app, ana):
    shown = structlog.contextvars.merge_contextvars
    structlog.contextvars.bind_contextvars(batch="of whom the thread served before")

    with capture_logs(processors=[shown]) as lines:
        ana.post(PUBLISH + "?token=hush", data=b'{"a":"hush"}', content_type="application/json")
        ana.get(f"{API}/batches")

    mine = [line for line in lines if line["event"] == "request"]
    assert [(line["method"], line["route"], line["status"]) for line in mine] == [
        ("POST", PUBLISH, 422),
        ("GET", f"{API}/batches", 200),
    ]
    assert [line["log_level"] for line in mine] == ["info", "debug"]
    assert all(line["duration_ms"] >= 0 for line in mine)
    assert len({line["request_id"] for line in mine}) == 2
    assert "hush" not in repr(lines)
    assert "served before" not in repr(lines)
    assert ana.key.split("_", 2)[2] not in repr(lines)
