"""The front without HTTP: the same answers, in a time that only the caller moves."""

import json
from typing import Any

import pytest

from storyclip.sandbox import in_process
from storyclip.sandbox.in_process import Answer, Request, Sandbox, Wire
from tests.sandbox.conftest import ACCOUNT, SOURCE, TOKEN
from tests.sandbox.here import NOON, NOON_MS, POSTS

FIRST = f"{POSTS}/310000001"
WINDOW = {"start": "2026-12-01T00:00:00", "end": "2026-12-02T00:00:00", "timezone": "UTC"}
HEADERS = ("Content-Type", "Date", "Retry-After", "Location")
AMBIGUOUS: list[dict[str, Any]] = [
    {"fault": "create_then_status", "status": 504, "times": 1, "skip": 2},
    {"fault": "busy_429", "seconds": 7, "times": 1, "call": "get", "skip": 1},
    {"fault": "date_moved", "seconds": 60, "network": "instagram"},
    {"fault": "normalize_echo", "times": 1, "skip": 1},
]
STRANGE: list[dict[str, Any]] = [
    {"fault": "media_rehosted", "network": "facebook"},
    {"fault": "negative_uuid", "times": 2},
    {"fault": "show_in_brand_zone"},
    {"fault": "no_date", "call": "get"},
    {"fault": "delete_204"},
    {"fault": "gone_id_answers", "status": 200},
    {"fault": "list_lacks_once"},
    {"fault": "normalize_same"},
    {"fault": "network_error_but_live", "times": 1},
    {"fault": "month_full", "most": 2},
]


def date(wall: str) -> dict[str, Any]:
    return {"publicationDate": {"dateTime": f"2026-12-01T{wall}", "timezone": "UTC"}}


def story(wall: str, network: str = "facebook", **fields: Any) -> dict[str, Any]:
    data = {"type": "STORY", "autoPublish": True}
    media = ["https://static.metricool.com/video/202612/1-a.mp4"]
    one = {"text": "", "providers": [{"network": network}], "media": media, "autoPublish": True}
    return {**date(wall), **one, f"{network}Data": data, **fields}


# Method, path, query, body, and by how many seconds the clock is moved before it.
CALLS: list[tuple[str, str, dict[str, str], Any, int]] = [
    ("GET", "admin/simpleProfiles", {}, None, 0),
    ("GET", "v2/settings/brands", {}, None, 0),
    ("GET", "v2/scheduler/besttimes/facebook", WINDOW, None, 0),
    ("GET", "actions/normalize/image/url", {"url": SOURCE}, None, 0),
    ("GET", "actions/normalize/image/url", {"url": SOURCE}, None, 0),
    ("POST", POSTS, {}, story("12:02:30"), 1),
    ("POST", POSTS, {}, story("12:03:00", "instagram"), 0),
    ("POST", POSTS, {}, story("12:04:00"), 0),
    ("POST", POSTS, {}, story("11:59:00"), 0),
    ("POST", POSTS, {}, {"text": ""}, 0),
    ("POST", POSTS, {}, story("12:05:00", text="Hello"), 0),
    ("GET", FIRST, {}, None, 0),
    ("GET", FIRST, {}, None, 0),
    ("GET", POSTS, WINDOW, None, 0),
    ("GET", POSTS, {"start": "2026-12-01"}, None, 0),
    ("GET", FIRST, {}, None, 119),
    ("GET", FIRST, {}, None, 60),
    ("PUT", f"{POSTS}/310000003", {}, story("12:10:00"), 0),
    ("GET", f"{POSTS}/310000003", {}, None, 0),
    ("PATCH", f"{POSTS}/310000005", {"fields": "publicationDate"}, date("12:20:00"), 0),
    ("DELETE", f"{POSTS}/310000004", {}, None, 0),
    ("DELETE", f"{POSTS}/310000005", {}, None, 0),
    ("GET", f"{POSTS}/deleted", {"timezone": "UTC"}, None, 0),
    ("PUT", f"{POSTS}/deleted/310000005", {}, None, 10),
    ("GET", POSTS, {"filter": '{"uuid": "7300000000000000001"}'}, None, 0),
    ("GET", POSTS, {**WINDOW, "extendedRange": "true"}, None, 3600),
    ("GET", "v2/scheduler/counters", {}, None, 0),
    ("GET", "actions/normalize/video/url", {}, None, 0),
    ("GET", POSTS, {**WINDOW, "blogId": "7"}, None, 0),
    ("GET", FIRST, {"userToken": "wrong"}, None, 0),
    ("PATCH", FIRST, {"fields": "text"}, {}, 0),
    ("POST", POSTS, {}, story("14:00:00", "tiktok"), 0),
]


def request_of(method: str, path: str, query: dict[str, str], body: Any = None) -> Request:
    token = {} if "userToken" in query else {"X-Mc-Auth": TOKEN}
    text = b"" if body is None else json.dumps(body).encode()
    return Request(method, f"/api/{path}", {"userId": "1", "blogId": ACCOUNT} | query, token, text)


def create(sandbox: Sandbox, wall: str = "12:02:00") -> Answer:
    return in_process.ask(sandbox, request_of("POST", POSTS, {}, story(wall)))


@pytest.mark.parametrize("faults", [AMBIGUOUS, STRANGE])
def test_both_fronts_give_the_same_answers_and_the_same_ledger(start, client_of, faults):
    over_http = client_of(start(clock=NOON, fault=faults))
    sandbox = in_process.start(NOON_MS, faults=faults)

    for method, path, query, body, later_s in CALLS:
        over_http.sandbox.advance(later_s)
        sandbox.clock.advance(later_s * 1000)
        over_http.log_in(None if "userToken" in query else TOKEN)
        theirs = over_http.call(method, path, body, **query)
        ours = in_process.ask(sandbox, request_of(method, path, query, body))

        assert (ours.status, ours.body) == (theirs.status_code, theirs.content), (method, path)
        for header in HEADERS:
            assert ours.headers.get(header) == theirs.headers.get(header), (method, path)

    assert sandbox.ledger.lines() == over_http.ledger()
    events = {line["event"] for line in sandbox.ledger.lines()}
    assert events >= {"created", "published", "refused", "deleted", "changed"}


def test_the_agenda_tells_when_something_happens_next():
    sandbox = in_process.start(NOON_MS)
    assert in_process.next_at_ms(sandbox) is None

    create(sandbox)

    assert in_process.next_at_ms(sandbox) == NOON_MS + 120_000
    sandbox.clock.freeze(NOON_MS + 120_000)
    sandbox.catch_up()
    assert in_process.next_at_ms(sandbox) == NOON_MS + 125_000


def test_a_call_handled_late_becomes_its_answer_when_its_time_has_come():
    late = {"fault": "delay_before_create", "seconds": 90, "times": 1}
    sandbox = in_process.start(NOON_MS, faults=[late])

    answer = create(sandbox)

    assert (answer.wire, answer.handled_at_ms) == (Wire.LATER, NOON_MS + 90_000)
    assert sandbox.ledger.lines() == []
    sandbox.clock.advance(100_000)
    sandbox.catch_up()
    assert (answer.wire, answer.status) == (Wire.WHOLE, 200)
    assert answer.headers["Date"] == "Tue, 01 Dec 2026 12:01:30 GMT"
    [line] = sandbox.ledger.lines()
    assert line["postId"] == json.loads(answer.body)["data"]["id"]


@pytest.mark.parametrize(
    ("fault", "wire", "wait_s", "drip_s"),
    [
        ({"fault": "delay_answer", "seconds": 30}, Wire.WHOLE, 30, 0),
        ({"fault": "slow_drip_answer", "seconds": 30}, Wire.DRIPPING, 0, 30),
        ({"fault": "create_then_drop"}, Wire.DROPPED, 0, 0),
        ({"fault": "create_then_truncated"}, Wire.TRUNCATED, 0, 0),
    ],
)
def test_an_answer_tells_how_it_travels_and_nobody_waits_for_it(fault, wire, wait_s, drip_s):
    sandbox = in_process.start(NOON_MS, faults=[fault])

    answer = create(sandbox)

    assert (answer.wire, answer.wait_s, answer.drip_s) == (wire, wait_s, drip_s)
    assert [line["event"] for line in sandbox.ledger.lines()] == ["created"]


def test_a_sandbox_can_go_on_with_the_ledger_in_memory_of_another():
    first = in_process.start(NOON_MS)
    create(first)

    second = in_process.start(NOON_MS, ledger=first.ledger)
    second.clock.advance(125_000)
    second.catch_up()

    assert [line["event"] for line in second.ledger.lines()] == ["created", "published"]
