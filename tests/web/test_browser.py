"""What every answer tells browsers, whatever the route, the verb and the outcome."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from storyclip.web.door import browser
from storyclip.web.door.browser import BARE_POLICY
from storyclip.web.door.buckets import Buckets
from storyclip.web.door.part import Door
from tests.web.conftest import ELSEWHERE, PUBLISH, Someone, good
from tests.web.routes import WEBSOCKET, about, every_verb, paths_of

EVIL = "https://evil.example.com"
ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
DIRECTIVES = ("default-src 'none'", "frame-ancestors 'none'")


def is_guarded(answer: Any) -> bool:
    policy = answer.headers.get("Content-Security-Policy", "")
    is_page = answer.mimetype == "text/html"
    scripts = [part for part in policy.split(";") if part.strip().startswith("script-src")]
    return (
        ALWAYS.items() <= dict(answer.headers).items()
        and "Cache-Control" in answer.headers
        and all(one in policy for one in DIRECTIVES)
        and (is_page or policy == BARE_POLICY)
        and all("'self'" in one and "unsafe" not in one and ":" not in one for one in scripts)
        and "Server" not in answer.headers
        and "X-Powered-By" not in answer.headers
    )


@pytest.mark.parametrize("has_key", [True, False])
def test_every_verb_of_every_route_is_guarded(app, ana, has_key):
    batch_id = ana.publish().get_json()["batchId"]
    headers = {"X-Api-Key": ana.key} if has_key else {}

    unguarded = []
    for verb, path in every_verb(app):
        answer = ana.client.open(method=verb, headers=headers, **about(path, batch_id))
        if not is_guarded(answer):
            unguarded.append((verb, path, answer.status_code, dict(answer.headers)))
        answer.close()

    assert unguarded == []


def test_every_outcome_is_guarded(app, ana, metricool):
    metricool.trouble = ZeroDivisionError("made up")
    outcomes = [
        ana.get("/nowhere"),
        ana.get("/api/metricool/nowhere"),
        ana.get("/api/metricool/brands"),
        ana.get("/docs/swagger-ui-bundle.js"),
        ana.get("/docs/nothing.js"),
        ana.publish(),
        ana.publish({"x": 1}),
        ana.post(data=b"{", content_type="application/json"),
        ana.post(data=b"x", content_type="text/plain"),
        ana.post(data=b" " * 1_100_000, content_type="application/json"),
        ana.post("/livez"),
        ana.get("/%ff%00"),
        ana.get("/session", headers={"X-Api-Key": "x"}),
    ]
    app.extensions["storyclip.door"] = Door(Buckets({"reads": 0.01}, lambda: 0.0))
    outcomes.append(ana.get("/session"))

    assert [answer.status_code for answer in outcomes] == [
        404, 404, 500, 200, 404, 202, 422, 400, 415, 413, 405, 404, 401, 429,
    ]  # fmt: skip
    assert [answer for answer in outcomes if not is_guarded(answer)] == []
    for answer in outcomes:
        answer.close()


def test_an_answer_that_is_not_guarded_would_be_noticed(app, ana):
    app.after_request_funcs[None].remove(browser._guarded)

    assert not is_guarded(ana.get("/livez"))


def test_tls_is_for_good_once_it_is_there(anyone):
    assert "Strict-Transport-Security" not in anyone.get("/livez").headers
    told = anyone.get("/livez", base_url="https://localhost").headers
    assert told["Strict-Transport-Security"].startswith("max-age=31536000")


def test_the_page_s_policy_lets_in_nothing_from_elsewhere(app, anyone):
    @app.get("/some-page")
    def page():
        return "<!DOCTYPE html>"

    policy = anyone.get("/some-page").headers["Content-Security-Policy"]

    assert "script-src 'self';" in policy
    assert "unsafe" not in policy


def test_no_other_origin_reads_anything_unless_it_is_named(app, ana):
    batch_id = ana.publish().get_json()["batchId"]

    for verb, path in every_verb(app):
        headers = {"X-Api-Key": ana.key, "Origin": ELSEWHERE}
        answer = ana.client.open(method=verb, headers=headers, **about(path, batch_id))
        assert not [name for name in answer.headers.keys() if name.startswith("Access-Control")]  # noqa: SIM118
        answer.close()


def test_a_named_origin_reads_every_route_of_the_api_and_no_other(app, ana, elsewhere):
    batch_id = ana.publish().get_json()["batchId"]

    for verb, path in every_verb(app):
        headers = {"X-Api-Key": ana.key, "Origin": elsewhere}
        answer = ana.client.open(method=verb, headers=headers, **about(path, batch_id))
        allowed = answer.headers.get("Access-Control-Allow-Origin")
        assert allowed == (elsewhere if path.startswith("/api/") else None), (verb, path)
        assert "Access-Control-Allow-Credentials" not in answer.headers
        assert ("Origin" in answer.vary) is path.startswith("/api/")
        answer.close()


def test_a_named_origin_does_not_open_the_door_for_others(app, ana, elsewhere):
    for origin in (EVIL, "null", f"{elsewhere}.evil.com", elsewhere.replace("https", "http"), ""):
        answer = ana.get("/api/metricool/batches", headers={"Origin": origin})
        assert "Access-Control-Allow-Origin" not in answer.headers


def test_a_preflight_tells_what_may_be_sent_to_every_route(app, anyone, elsewhere):
    for path in paths_of(app):
        if not path.startswith("/api/") or path == WEBSOCKET:  # it has no preflight
            continue
        asked = {"Origin": elsewhere, "Access-Control-Request-Method": "POST"}
        answer = anyone.options(about(path, "x")["path"], headers=asked)

        assert answer.status_code == 200
        allowed = answer.headers["Access-Control-Allow-Headers"].split(", ")
        assert {"X-Api-Key", "Content-Type", "Idempotency-Key", "If-None-Match"} <= set(allowed)
        verbs = set(answer.headers["Access-Control-Allow-Methods"].split(", "))
        assert verbs & {"GET", "POST"}


def test_a_named_origin_can_send_a_batch_and_read_where_it_is(ana, elsewhere):
    answer = ana.publish(good(), headers={"Origin": elsewhere})

    assert answer.status_code == 202
    assert "Location" in answer.headers["Access-Control-Expose-Headers"].split(", ")


def test_errors_can_be_read_by_a_named_origin_too(anyone, elsewhere):
    someone = Someone(anyone, "wrong")

    refused = someone.publish(headers={"Origin": elsewhere})

    assert refused.status_code == 401
    assert refused.headers["Access-Control-Allow-Origin"] == elsewhere
    unknown = someone.get(f"{PUBLISH}/x", headers={"Origin": elsewhere})
    assert unknown.headers["Vary"] == "Accept-Language, Origin"


@pytest.mark.parametrize(
    ("asked", "language"),
    [
        ("es-MX", "es"),
        ("en-GB", "en"),
        ("en-GB,en;q=0.9,es;q=0.8", "en"),
        ("fr-FR", "es"),
        ("", "es"),
    ],
)
def test_the_page_speaks_the_readers_language_or_else_spanish(
    app: Flask, asked: str, language: str
):
    page = app.test_client().get("/", headers={"Accept-Language": asked})

    assert f'<html lang="{language}">' in page.text
