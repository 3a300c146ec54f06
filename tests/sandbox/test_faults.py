"""All other faults, what they are aimed at, and that each is tried somewhere."""

import time
from pathlib import Path

import pytest
import requests

from storyclip.sandbox.fault_names import NAMES
from storyclip.sandbox.process import ControlRefused
from tests.sandbox.conftest import ACCOUNT, SOURCE, Metricool

CUT = (requests.ConnectionError, requests.exceptions.ChunkedEncodingError)


def test_a_fresh_post_may_be_missing_from_lists(metricool: Metricool):
    metricool.sandbox.fault(fault="list_lags", seconds=10)
    post = metricool.created()

    assert metricool.listed() == []
    assert metricool.get(post["id"]).ok
    metricool.sandbox.advance(10)
    assert len(metricool.listed()) == 1


def test_a_fresh_post_may_be_404_by_its_id(metricool: Metricool):
    metricool.sandbox.fault(fault="get_404_after_create", seconds=10)
    post = metricool.created()

    assert metricool.get(post["id"]).status_code == 404
    assert len(metricool.listed()) == 1
    metricool.sandbox.advance(10)
    assert metricool.get(post["id"]).ok


@pytest.mark.parametrize(
    ("fault", "status", "words"),
    [
        ({"fault": "never_publishes"}, "PENDING", "Pending"),
        ({"fault": "awaiting_confirmation"}, "AWAITING_CONFIRMATION", "Waiting for confirmation"),
        ({"fault": "unknown_status", "words": "MODERATING"}, "MODERATING", "MODERATING"),
        ({"fault": "network_error", "words": "Page gone"}, "ERROR", "Page gone"),
    ],
)
def test_a_post_may_end_otherwise(metricool: Metricool, fault, status, words):
    metricool.sandbox.fault(**fault)
    post = metricool.created()

    metricool.sandbox.advance(3600)

    [provider] = metricool.get(post["id"]).json()["data"]["providers"]
    assert (provider["status"], provider["detailedStatus"]) == (status, words)
    assert metricool.ledger("published") == []


def test_publishing_may_take_long(metricool: Metricool):
    metricool.sandbox.fault(fault="publishing_for_long", seconds=60)
    post = metricool.created()

    metricool.sandbox.advance(184)
    assert metricool.status(post["id"]) == "PUBLISHING"
    metricool.sandbox.advance(1)
    assert metricool.status(post["id"]) == "PUBLISHED"
    assert metricool.ledger("published")[0]["time"] == metricool.iso(185)


def test_a_date_may_be_moved_silently(metricool: Metricool):
    metricool.sandbox.fault(fault="date_moved", seconds=180)

    post = metricool.created(metricool.story(in_s=120))

    assert post["publicationDate"]["dateTime"] == metricool.wall(120)
    later = metricool.get(post["id"]).json()["data"]
    assert later["publicationDate"]["dateTime"] == metricool.wall(300)
    metricool.sandbox.advance(600)
    assert metricool.ledger("published")[0]["time"] == metricool.iso(305)


def test_media_may_be_dropped(metricool: Metricool):
    media = metricool.normalize().text
    metricool.sandbox.fault(fault="media_dropped")

    post = metricool.created(metricool.story(media=[media]))

    assert post["media"] == []
    [line] = metricool.ledger("created")
    assert (line["media"], line["source"]) == (None, SOURCE)
    metricool.sandbox.advance(125)
    assert metricool.status(post["id"]) == "ERROR"


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("list_fails", "v2/scheduler/posts?start=2026-12-01T00:00:00&end=2026-12-02T00:00:00"),
        ("list_fails", "v2/scheduler/posts/deleted"),
        ("get_fails", "v2/scheduler/posts/310000001"),
        ("normalize_fails", f"actions/normalize/image/url?url={SOURCE}"),
        ("brands_fail", "v2/settings/brands"),
        ("brands_fail", "admin/simpleProfiles"),
    ],
)
def test_reads_may_fail_with_a_page_an_envelope_or_a_cut_line(metricool: Metricool, name, path):
    metricool.sandbox.fault(fault=name, status=503, times=1)
    metricool.sandbox.fault(fault=name, status=409, times=1)
    metricool.sandbox.fault(fault=name, times=1)

    page, envelope = metricool.call("GET", path), metricool.call("GET", path)

    assert (page.status_code, page.text[:1]) == (503, "<")
    assert (envelope.status_code, envelope.json()["code"]) == (409, "409")
    with pytest.raises(CUT):
        metricool.call("GET", path)
    assert metricool.call("GET", path).status_code in (200, 404)


@pytest.mark.parametrize("name", ["token_revoked", "plan_off"])
def test_token_and_plan_can_be_lost_for_everything(metricool: Metricool, name):
    metricool.sandbox.fault(fault=name)

    statuses = {
        metricool.call("GET", path).status_code
        for path in ("v2/settings/brands", "admin/simpleProfiles", "v2/scheduler/posts/deleted")
    }

    assert statuses == {401 if name == "token_revoked" else 403}


def test_normalize_may_echo_the_url(metricool: Metricool):
    metricool.sandbox.fault(fault="normalize_echo")

    assert metricool.normalize().text == SOURCE


def test_normalize_may_quote_its_url(metricool: Metricool):
    metricool.sandbox.fault(fault="normalize_quoted")

    text = metricool.normalize().text

    assert text[0] == text[-1] == '"'
    assert metricool.ledger("normalized")[0]["media"] == text.strip('"')


def test_normalize_may_be_slow(metricool: Metricool):
    metricool.sandbox.fault(fault="normalize_slow", seconds=0.3)
    asked_at = time.monotonic()

    assert metricool.normalize().ok
    assert time.monotonic() - asked_at >= 0.3


@pytest.mark.parametrize(
    "aim",
    [
        {"account": ACCOUNT},
        {"account": int(ACCOUNT)},
        {"network": "instagram"},
        {"source": "clips/2"},
    ],
)
def test_a_fault_hits_only_what_it_is_aimed_at(metricool: Metricool, aim):
    metricool.sandbox.fault(fault="refuse", **aim)
    hit = {"account": ACCOUNT, "network": "instagram", "source": "https://x.example/clips/2.mp4"}
    spared = {
        "account": {"account": "2000002"},
        "network": {"network": "facebook"},
        "source": {"source": "https://x.example/clips/1.mp4"},
    }

    assert _post_clip(metricool, **hit) == 400
    assert _post_clip(metricool, **(hit | spared[next(iter(aim))])) == 200


def test_a_fault_lets_some_calls_by_and_wears_off(metricool: Metricool):
    metricool.sandbox.fault(fault="refuse", skip=1, times=2)

    statuses = [metricool.post().status_code for _ in range(5)]

    assert statuses == [200, 400, 400, 200, 200]
    [fault] = metricool.sandbox.faults()
    assert (fault["seen"], fault["used"]) == (5, 2)


def test_several_faults_may_hit_one_call(metricool: Metricool):
    metricool.sandbox.fault(fault="create_then_drop")
    metricool.sandbox.fault(fault="list_lags", seconds=10)

    with pytest.raises(CUT):
        metricool.post()

    assert len(metricool.ledger("created")) == 1
    assert metricool.listed() == []


def test_cleared_faults_hit_nothing(metricool: Metricool):
    metricool.sandbox.fault(fault="refuse")
    metricool.sandbox.clear_faults()

    assert metricool.sandbox.faults() == []
    assert metricool.post().ok


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ({"fault": "explode"}, "unknown fault 'explode'"),
        ({"fault": "refuse", "acount": "1"}, "unknown key 'acount'"),
        ({"fault": "refuse", "times": "two"}, "times = 'two'"),
        ({"fault": "list_lags"}, "needs seconds"),
        ({"fault": "refuse", "call": "list"}, "call goes with"),
        ({"fault": "busy_429", "call": "fly"}, "call goes with"),
    ],
)
def test_a_fault_that_makes_no_sense_is_refused(metricool: Metricool, spec, words):
    with pytest.raises(ControlRefused, match=words):
        metricool.sandbox.fault(**spec)


def test_every_fault_is_tried_in_these_tests():
    tests = "".join(file.read_text() for file in Path(__file__).parent.glob("test_*.py"))

    assert [name for name in NAMES if f'"{name}"' not in tests] == []


def _post_clip(metricool: Metricool, *, account: str, network: str, source: str) -> int:
    media = metricool.normalize(source, blogId=account).text
    answer = metricool.post(metricool.story(network=network, media=[media]), blogId=account)
    return answer.status_code
