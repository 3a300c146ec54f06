"""Who is not let in is said in the log and kept, and cannot fill the database with it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs

from storyclip.domain.act import Act, Action, Via
from storyclip.domain.errors import StoreUnavailable
from storyclip.store import acts
from storyclip.store.acts import Wanted
from storyclip.web.door.refusals import MOST_OF_ALL, MOST_OF_ONE, WINDOW, Refusals
from tests.people import key_for
from tests.web.conftest import NOON, Clock, Someone, good

API = "/api/metricool"
WRONG = {"X-Api-Key": "sc_0123456789ab_" + "x" * 43}


def refused() -> list[Act]:
    return list(acts.newest(Wanted(action=Action.ENTRY), 1000)[::-1])


@pytest.mark.parametrize(
    ("asked", "kept"),
    [
        (
            {"path": f"{API}/batches", "headers": WRONG},
            (f"GET {API}/batches", "unauthenticated"),
        ),
        ({"path": f"{API}/batches"}, (f"GET {API}/batches", "unauthenticated")),
        (
            {"path": f"{API}/stream?ticket=x"},
            (f"GET {API}/stream", "unauthenticated"),
        ),
        (
            {"path": f"{API}/batch/b%1b%5b2J", "headers": WRONG},
            (f"GET {API}/batch/<batch_id>", "unauthenticated"),
        ),
        (
            {"path": "/session", "method": "DELETE", "headers": {"Origin": "https://evil.com"}},
            ("DELETE /session", "origin_refused"),
        ),
        ({"path": "/signin?token=x"}, ("GET /signin", "unauthenticated")),
    ],
)
def test_who_is_not_let_in_is_kept(anyone: Any, asked: dict[str, Any], kept: tuple[str, str]):
    with capture_logs() as logs:
        anyone.open(**asked)

    (act,) = refused()
    assert (act.subject, act.outcome) == kept
    assert (act.by.via, act.by.user_id, act.by.address) == (Via.API, None, "127.0.0.1")
    assert [(one["log_level"], one["code"]) for one in logs if one["event"] == "entry_refused"] == [
        ("warning", kept[1])
    ]


def test_who_may_not_do_what_they_ask_is_kept_by_name(anyone: Any):
    ana = Someone(anyone, key_for("ana", {"read"}, {"2000002"}, at=NOON))
    bea = Someone(anyone, key_for("bea", {"publish"}, {"2000002"}, at=NOON))

    ana.publish()
    bea.publish(good())

    assert [(act.by.user_id, act.outcome) for act in refused()] == [
        ("ana", "scope_missing"),
        ("bea", "account_not_allowed"),
    ]


def test_what_is_no_entry_is_not_kept(ana: Someone, anyone: Any):
    ana.get(f"{API}/status?batchId=none")
    ana.post(f"{API}/publish/stories", json={})
    anyone.get("/session")  # the page asks whether somebody is signed in
    anyone.get("/nowhere")

    assert refused() == []


def test_one_address_fills_nothing(anyone: Any, clock: Clock):
    for _ in range(5 * MOST_OF_ONE):
        anyone.get(f"{API}/batches")

    assert len(refused()) == MOST_OF_ONE
    clock.move(WINDOW.total_seconds())
    anyone.get(f"{API}/batches")
    assert refused()[-1].times == 4 * MOST_OF_ONE + 1


def test_many_addresses_fill_nothing_either():
    refusals = Refusals()

    kept = [refusals.take(f"2001:db8:{n:x}::1", NOON) for n in range(1000)]

    assert sum(map(bool, kept)) == MOST_OF_ALL
    assert refusals.take("192.0.2.1", NOON + WINDOW) == 1


def test_the_addresses_of_one_network_count_as_one():
    refusals = Refusals()

    kept = [refusals.take(f"2001:db8::{n:x}", NOON) for n in range(100)]

    assert sum(map(bool, kept)) == MOST_OF_ONE


def test_a_refusal_a_while_after_is_kept_again():
    refusals = Refusals()

    kept = [
        refusals.take("192.0.2.1", NOON + n * WINDOW / MOST_OF_ONE) for n in range(3 * MOST_OF_ONE)
    ]

    assert all(kept)
    assert refusals.take("192.0.2.1", NOON + timedelta(hours=1)) == 1


def test_what_cannot_be_kept_is_answered_all_the_same(anyone: Any, monkeypatch: pytest.MonkeyPatch):
    def full(*_: object, **__: object) -> None:
        raise StoreUnavailable("the disk is full")

    monkeypatch.setattr(acts, "write", full)
    with capture_logs() as logs:
        answer = anyone.get(f"{API}/batches")

    assert answer.status_code == 401
    assert [one["reason"] for one in logs if one["event"] == "entry_not_kept"] == [
        "the disk is full"
    ]


def test_a_wrong_password_is_kept_under_whom_it_was_tried_for_and_nobody_is_told(anyone: Any):
    key_for("cleo", {"read"}, at=NOON)

    def tried(user: str) -> Any:
        said = {"userId": user, "password": "wrong horse battery"}
        return anyone.post("/session/password", json=said, headers={"Origin": "http://localhost"})

    there, nobody = tried("cleo"), tried("nobody")

    kept = [(act.subject, act.detail, act.by.user_id) for act in refused()]
    what = "POST /session/password"
    assert kept == [("cleo", what, None), (what, None, None)]
    assert (there.status_code, there.get_json()) == (401, nobody.get_json())
