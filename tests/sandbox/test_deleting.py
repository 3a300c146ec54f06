"""DELETE: what the client sees, what was done, and what a network has all the same."""

import json

import pytest
import requests

from storyclip.sandbox import people
from storyclip.sandbox.in_process import Wire
from tests.eventually import eventually
from tests.sandbox.conftest import ACCOUNT, Metricool
from tests.sandbox.here import FIRST_ID, POSTS, Here, at

CUT = (requests.ConnectionError, requests.exceptions.ChunkedEncodingError)


@pytest.mark.parametrize(
    ("fault", "status", "starts_with"),
    [
        ({"fault": "delete_204"}, 204, b""),
        ({"fault": "delete_then_status"}, 500, b"<"),
        ({"fault": "delete_then_status", "status": 404}, 404, b"{"),
    ],
)
def test_a_deletion_may_be_answered_otherwise_and_is_done(fault, status, starts_with):
    here = Here(fault)
    ours = here.created()

    answer = here.delete(ours["id"])

    assert (answer.status, answer.body[:1]) == (status, starts_with)
    assert here.get(ours["id"]) is None
    assert len(here.ledger("deleted")) == len(here.deleted()) == 1


@pytest.mark.parametrize(
    ("fault", "status"),
    [
        ({"fault": "status_before_delete"}, 500),
        ({"fault": "status_before_delete", "status": 503}, 503),
        ({"fault": "busy_429", "call": "delete"}, 429),
    ],
)
def test_a_deletion_may_be_refused_and_nothing_is_done(fault, status):
    here = Here(fault)
    ours = here.created()

    assert here.delete(ours["id"]).status == status
    assert here.get(ours["id"]) == ours
    assert here.ledger("deleted") == []


@pytest.mark.parametrize(("name", "done"), [("delete_then_drop", 1), ("drop_before_delete", 0)])
def test_the_line_may_be_cut_after_a_deletion_or_before_it(name, done):
    here = Here({"fault": name, "times": 1})
    ours = here.created()

    assert here.delete(ours["id"]).wire is Wire.DROPPED
    assert len(here.ledger("deleted")) == done


def test_a_client_sees_a_cut_line_and_an_empty_204_over_http(metricool: Metricool):
    metricool.sandbox.fault(fault="delete_then_drop", times=1)
    metricool.sandbox.fault(fault="delete_204")
    first, second = metricool.created(), metricool.created()

    with pytest.raises(CUT):
        metricool.call("DELETE", f"{POSTS}/{first['id']}")
    answer = metricool.call("DELETE", f"{POSTS}/{second['id']}")

    assert (answer.status_code, answer.content) == (204, b"")
    assert metricool.listed() == []


def test_a_deletion_handled_late_hits_whatever_has_the_id_then():
    here = Here({"fault": "delay_before_delete", "seconds": 60, "times": 1})
    ours = here.created(here.story(600))
    answer = here.delete(ours["id"])
    people.edit(here.sandbox, ours["id"])
    theirs = people.make(here.sandbox, ACCOUNT, "facebook", at(600), post_id=ours["id"])

    assert answer.wire is Wire.LATER
    here.advance(60)

    assert (answer.wire, answer.status) == (Wire.WHOLE, 200)
    assert here.ledger("deleted")[-1]["uuid"] == theirs.uuid


def test_a_deletion_handled_late_is_done_though_the_client_has_given_up(metricool: Metricool):
    metricool.sandbox.fault(fault="delay_before_delete", seconds=60)
    ours = metricool.created(metricool.story(in_s=600))

    with pytest.raises(OSError, match="timed out"):
        metricool.call("DELETE", f"{POSTS}/{ours['id']}", timeout_s=0.2)
    assert metricool.get(ours["id"]).ok
    metricool.sandbox.advance(60)

    eventually(lambda: not metricool.sandbox.counts()["concurrent"])
    assert metricool.get(ours["id"]).status_code == 404
    assert metricool.ledger("deleted")[0]["time"] == metricool.iso(60)


@pytest.mark.parametrize("status", [None, 400, 200])
@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_an_id_that_is_gone_may_be_answered_otherwise(status, method):
    here = Here({"fault": "gone_id_answers", "status": status})
    ours = here.created()
    here.delete(ours["id"])

    answer = here.ask(method, f"{POSTS}/{ours['id']}")

    assert answer.status == (status or 400)
    said = json.loads(answer.body)
    assert said == {"data": None} if status == 200 else said["code"] == "400"


def test_an_id_that_is_gone_may_be_answered_otherwise_by_one_call_alone():
    here = Here({"fault": "gone_id_answers", "status": 200, "call": "delete"})

    assert here.ask("GET", f"{POSTS}/{FIRST_ID}").status == 404
    assert here.delete(FIRST_ID).status == 200


@pytest.mark.parametrize("path", ["7300000000000000001", "-7300000000000000001"])
def test_a_uuid_in_place_of_an_id_cannot_be_deleted(path):
    here = Here()
    here.created()

    assert here.ask("DELETE", f"{POSTS}/{path}").status == 500
    assert len(here.listed()) == 1


def test_what_is_deleted_while_publishing_may_go_live_also_over_a_restart():
    here = Here({"fault": "delete_too_late"})
    ours = here.created(here.story(120))
    here.advance(122)
    here.delete(ours["id"])
    again = here.restarted()

    assert [one["networks"][0]["status"] for one in again.deleted()] == ["PUBLISHING"]
    again.advance(60)

    assert [one["networks"][0]["status"] for one in again.deleted()] == ["PUBLISHED"]
    assert again.get(ours["id"]) is None
    [live] = again.ledger("published")
    assert live["uuid"] == ours["uuid"]


def test_what_went_live_too_late_is_published_once_though_it_is_restored():
    here = Here({"fault": "delete_too_late"})
    ours = here.created(here.story(120))
    here.advance(122)
    here.delete(ours["id"])

    people.restore(here.sandbox, ACCOUNT, ours["id"])
    here.advance(600)

    assert len(here.ledger("published")) == 1


def test_what_is_restored_and_deleted_in_time_does_not_go_live():
    here = Here({"fault": "delete_too_late", "times": 1})
    ours = here.created(here.story(120))
    here.advance(122)
    here.delete(ours["id"])
    people.restore(here.sandbox, ACCOUNT, ours["id"])

    here.delete(ours["id"])
    here.advance(600)

    assert here.ledger("published") == []


@pytest.mark.parametrize("deleted_at_s", [119, 122])
def test_without_that_fault_what_is_deleted_before_its_end_never_goes_live(deleted_at_s):
    here = Here()
    ours = here.created(here.story(120))
    here.advance(deleted_at_s)
    here.delete(ours["id"])

    here.advance(600)

    assert here.ledger("published") == []


def test_deleting_does_not_take_a_live_story_back():
    here = Here()
    ours = here.created(here.story(120))
    here.advance(125)

    here.delete(ours["id"])

    assert [one["networks"][0]["status"] for one in here.deleted()] == ["PUBLISHED"]
    assert [line["event"] for line in here.ledger()] == ["created", "published", "deleted"]
    again = here.restarted()
    assert again.deleted() == here.deleted()
