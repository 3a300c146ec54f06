"""The ledger: a line for every fact, on disk before the answer, and enough to start again from."""

import pytest

from storyclip.sandbox.ledger import Ledger, LedgerBroken
from tests.sandbox.conftest import ACCOUNT, SOURCE, Metricool

NOON = "2026-12-01T12:00:00Z"


def test_a_line_says_who_where_what_and_when(metricool: Metricool):
    media = metricool.normalize().text
    metricool.sandbox.advance(1.25)
    post = metricool.created(metricool.story(in_s=120, media=[media]))

    [line] = metricool.ledger("created")

    assert line.pop("post")["id"] == post["id"]
    assert line == {
        "time": metricool.iso(1.25),
        "event": "created",
        "account": ACCOUNT,
        "network": "facebook",
        "media": media,
        "source": SOURCE,
        "postId": post["id"],
        "uuid": post["uuid"],
        "plannedFor": metricool.iso(120),
        "detail": None,
        "by": "api",
        "madeBy": "api",
        "restoredBy": None,
    }


def test_a_refused_post_is_on_record_with_its_clip_and_the_reason(metricool: Metricool):
    media = metricool.normalize().text
    metricool.post(metricool.story(in_s=-60, media=[media]))

    [line] = metricool.ledger("refused")

    assert (line["media"], line["source"], line["network"]) == (media, SOURCE, "facebook")
    assert line["plannedFor"] == metricool.iso(-60)
    assert line["detail"].startswith("Invalid value 'DateTimeInfo")
    assert line["postId"] is line["uuid"] is None


def test_a_post_refused_for_its_token_is_on_record_too(metricool: Metricool):
    metricool.log_in("wrong")
    metricool.post()

    [line] = metricool.ledger("refused")
    assert line["detail"] == "Invalid or expired token"


def test_a_server_error_is_not_a_refusal(metricool: Metricool):
    metricool.post(metricool.story(publicationDate="2026-12-01T12:00:00"))

    assert metricool.ledger() == []


def test_lines_stay_in_time_order_however_far_the_clock_jumps(metricool: Metricool):
    for in_s in (600, 120, 360, 120):
        metricool.created(metricool.story(in_s=in_s))
    metricool.sandbox.fault(fault="delay_before_create", seconds=200)
    with pytest.raises(OSError, match="timed out"):
        metricool.post(metricool.story(in_s=240), timeout_s=0.3)

    metricool.sandbox.advance(3600)

    later = [(line["event"], line["time"]) for line in metricool.ledger()[4:]]
    assert later == [
        ("published", metricool.iso(125)),
        ("published", metricool.iso(125)),
        ("created", metricool.iso(200)),
        ("published", metricool.iso(245)),
        ("published", metricool.iso(365)),
        ("published", metricool.iso(605)),
    ]


def test_a_killed_sandbox_knows_its_posts_again(start, client_of):
    metricool = client_of(start(clock=NOON))
    media = metricool.normalize().text
    published = metricool.created(metricool.story(in_s=60))
    metricool.sandbox.fault(fault="network_error", times=1, words="Page gone")
    failed = metricool.created(metricool.story(in_s=60))
    metricool.sandbox.advance(65)
    deleted = metricool.created()
    metricool.call("DELETE", f"v2/scheduler/posts/{deleted['id']}")
    replaced = metricool.created()
    path = f"v2/scheduler/posts/{replaced['id']}"
    replacing = metricool.call("PUT", path, metricool.story(in_s=900)).json()["data"]
    moved = metricool.created()
    date = {"publicationDate": {"dateTime": metricool.wall(960), "timezone": "UTC"}}
    metricool.call("PATCH", f"v2/scheduler/posts/{moved['id']}", date, fields="publicationDate")
    pending = metricool.created(metricool.story(in_s=120, media=[media]))
    url = metricool.sandbox.url

    metricool.sandbox.kill()
    metricool.sandbox.restart()

    assert metricool.sandbox.url == url
    assert metricool.sandbox.now() == metricool.iso(65)
    assert metricool.status(published["id"]) == "PUBLISHED"
    [provider] = metricool.get(failed["id"]).json()["data"]["providers"]
    assert (provider["status"], provider["detailedStatus"]) == ("ERROR", "Page gone")
    assert metricool.get(deleted["id"]).status_code == 404
    assert metricool.get(replaced["id"]).status_code == 404
    assert metricool.get(replacing["id"]).json()["data"] == replacing
    later = metricool.get(moved["id"]).json()["data"]
    assert later["publicationDate"]["dateTime"] == metricool.wall(960)
    assert metricool.get(pending["id"]).json()["data"] == pending
    query = {"timezone": "UTC"}
    gone = metricool.call("GET", "v2/scheduler/posts/deleted", **query).json()["data"]["elements"]
    assert [element["postId"] for element in gone] == [deleted["id"]]
    again = metricool.created(metricool.story(media=[media]))
    assert again["id"] == pending["id"] + 1
    assert metricool.ledger()[-1]["source"] == SOURCE


def test_what_was_pending_when_it_died_is_published_once_and_on_time(start, client_of):
    metricool = client_of(start(clock=NOON))
    metricool.sandbox.fault(fault="publishing_for_long", seconds=30)
    post = metricool.created(metricool.story(in_s=60))
    metricool.sandbox.advance(70)  # PUBLISHING

    metricool.sandbox.kill()
    metricool.sandbox.restart()
    metricool.sandbox.advance(600)

    [line] = metricool.ledger("published")
    assert (line["postId"], line["time"]) == (post["id"], metricool.iso(95))


def test_a_sandbox_without_frozen_clock_does_not_run_backwards(start, client_of):
    metricool = client_of(start(clock="2100-01-01T00:00:00Z"))
    metricool.created()
    metricool.sandbox.run_clock()

    metricool.sandbox.restart()

    assert metricool.sandbox.now() >= metricool.ledger()[-1]["time"]


def test_a_reset_forgets_posts_but_never_an_id_also_over_a_restart(start, client_of):
    metricool = client_of(start(clock=NOON))
    before = metricool.created()

    metricool.sandbox.reset()
    metricool.sandbox.restart()

    assert metricool.ledger() == metricool.listed() == []
    assert metricool.created()["id"] == before["id"] + 1


def test_a_ledger_that_cannot_be_read_is_not_appended_to(tmp_path):
    path = tmp_path / "ledger.jsonl"
    path.write_text('{"time": "2026-12-01T12:00:00.000Z", "event": "reset"}\n{"tim')

    with pytest.raises(LedgerBroken, match="line 2"):
        Ledger(path)
