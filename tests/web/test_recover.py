"""Whose are these stories: what the API shows of a held account, and takes as a person's word."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from storyclip.domain.network import Network
from storyclip.domain.story import Post, PostStatus
from storyclip.store.database import run, writing
from storyclip.store.history import events
from storyclip.store.publishing import doubts, lanes
from storyclip.store.service import newest, unwatched
from tests.people import key_for
from tests.web.conftest import ACCOUNT, NOON, Clock, Someone, good

RECOVER = "/api/metricool/recover"
OTHER = "2000002"


@pytest.fixture
def app(app_anywhere: Flask) -> Flask:
    return app_anywhere


def batch_on(someone: Someone, account: str = ACCOUNT, clips: int = 2) -> str:
    body = good(clips)
    body["settings"]["accountId"] = account
    return str(someone.publish(body).get_json()["batchId"])


def held(account: str = ACCOUNT, count: int = 1) -> list[str]:
    """Have an account held because of so many stories that no row knows; return their names."""
    lane = lanes.named(account, Network.FACEBOOK)
    with writing():
        run(
            "UPDATE lanes SET doubted_since = ?, doubted_until = ? WHERE id = ?",
            ("2026-12-01T11:00:00Z", "2026-12-01T12:00:00Z", lane.id),
        )
    names = [f"uuid-{account}-{n}" for n in range(count)]
    posts = [
        Post(
            id=str(n),
            network=Network.FACEBOOK,
            media_urls=(f"https://static.metricool.com/{n}.mp4",),
            planned_for=NOON + timedelta(minutes=n),
            status=PostStatus.PUBLISHED,
            public_url=None,
            uuid=name,
        )
        for n, name in enumerate(names)
    ]
    doubts.looked(lanes.find(lane.id), posts, NOON)
    return names


def said(account: str = ACCOUNT, **names: list[Any]) -> dict[str, object]:
    return {"accountId": account, **names}


def test_a_held_account_is_shown_with_the_clip_that_each_story_would_be(ana: Someone):
    batch_id = batch_on(ana)
    name, _ = held(count=2)

    [lane] = ana.get(RECOVER).get_json()["held"]

    assert (lane["accountId"], lane["network"]) == (ACCOUNT, "facebook")
    first = lane["strangers"][0]
    assert first["name"] == name
    assert first["clip"] == {"batchId": batch_id, "index": 1, "title": "Clip 1"}
    assert ana.get(f"/api/metricool/status?batchId={batch_id}").get_json()["status"] == "paused"


def test_nothing_is_shown_where_nothing_is_held(ana: Someone):
    batch_on(ana)

    assert ana.get(RECOVER).get_json() == {"success": True, "held": []}


def test_once_all_is_said_the_batch_goes_on(ana: Someone):
    batch_id = batch_on(ana)
    names = held(count=2)

    first = ana.post(RECOVER, json=said(ours=names[:1])).get_json()
    second = ana.post(RECOVER, json=said(notOurs=names[1:])).get_json()

    assert [one["index"] for one in first["adopted"]] == [1]
    assert [one["name"] for one in first["left"]] == names[1:]
    assert (second["adopted"], second["left"]) == ([], [])
    assert ana.get(RECOVER).get_json()["held"] == []
    shown = ana.get(f"/api/metricool/status?batchId={batch_id}").get_json()
    assert (shown["status"], shown["error"]) == ("processing", None)


def test_ours_said_twice_adopts_once(ana: Someone):
    batch_on(ana)
    names = held()

    first, again = (ana.post(RECOVER, json=said(ours=names)) for _ in range(2))

    assert len(first.get_json()["adopted"]) == 1
    assert (again.status_code, again.get_json()["adopted"]) == (200, [])


def test_a_person_says_which_clip_a_story_came_of(ana: Someone):
    batch_id = batch_on(ana, clips=3)
    [name] = held()
    [lane] = ana.get(RECOVER).get_json()["held"]

    given = [{"name": name, "batchId": batch_id, "clip": 2}]
    answer = ana.post(RECOVER, json=said(given=given)).get_json()

    assert [(one["batchId"], one["index"]) for one in lane["clips"]] == [
        (batch_id, n) for n in (1, 2, 3)
    ]
    assert [one["index"] for one in answer["adopted"]] == [2]
    assert answer["left"] == []


def test_nobody_gives_a_story_to_a_clip_of_somebody_else_s(ana: Someone, bea: Someone):
    batch_id = batch_on(ana)
    [name] = held()

    given = [{"name": name, "batchId": batch_id, "clip": 1}]
    answer = bea.post(RECOVER, json=said(given=given)).get_json()

    assert bea.get(RECOVER).get_json()["held"][0]["clips"] == []
    assert (answer["adopted"], [one["name"] for one in answer["left"]]) == ([], [name])


@pytest.mark.parametrize("other", ["ours", "notOurs", "given"])
def test_a_story_is_not_given_and_something_else_too(ana: Someone, other: str):
    batch_id = batch_on(ana)
    [name] = held()
    given = {"name": name, "batchId": batch_id, "clip": 1}
    lists: dict[str, list[Any]] = {"given": [given], other: [name]}
    if other == "given":
        lists = {"given": [given, {**given, "clip": 2}]}

    assert ana.post(RECOVER, json={**said(), **lists}).status_code == 422
    assert len(ana.get(RECOVER).get_json()["held"]) == 1


def test_a_name_that_is_none_of_them_changes_nothing(ana: Someone):
    batch_on(ana)
    names = held()

    answer = ana.post(RECOVER, json=said(ours=["nobody"]))

    assert answer.status_code == 200
    assert [one["name"] for one in answer.get_json()["left"]] == names


def test_one_story_cannot_be_both(ana: Someone):
    batch_on(ana)
    names = held()

    answer = ana.post(RECOVER, json=said(ours=names, notOurs=names))

    assert answer.status_code == 422
    assert answer.get_json()["errors"][0]["pointer"] == "/notOurs"
    assert len(ana.get(RECOVER).get_json()["held"]) == 1


def test_a_key_for_other_accounts_sees_and_says_nothing(ana: Someone, root: Someone):
    batch_on(ana)
    batch_on(ana, OTHER)
    names = held()
    held(OTHER)
    restricted = Someone(ana.client, key_for("ana", {"publish"}, accounts={OTHER}, at=NOON))

    seen = restricted.get(RECOVER).get_json()["held"]
    answer = restricted.post(RECOVER, json=said(ours=names))

    assert [lane["accountId"] for lane in seen] == [OTHER]
    assert (answer.status_code, answer.get_json()["code"]) == (403, "account_not_allowed")
    assert len(root.get(RECOVER).get_json()["held"]) == 2


def test_a_key_that_may_only_read_cannot_decide(ana: Someone):
    batch_on(ana)
    names = held()
    reader = Someone(ana.client, key_for("ana", {"read"}, at=NOON))

    assert len(reader.get(RECOVER).get_json()["held"]) == 1
    assert reader.post(RECOVER, json=said(ours=names)).status_code == 403


def test_whose_clip_it_would_be_is_not_told_to_others(ana: Someone, bea: Someone, root: Someone):
    batch_id = batch_on(ana)
    names = held()

    [seen] = bea.get(RECOVER).get_json()["held"][0]["strangers"]
    [by_root] = root.get(RECOVER).get_json()["held"][0]["strangers"]
    decided = bea.post(RECOVER, json=said(ours=names)).get_json()

    assert (seen["fits"], seen["clip"]) == (True, None)
    assert by_root["clip"]["batchId"] == batch_id
    assert (decided["adopted"], decided["left"]) == ([], [])


def test_an_account_where_nothing_was_ever_published_is_not_found(ana: Someone):
    assert ana.post(RECOVER, json=said("2999999", ours=["x"])).status_code == 404


def test_a_batch_that_comes_while_its_account_is_held_is_held_too(ana: Someone):
    batch_on(ana)
    held()

    later = batch_on(ana)

    shown = ana.get(f"/api/metricool/status?batchId={later}").get_json()
    assert shown["status"] == "paused"
    assert "storyclip recover" in shown["error"]


@pytest.mark.parametrize("action", ["cancel", "resume"])
def test_no_wish_is_answered_before_a_worker_has_seen_rows_that_were_put_back(
    ana: Someone, clock: Clock, action: str
):
    batch_id = batch_on(ana)
    newest.live(NOON, None, is_boot=True)
    with writing():
        run("UPDATE lanes SET doubted_since = NULL, doubted_until = NULL")
    clock.move(3600)

    answer = ana.post(f"/api/metricool/{action}?batchId={batch_id}")

    assert (answer.status_code, answer.get_json()["code"]) == (409, "in_doubt")
    assert "No worker of StoryClip has run" in answer.get_json()["detail"]
    assert "Nothing was changed" in answer.get_json()["detail"]


def test_nothing_is_called_safe_nor_numbered_as_before_until_a_worker_has_looked(
    ana: Someone, clock: Clock
):
    batch_id = batch_on(ana)
    newest.live(NOON, None, is_boot=True)
    with writing():
        run("UPDATE lanes SET doubted_since = NULL, doubted_until = NULL")
        run("UPDATE publish_batch_clips SET status = 'failed', retry_safety = 'safe'")
    assert not unwatched.expect_a_look(clock(), None)
    clock.move(3600)

    assert unwatched.expect_a_look(clock(), None)

    shown = ana.get(f"/api/metricool/status?batchId={batch_id}").get_json()
    assert {clip["retrySafety"] for clip in shown["clips"]} == {"check_first"}
    ana.post(f"/api/metricool/pause?batchId={batch_id}")
    assert events.epoch_of(batch_id, 2) > events.epoch_of(batch_id, 1)


def test_a_pause_is_taken_also_while_no_worker_lives(ana: Someone, clock: Clock):
    batch_id = batch_on(ana)
    newest.live(NOON, None, is_boot=True)
    clock.move(3600)

    assert ana.post(f"/api/metricool/pause?batchId={batch_id}").status_code == 200
