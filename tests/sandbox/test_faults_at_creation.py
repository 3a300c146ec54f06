"""Faults of POST posts: what the client sees, and whether the post exists."""

import time

import pytest
import requests

from tests.sandbox.conftest import ACCOUNT, Metricool

CUT = (requests.ConnectionError, requests.exceptions.ChunkedEncodingError)


@pytest.mark.parametrize("name", ["create_then_drop", "create_then_truncated"])
def test_a_connection_cut_after_creation_leaves_the_post(metricool: Metricool, name):
    metricool.sandbox.fault(fault=name, times=1)

    with pytest.raises(CUT):
        metricool.post()

    assert len(metricool.ledger("created")) == len(metricool.listed()) == 1
    assert metricool.sandbox.requests()[0]["status"] == "dropped"


def test_a_truncated_answer_ends_in_the_middle(metricool: Metricool):
    metricool.sandbox.fault(fault="create_then_truncated")

    url = f"{metricool.sandbox.url}/v2/scheduler/posts?blogId={ACCOUNT}"
    with metricool.http.post(url, json=metricool.story(), stream=True, timeout=20) as answer:
        assert answer.status_code == 200
        length = int(answer.headers["Content-Length"])
        with pytest.raises(CUT):
            answer.content  # noqa: B018 - reading it is the test

    assert length > 500


@pytest.mark.parametrize(
    ("fault", "status", "starts_with"),
    [
        ({"fault": "create_then_status", "status": 504}, 504, "<"),
        ({"fault": "create_then_status"}, 502, "<"),
        ({"fault": "create_then_html_200"}, 200, "<"),
        ({"fault": "create_then_empty_200"}, 200, ""),
    ],
)
def test_an_unreadable_answer_after_creation_leaves_the_post(
    metricool: Metricool, fault, status, starts_with
):
    metricool.sandbox.fault(**fault)

    answer = metricool.post()

    assert answer.status_code == status
    assert answer.text[:1] == starts_with
    assert len(metricool.ledger("created")) == len(metricool.listed()) == 1


def test_a_redirect_after_creation_leads_to_an_html_page_with_200(metricool: Metricool):
    metricool.sandbox.fault(fault="create_then_status", status=302)

    answer = metricool.post()

    assert [hop.status_code for hop in answer.history] == [302]
    assert answer.text.startswith("<")
    assert len(metricool.ledger("created")) == 1


def test_an_answer_may_lack_the_id(metricool: Metricool):
    metricool.sandbox.fault(fault="create_without_id")

    assert "id" not in metricool.created()
    assert metricool.listed()[0]["id"]


def test_a_connection_cut_before_creation_leaves_nothing(metricool: Metricool):
    metricool.sandbox.fault(fault="drop_before_create")

    with pytest.raises(CUT):
        metricool.post()

    assert metricool.ledger() == metricool.listed() == []


@pytest.mark.parametrize(
    ("fault", "status", "words"),
    [
        ({"fault": "status_before_create"}, 502, "<"),
        ({"fault": "status_before_create", "status": 500}, 500, "<"),
        ({"fault": "status_before_create", "status": 418, "words": "teapot"}, 418, '"teapot"'),
        ({"fault": "refuse", "words": "No more today"}, 400, '"detail":"No more today"'),
        ({"fault": "busy_429"}, 429, "TOO_MANY_REQUESTS"),
        ({"fault": "token_revoked"}, 401, "UNAUTHORIZED"),
        ({"fault": "plan_off"}, 403, "plan"),
    ],
)
def test_what_is_refused_creates_nothing_and_is_on_record_when_4xx(
    metricool: Metricool, fault, status, words
):
    metricool.sandbox.fault(**fault)

    answer = metricool.post()

    assert answer.status_code == status
    assert words in answer.text
    assert [line["event"] for line in metricool.ledger()] == ["refused"] * (status < 500)
    metricool.sandbox.clear_faults()
    assert metricool.listed() == []


@pytest.mark.parametrize(("seconds", "header"), [(None, None), (7, "7"), (0.5, "1")])
def test_busy_says_when_to_come_back_if_told(metricool: Metricool, seconds, header):
    metricool.sandbox.fault(fault="busy_429", seconds=seconds)

    assert metricool.post().headers.get("Retry-After") == header


def test_busy_can_be_meant_for_another_call(metricool: Metricool):
    metricool.sandbox.fault(fault="busy_429", call="list")

    metricool.created()
    assert metricool.call("GET", "v2/scheduler/posts").status_code == 429


def test_a_delayed_call_is_answered_when_its_time_has_come(start, client_of):
    metricool = client_of(start())
    metricool.sandbox.fault(fault="delay_before_create", seconds=0.4)
    asked_at = time.monotonic()

    metricool.created()

    assert time.monotonic() - asked_at >= 0.4


def test_a_client_may_give_up_before_the_answer_to_a_created_post(metricool: Metricool):
    metricool.sandbox.fault(fault="delay_answer", seconds=0.5)

    with pytest.raises(requests.Timeout):
        metricool.post(timeout_s=0.2)

    assert len(metricool.ledger("created")) == 1


def test_a_dripping_answer_outlasts_every_read_time_out(metricool: Metricool):
    metricool.sandbox.fault(fault="slow_drip_answer", seconds=0.5)
    asked_at = time.monotonic()

    answer = metricool.post(timeout_s=0.2)

    assert time.monotonic() - asked_at >= 0.5
    assert answer.json()["data"]["id"] == metricool.ledger("created")[0]["postId"]
