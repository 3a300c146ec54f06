"""Wrong requests: a 4xx that says where, nothing recorded, and the next good one works."""

from __future__ import annotations

import copy
import json
from io import BytesIO
from typing import Any

import pytest

from storyclip.domain.errors import RequestInvalid
from storyclip.web.said import bodies
from storyclip.web.said.body import MOST_FAULTS, MOST_UNKNOWN
from tests.web.conftest import good, nothing_recorded, rows

JSON = "application/json"


def at(pointer: str, value: Any) -> bytes:
    """A good request with one place changed."""
    body: Any = copy.deepcopy(good())
    *path, last = pointer.strip("/").split("/")
    place = body
    for step in path:
        place = place[int(step) if isinstance(place, list) else step]
    place[int(last) if isinstance(place, list) else last] = value
    return json.dumps(body).encode()


def without(pointer: str) -> bytes:
    body: Any = good()
    *path, last = pointer.strip("/").split("/")
    place = body
    for step in path:
        place = place[int(step) if isinstance(place, list) else step]
    del place[last]
    return json.dumps(body).encode()


def raw(text: str) -> bytes:
    """A good request with raw JSON in the place of its first title."""
    return json.dumps(good()).replace('"Clip 1"', text, 1).encode()


def nested(depth: int) -> str:
    return "[" * depth + "]" * depth


ODD_TYPES: list[Any] = [True, 1, 1.5, [], {}]
POST = {"url": "https://cdn.example.com/x.mp4"}

UNPROCESSABLE: dict[str, tuple[bytes, str]] = {
    "the body is an array": (b"[]", ""),
    "the body is a string": (b'"posts"', ""),
    "the body is a number": (b"1", ""),
    "the body is null": (b"null", ""),
    "an empty object": (b"{}", "/posts"),
    "no posts": (without("/posts"), "/posts"),
    "no settings": (without("/settings"), "/settings"),
    "no account": (without("/settings/accountId"), "/settings/accountId"),
    "no url": (without("/posts/1/url"), "/posts/1/url"),
    "an empty list of posts": (at("/posts", []), "/posts"),
    "101 posts": (json.dumps(good(101)).encode(), "/posts"),
    "posts as an object": (at("/posts", {"0": POST}), "/posts"),
    "posts as a string": (at("/posts", "clip.mp4"), "/posts"),
    "posts null": (at("/posts", None), "/posts"),
    "a post as a string": (at("/posts/1", "https://cdn.example.com/1.mp4"), "/posts/1"),
    "a post as null": (at("/posts/1", None), "/posts/1"),
    "a post as an array": (at("/posts/1", ["https://cdn.example.com/1.mp4"]), "/posts/1"),
    "settings as an array": (at("/settings", []), "/settings"),
    "settings null": (at("/settings", None), "/settings"),
    "schedule as a word": (at("/schedule", "now"), "/schedule"),
    "an unknown field": (at("/foo", 1), "/foo"),
    "an unknown field that is null": (at("/foo", None), "/foo"),
    "an unknown field of a post": (at("/posts/2/caption", "x"), "/posts/2/caption"),
    "an unknown field of the schedule": (at("/schedule/when", 1), "/schedule/when"),
    "a date with mode now": (at("/schedule/scheduledAt", "2027-01-01"), "/schedule/scheduledAt"),
    "an unknown field of the settings": (at("/settings/speed", 1), "/settings/speed"),
    "a field in snake_case": (at("/settings/on_failure", "pause"), "/settings/on_failure"),
    "a field name with a slash": (at("/foo", 1).replace(b'"foo"', b'"a/b~c"'), "/a~1b~0c"),
    "mode scheduled without a date": (
        at("/schedule", {"mode": "scheduled", "timezone": "Europe/Madrid"}),
        "/schedule/scheduledAt",
    ),
    "mode bestTime with an empty zone": (
        at("/schedule", {"mode": "bestTime", "timezone": ""}),
        "/schedule/timezone",
    ),
    "an unknown mode": (at("/schedule/mode", "later"), "/schedule/mode"),
    "a mode in capitals": (at("/schedule/mode", "NOW"), "/schedule/mode"),
    "mode as an array": (at("/schedule/mode", ["now"]), "/schedule/mode"),
    "an unknown network": (at("/settings/network", "tiktok"), "/settings/network"),
    "network in capitals": (at("/settings/network", "Facebook"), "/settings/network"),
    "an unknown onFailure": (at("/settings/onFailure", "stop"), "/settings/onFailure"),
    "onFailure true": (at("/settings/onFailure", True), "/settings/onFailure"),
    "an unknown publishSpeed": (at("/settings/publishSpeed", "slow"), "/settings/publishSpeed"),
    "publishSpeed in seconds": (at("/settings/publishSpeed", 5), "/settings/publishSpeed"),
    "account true": (at("/settings/accountId", True), "/settings/accountId"),
    "account null": (at("/settings/accountId", None), "/settings/accountId"),
    "account with a fraction": (at("/settings/accountId", 2000001.0), "/settings/accountId"),
    "account zero": (at("/settings/accountId", 0), "/settings/accountId"),
    "account negative": (at("/settings/accountId", -5), "/settings/accountId"),
    "account of 20 digits": (at("/settings/accountId", 10**19), "/settings/accountId"),
    "account of 400 digits": (at("/settings/accountId", 10**399), "/settings/accountId"),
    "account as a word": (at("/settings/accountId", "lola"), "/settings/accountId"),
    "account empty": (at("/settings/accountId", ""), "/settings/accountId"),
    "account with a space": (at("/settings/accountId", " 2000001"), "/settings/accountId"),
    "account with a leading zero": (at("/settings/accountId", "02000001"), "/settings/accountId"),
    "account in Arabic digits": (at("/settings/accountId", "٢٠٠٠٠٠١"), "/settings/accountId"),
    "account as an array": (at("/settings/accountId", [2000001]), "/settings/accountId"),
    "two accounts": (
        at("/settings/metricoolAccountId", 2000002),
        "/settings/metricoolAccountId",
    ),
    "url http": (at("/posts/0/url", "http://cdn.example.com/1.mp4"), "/posts/0/url"),
    "url on this machine": (at("/posts/0/url", "https://127.1/1.mp4"), "/posts/0/url"),
    "url of the cloud's metadata": (at("/posts/0/url", "https://2852039166/"), "/posts/0/url"),
    "url of a single word": (at("/posts/0/url", "https://redis/1.mp4"), "/posts/0/url"),
    "url with a password": (at("/posts/0/url", "https://a:b@c.example.com/"), "/posts/0/url"),
    "url of 2,049 characters": (
        at("/posts/0/url", "https://c.example.com/" + "x" * 2027),
        "/posts/0/url",
    ),
    "url empty": (at("/posts/0/url", ""), "/posts/0/url"),
    "url with a line break": (at("/posts/0/url", "https://c.example.com/\n"), "/posts/0/url"),
    "text with NUL": (at("/posts/0/text", "a\0b"), "/posts/0/text"),
    "half of a surrogate pair": (raw('"\\ud83c"'), "/posts/0/text"),
    "the other half": (raw('"\\udfac x"'), "/posts/0/text"),
    "surrogates the wrong way round": (raw('"\\udfac\\ud83c"'), "/posts/0/text"),
    "a field name with NUL": (at("/foo", 1).replace(b'"foo"', b'"a\\u0000"'), "/a?"),
    "half of a pair in a field name": (at("/foo", 1).replace(b'"foo"', b'"\\ud800"'), "/?"),
    "id empty": (at("/posts/0/id", ""), "/posts/0/id"),
    "id of 101 characters": (at("/posts/0/id", "x" * 101), "/posts/0/id"),
    "the same id twice": (at("/posts/2/id", "c1"), "/posts/2/id"),
    "the usual id taken": (
        json.dumps(good(posts=[{**POST, "id": "clip_2"}, POST])).encode(),
        "/posts/1/id",
    ),
    "jobId empty": (at("/jobId", ""), "/jobId"),
    "jobId of 201 characters": (at("/jobId", "x" * 201), "/jobId"),
    "jobId as a number": (at("/jobId", 123), "/jobId"),
    **{f"url {odd!r}": (at("/posts/0/url", odd), "/posts/0/url") for odd in (None, *ODD_TYPES)},
    **{f"text {odd!r}": (at("/posts/0/text", odd), "/posts/0/text") for odd in ODD_TYPES},
    **{f"id {odd!r}": (at("/posts/0/id", odd), "/posts/0/id") for odd in ODD_TYPES},
}

BAD_JSON: dict[str, bytes] = {
    "no body": b"",
    "spaces only": b"  ",
    "half of it": json.dumps(good()).encode()[:-20],
    "more behind it": json.dumps(good()).encode() + b"{}",
    "single quotes": b"{'posts': []}",
    "a comma too many": b'{"posts": [],}',
    "a comment": b'{"posts": [] /* none */}',
    "a raw line break in a text": raw('"a\nb"'),
    "a byte order mark": b"\xef\xbb\xbf" + json.dumps(good()).encode(),
    "UTF-16": json.dumps(good()).encode("utf-16"),
    "Latin-1": b'{"jobId": "caf\xe9"}',
    "overlong UTF-8": b'{"jobId": "\xc0\xaf"}',
    "a surrogate in UTF-8": b'{"jobId": "\xed\xa0\x80"}',
    "NaN": raw("NaN"),
    "Infinity": raw("Infinity"),
    "minus Infinity": raw("-Infinity"),
    "a number beyond all bounds": raw("1e999"),
    "a number of 5,000 digits": raw("9" * 5000),
    "a key twice": b'{"jobId": "a", "jobId": "b"}',
    "a key twice within a post": raw('"a", "text": "b"'),
    "a key twice, once escaped": b'{"jobId": "a", "job\\u0049d": "b"}',
    "nested 17 deep": nested(17).encode(),
    "nested 17 deep within": raw(nested(15)),
    "nested 100,000 deep": nested(100_000).encode(),
    "objects nested 50,000 deep": b'{"a":' * 50_000 + b"1" + b"}" * 50_000,
    "a form": b"posts=1",
    "XML": b"<posts/>",
}

BAD_TYPES: dict[str, dict[str, str]] = {
    "no type": {},
    "text": {"Content-Type": "text/plain"},
    "a form's type": {"Content-Type": "application/x-www-form-urlencoded"},
    "another JSON's type": {"Content-Type": "application/vnd.api+json"},
    "another charset": {"Content-Type": "application/json; charset=latin-1"},
    "compressed": {"Content-Type": JSON, "Content-Encoding": "gzip"},
}

BAD_KEYS: dict[str, str] = {
    "an empty Idempotency-Key": "",
    "one of 256 characters": "k" * 256,
    "one with a space": "a b",
    "one with an accent": "clé",
}


def is_short_problem(answer: Any, status: int) -> bool:
    problem = answer.get_json()
    members = {"type", "title", "status", "detail", "code", "error"}
    return (
        answer.status_code == status == problem["status"]
        and answer.content_type == "application/problem+json"
        and members <= set(problem)
        and problem["error"] == problem["title"]
        and len(answer.data) <= 2048
    )


@pytest.mark.parametrize(("body", "pointer"), UNPROCESSABLE.values(), ids=UNPROCESSABLE)
def test_a_wrong_field_is_pointed_at(ana, body, pointer):
    refused = ana.post(data=body, content_type=JSON)

    assert is_short_problem(refused, 422)
    assert pointer in [one["pointer"] for one in refused.get_json()["errors"]]
    assert all(one["detail"] for one in refused.get_json()["errors"])
    assert nothing_recorded()
    assert ana.publish().status_code == 202


@pytest.mark.parametrize("key", BAD_KEYS.values(), ids=BAD_KEYS)
def test_an_idempotency_key_that_cannot_be_one_is_named(ana, key):
    refused = ana.publish(headers={"Idempotency-Key": key})

    assert refused.get_json()["code"] == "idempotency_key_invalid"


def test_a_body_of_a_mebibyte_is_read(ana):
    body = json.dumps(good()).encode()

    assert ana.post(data=body.ljust(1024 * 1024), content_type=JSON).status_code == 202


@pytest.mark.parametrize("length", [1024 * 1024 + 1, 1024 * 1024 + 2, 5_000_000])
def test_a_body_of_more_than_a_mebibyte_is_refused(ana, length):
    body = json.dumps(good()).encode()

    refused = ana.post(data=body.ljust(length), content_type=JSON)

    assert is_short_problem(refused, 413)
    assert nothing_recorded()
    assert ana.publish().status_code == 202


def test_a_body_that_does_not_say_how_long_it_is_is_measured(ana):
    endless = BytesIO(json.dumps(good()).encode().ljust(2 * 1024 * 1024))

    refused = ana.post(
        input_stream=endless,
        content_type=JSON,
        headers={"Transfer-Encoding": "chunked"},
        environ_overrides={"wsgi.input_terminated": True},
    )

    assert is_short_problem(refused, 413)
    assert endless.tell() < 1.5 * 1024 * 1024
    assert nothing_recorded()
    assert ana.publish().status_code == 202


def test_a_thousand_mistakes_fit_into_two_kilobytes(ana):
    mistakes = {"x" * 300 + f"é/{n}": n for n in range(1000)}

    refused = ana.publish(good(**mistakes, posts=[{"url": 1}] * 100))

    assert is_short_problem(refused, 422)
    assert len(refused.get_json()["errors"]) >= 8
    assert nothing_recorded()


def test_of_thousands_of_mistakes_as_many_are_found_as_are_said():
    many: dict[str, Any] = {f"x{n}": n for n in range(4_500)} | {"posts": []}
    spread = {"posts": [{f"x{n}": n for n in range(40)}] * 100}

    assert len(refused_for(many)) == MOST_UNKNOWN + 2
    assert ("/settings", "required") in refused_for(many)
    assert len(refused_for(spread)) == MOST_FAULTS


def refused_for(said):
    with pytest.raises(RequestInvalid) as refused:
        bodies.parse(bodies.StoriesRequest, said)
    return refused.value.problems


@pytest.mark.parametrize(
    "many",
    [
        {f"x{n}": n for n in range(5_001)},
        {"posts": [{"a": 1, "b": 2}] * 2_000},
        {"posts": [[0] * 70] * 75},
        {"settings": {f"x{n}": n for n in range(60_000)}},
    ],
    ids=["fields", "posts", "lists", "settings"],
)
def test_more_values_than_any_request_has_are_refused_before_a_model_sees_them(
    ana, many, monkeypatch
):
    monkeypatch.setattr(bodies.StoriesRequest, "model_validate", None)  # called, it would break

    refused = ana.publish(many)

    assert is_short_problem(refused, 400)
    assert "5000 values" in refused.get_json()["detail"]


def test_whoever_shows_no_key_yet_may_send_little(anyone):
    headers = {"Origin": "http://localhost"}
    said = json.dumps({"apiKey": "none"}).encode()

    enough = anyone.post("/session", data=said.ljust(8192), headers=headers, content_type=JSON)
    too_much = anyone.post("/session", data=said.ljust(8193), headers=headers, content_type=JSON)

    assert enough.status_code == 401
    assert is_short_problem(too_much, 413)


def test_a_mistake_is_not_said_back(ana):
    secret = "https://user:Geheim-777@cdn.example.com/1.mp4"

    refused = ana.publish(good(posts=[{"url": secret, "id": ["Geheim-777"]}]))

    assert refused.status_code == 422
    assert b"Geheim" not in refused.data


def test_all_mistakes_are_named_at_once(ana):
    refused = ana.publish({"posts": [{}, {"url": 1}], "settings": {"network": "x"}, "foo": 1})

    pointers = {one["pointer"] for one in refused.get_json()["errors"]}
    assert pointers == {"/posts/0/url", "/posts/1/url", "/settings/network", "/foo"}


@pytest.mark.parametrize(
    "edge",
    [
        good(1),
        good(100),
        good(posts=[{"url": "https://c.example.com/" + "x" * 2026}]),
        good(posts=[POST | {"text": "é" * 300, "id": "x" * 100}]),
        good(posts=[POST | {"text": ""}]),
        good(jobId="x" * 200),
        good(jobId=None),
        good(schedule=None),
        good(posts=[POST | {"id": None, "text": None}]),
        good(posts=[POST | {"text": "x" * 1500}]),
        good(posts=[POST | {"text": "\U0001f3ac pair"}]),
    ],
    ids=[
        "1 post",
        "100 posts",
        "long url",
        "long text",
        "no title",
        "long job",
        "no job",
        "no schedule",
        "nulls",
        "description",
        "pair",
    ],
)
def test_what_is_just_within_bounds_is_accepted(ana, edge):
    assert ana.publish(edge).status_code == 202
    assert rows("publish_batches") == 1


def test_a_long_title_is_cut(ana):
    batch_id = ana.publish(good(posts=[POST | {"text": "é" * 1500}])).get_json()["batchId"]
    [clip] = ana.get(f"/api/metricool/status?batchId={batch_id}").get_json()["clips"]
    assert clip["title"] == "é" * 300
