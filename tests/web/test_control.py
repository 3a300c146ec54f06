"""Pause, resume, cancel and retry over HTTP: who may, what is answered, what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from storyclip.domain.clip import Event
from storyclip.domain.errors import RetrySafety, StoreUnavailable
from storyclip.domain.names import names
from storyclip.domain.network import Network
from storyclip.domain.story import Look, Post, PostStatus
from storyclip.domain.user import Role
from storyclip.store.access import keys
from storyclip.store.history import events
from storyclip.store.publishing import batches, clips, wishes
from storyclip.web.door import limits
from storyclip.web.routes import batches as routes_of_batches
from tests.people import key_for, of
from tests.store.making import record
from tests.web.conftest import NOON, SmallMetricool, Someone, good, rows
from tests.web.gone import GONE

ACTIONS = ("pause", "resume", "cancel", "retry-failed")


def made(who: Someone, count: int = 3) -> str:
    return str(who.publish(good(count)).get_json()["batchId"])


def act(who: Someone, action: str, batch_id: str, more: str = "") -> Any:
    return who.post(f"/api/metricool/{action}?batchId={batch_id}{more}")


def failed(batch_id: str, safety: RetrySafety, index: int = 1) -> None:
    """Bring a clip to its failure, as the workers would."""
    clip = clips.of_batch(batch_id)[index - 1]
    plan = {"planned_for": NOON, "plans": (NOON,), "intended_at": NOON}
    sent = record(clip, Event.CLAIMED, at=NOON, worker="w", media_url="https://m/1", **plan)
    taken = record(sent, Event.ACCEPTED, at=NOON, post_id="310000001")
    ended = {"retry_safety": safety, "error": "no", "error_code": "unconfirmed", "next_at": None}
    record(taken, Event.TIMED_OUT, at=NOON, **ended)


@pytest.mark.parametrize("action", ACTIONS)
def test_a_get_is_not_a_wish(ana: Someone, action: str):
    answer = ana.get(f"/api/metricool/{action}?batchId={made(ana)}")

    assert answer.status_code == 405
    assert "POST" in answer.headers["Allow"]


@pytest.mark.parametrize("right", GONE)
@pytest.mark.parametrize("action", ACTIONS)
def test_a_right_that_goes_while_a_wish_waits_has_it_change_nothing(
    ana: Someone, monkeypatch, action: str, right: str
):
    take, status = GONE[right]
    batch_id = made(ana)
    failed(batch_id, RetrySafety.SAFE)
    if action == "resume":
        wishes.pause(batch_id, of("ana"), NOON)
    before = rows("publish_batch_events")
    # It is here that it waits: for others who wait, and for what is to be known first
    monkeypatch.setattr(limits, "wait_elsewhere", lambda: take(ana.key))

    refused = act(ana, action, batch_id)

    assert refused.status_code == status
    assert rows("publish_batch_events") == before


def test_a_right_that_goes_while_a_batch_is_looked_at_shows_nothing_of_it(
    ana: Someone, monkeypatch
):
    batch_id = made(ana)
    monkeypatch.setattr(
        routes_of_batches, "reconcile", lambda *_: keys.revoke(ana.key.split("_")[1], NOON)
    )

    refused = ana.get(f"/api/metricool/reconcile/{batch_id}")

    assert refused.status_code == 401
    assert batch_id not in refused.text


@pytest.mark.parametrize("action", ACTIONS)
def test_somebody_elses_batch_is_as_unknown_as_one_that_does_not_exist(
    ana: Someone, bea: Someone, action: str
):
    theirs = act(bea, action, made(ana))
    unknown = act(bea, action, "b-unknown")

    assert theirs.status_code == unknown.status_code == 404
    assert theirs.get_json() == unknown.get_json()


@pytest.mark.parametrize("action", ACTIONS)
def test_a_key_that_may_only_read_may_not_lay_hand_on_a_batch(ana: Someone, action: str):
    reader = Someone(ana.client, key_for("ana", {"read"}, at=NOON))

    answer = act(reader, action, made(ana))

    assert (answer.status_code, answer.get_json()["code"]) == (403, "scope_missing")


@pytest.mark.parametrize("action", ACTIONS)
def test_for_a_key_of_other_accounts_there_is_no_such_batch(ana: Someone, action: str):
    other = key_for("ana", {"publish"}, accounts={"2000002"}, at=NOON)

    answer = act(Someone(ana.client, other), action, made(ana))

    assert (answer.status_code, answer.get_json()["code"]) == (404, "not_found")


@pytest.mark.parametrize("role", [Role.ADMIN, Role.OPERATOR])
@pytest.mark.parametrize("action", ["pause", "cancel"])
def test_who_oversees_lays_hand_on_everybodys_batches(ana: Someone, action: str, role: Role):
    key = key_for("ops", {"admin"}, at=NOON, role=role)

    answer = act(Someone(ana.client, key), action, batch_id := made(ana))

    assert answer.status_code == 200
    shown = ana.get(f"/api/metricool/status?batchId={batch_id}").get_json()
    assert shown["status"] == {"pause": "paused", "cancel": "cancelled"}[action]


@pytest.mark.parametrize("action", ACTIONS)
def test_who_oversees_other_accounts_does_not(ana: Someone, action: str):
    elsewhere = names({"2000002"})
    key = key_for("ops", {"admin"}, at=NOON, role=Role.OPERATOR, of_user=elsewhere)

    answer = act(Someone(ana.client, key), action, made(ana))

    assert answer.status_code == 404


@pytest.mark.parametrize("action", ACTIONS)
def test_a_batch_has_to_be_named(ana: Someone, action: str):
    answer = ana.post(f"/api/metricool/{action}")

    assert answer.status_code == 422
    assert answer.get_json()["errors"][0]["pointer"] == "/batchId"


def test_a_pause_is_answered_with_the_summary_after_it(ana: Someone):
    batch_id = made(ana)

    answer = act(ana, "pause", batch_id)

    shown = answer.get_json()
    assert answer.status_code == 200
    assert (shown["batchId"], shown["status"], shown["phase"]) == (batch_id, "paused", "paused")
    assert shown["total"] == 3
    whole = ana.get(f"/api/metricool/batch/{batch_id}").get_json()["batch"]
    assert {**shown["batch"], "clips": whole["clips"]} == whole


def test_a_wish_needs_no_body_and_takes_any(ana: Someone):
    batch_id = made(ana)

    with_json = ana.post(f"/api/metricool/pause?batchId={batch_id}", json={})
    with_text = ana.post(f"/api/metricool/pause?batchId={batch_id}", data="please")

    assert (with_json.status_code, with_text.status_code) == (200, 200)


def test_pause_resume_and_cancel_are_told_once_each_and_in_order(ana: Someone):
    batch_id = made(ana, 2)

    statuses = [
        act(ana, action, batch_id).get_json()["status"]
        for action in ("pause", "pause", "resume", "cancel", "cancel")
    ]

    told = events.events_since(batch_id, 0)
    assert statuses == ["paused", "paused", "processing", "cancelled", "cancelled"]
    assert [event["seq"] for event in told] == list(range(1, len(told) + 1))
    types = [event["type"] for event in told if event["type"] != "progress"]
    assert types == ["paused", "resumed", "cancelled"]
    assert told[1]["clip"] is None


def test_a_cancel_says_what_is_out_and_what_is_not(ana: Someone):
    batch_id = made(ana)
    failed(batch_id, RetrySafety.SAFE)

    shown = act(ana, "cancel", batch_id).get_json()

    assert shown["status"] == "cancelled"
    assert shown["outcome"] == {
        "published": [],
        "cancelled": [2, 3],
        "failed": [1],
        "unknown": [],
    }


@pytest.mark.parametrize(
    ("actions", "code"),
    [
        (["resume"], "not_paused"),
        (["cancel", "resume"], "batch_cancelled"),
        (["cancel", "pause"], "batch_cancelled"),
        (["cancel", "retry-failed"], "batch_cancelled"),
        (["retry-failed"], "nothing_to_retry"),
    ],
)
def test_what_makes_no_sense_is_a_conflict_that_says_why(
    ana: Someone, actions: list[str], code: str
):
    batch_id = made(ana)
    *before, last = [act(ana, action, batch_id) for action in actions]

    assert [answer.status_code for answer in before] == [200] * len(before)
    assert (last.status_code, last.get_json()["code"]) == (409, code)
    assert last.content_type == "application/problem+json"
    assert last.get_json()["detail"]


def test_a_safe_clip_is_retried_and_the_order_kept(ana: Someone):
    batch_id = made(ana)
    failed(batch_id, RetrySafety.SAFE)

    shown = act(ana, "retry-failed", batch_id).get_json()

    assert (shown["order"], shown["retried"], shown["notRetried"]) == ("kept", [1], [])
    assert shown["failed"] == 0
    clip = clips.of_batch(batch_id)[0]
    assert (clip.state, clip.attempts, clip.post_id) == ("pending", 0, None)


def test_a_clip_that_would_come_after_a_later_one_needs_a_confirmed_order(ana: Someone):
    batch_id = made(ana)
    failed(batch_id, RetrySafety.SAFE, 1)
    failed(batch_id, RetrySafety.CHECK_FIRST, 2)

    refused = act(ana, "retry-failed", batch_id, "&clip=1")
    done = act(ana, "retry-failed", batch_id, "&clip=1&confirmOrder=true")

    assert (refused.status_code, refused.get_json()["code"]) == (409, "order_would_change")
    assert "confirmOrder=true" in refused.get_json()["detail"]
    assert (done.status_code, done.get_json()["order"]) == (200, "appended")


def test_a_clip_that_must_not_be_sent_again_is_refused_with_its_reason(ana: Someone):
    batch_id = made(ana)
    failed(batch_id, RetrySafety.NEVER)

    answer = act(ana, "retry-failed", batch_id, "&clip=1")

    assert (answer.status_code, answer.get_json()["code"]) == (409, "retry_refused")
    assert "no" in answer.get_json()["detail"]


def test_without_metricool_an_unconfirmed_clip_is_not_retried_and_nothing_changes(ana: Someone):
    batch_id = made(ana)
    failed(batch_id, RetrySafety.CHECK_FIRST)
    before = clips.of_batch(batch_id)

    answer = act(ana, "retry-failed", batch_id)

    assert (answer.status_code, answer.get_json()["code"]) == (503, "upstream_unreachable")
    assert "Nothing was changed" in answer.get_json()["detail"]
    assert clips.of_batch(batch_id) == before


def test_an_unconfirmed_clip_that_is_live_is_adopted(
    ana: Someone, metricool: SmallMetricool, monkeypatch: pytest.MonkeyPatch
):
    batch_id = made(ana)
    failed(batch_id, RetrySafety.CHECK_FIRST)
    live = Post("310000001", Network.FACEBOOK, ("https://m/1",), NOON, PostStatus.PUBLISHED)
    monkeypatch.setattr(metricool, "post", lambda *of: live)

    shown = act(ana, "retry-failed", batch_id, "&clip=1").get_json()

    assert (shown["foundLive"], shown["retried"], shown["published"]) == ([1], [], 1)


def test_an_unconfirmed_clip_that_is_shown_nowhere_is_sent_by_a_persons_word_alone(
    ana: Someone, metricool: SmallMetricool, monkeypatch: pytest.MonkeyPatch
):
    batch_id = made(ana)
    failed(batch_id, RetrySafety.CHECK_FIRST)
    monkeypatch.setattr(metricool, "post", lambda *of: None)
    for listing in ("posts_between", "deleted_posts"):
        monkeypatch.setattr(metricool, listing, lambda *of: Look((), NOON, is_whole=True))

    by_itself = act(ana, "retry-failed", batch_id, "&clip=1")
    untouched = clips.of_batch(batch_id)[0].state
    by_word = act(ana, "retry-failed", batch_id, "&clip=1&confirmAbsent=true")

    assert (by_itself.status_code, by_itself.get_json()["code"]) == (409, "still_pending")
    assert "confirmAbsent=true" in by_itself.get_json()["detail"]
    assert untouched == "failed"
    assert (by_word.status_code, by_word.get_json()["retried"]) == (200, [1])
    assert clips.of_batch(batch_id)[0].state == "pending"


def test_a_pause_says_which_clips_may_go_out_all_the_same(ana: Someone):
    batch_id = made(ana)
    plan = {"planned_for": NOON, "plans": (NOON,), "intended_at": NOON, "media_url": "https://m/1"}
    sent = record(clips.of_batch(batch_id)[0], Event.CLAIMED, at=NOON, worker="w", **plan)
    record(sent, Event.ACCEPTED, at=NOON, post_id="310000001")

    shown = act(ana, "pause", batch_id).get_json()

    assert (shown["status"], shown["mayGoOut"]) == ("paused", [1])


@pytest.mark.parametrize("action", ["pause", "cancel", "retry-failed"])
def test_of_a_wish_that_may_be_written_nobody_says_that_it_is_not(
    ana: Someone, action: str, monkeypatch: pytest.MonkeyPatch
):
    batch_id = made(ana)
    if action == "retry-failed":
        failed(batch_id, RetrySafety.SAFE)
    before, found = batches.find(batch_id, of("ana")), iter([True, False])

    def is_away_when_asked_again(*of: Any) -> Any:
        if next(found):
            return before
        raise StoreUnavailable("locked")

    with monkeypatch.context() as patch:
        patch.setattr(batches, "find", is_away_when_asked_again)
        answer = act(ana, action, batch_id)

    assert answer.status_code == 503
    assert "may have been done" in answer.get_json()["detail"]
    assert batches.find(batch_id, of("ana")) != before


@pytest.mark.parametrize(
    ("more", "pointer"),
    [
        ("&clip=", "/clip"),
        ("&clip=one", "/clip"),
        ("&clip=-1", "/clip"),
        ("&clip=99999", "/clip"),
        ("&clip=%D9%A1", "/clip"),
        ("&confirmOrder=yes", "/confirmOrder"),
        ("&confirmAbsent=1", "/confirmAbsent"),
    ],
)
def test_what_cannot_be_read_is_not_guessed(ana: Someone, more: str, pointer: str):
    batch_id = made(ana)
    failed(batch_id, RetrySafety.SAFE)

    answer = act(ana, "retry-failed", batch_id, more)

    assert answer.status_code == 422
    assert answer.get_json()["errors"][0]["pointer"] == pointer


def test_a_clip_that_the_batch_does_not_have_is_not_found(ana: Someone):
    assert act(ana, "retry-failed", made(ana), "&clip=4").status_code == 404
