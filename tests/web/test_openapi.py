"""The OpenAPI document tells of every route, and its page asks nobody else for anything."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from flask import Flask
from werkzeug.serving import make_server

from storyclip.domain.shown import EventView
from storyclip.web.routes.openapi import document, methods_of
from storyclip.web.said.bodies import StoriesRequest
from storyclip.web.said.operations import OPERATIONS
from tests.web.conftest import PUBLISH, good

CHROMIUM = Path("/usr/bin/chromium")
QUIET = "--headless --no-sandbox --disable-gpu --no-first-run --disable-background-networking"
FILES = "<path:"  # of a page: no part of the API


def routes_of(app: Flask) -> set[tuple[str, str]]:
    return {
        (method, rule.rule)
        for rule in app.url_map.iter_rules()
        for method in methods_of(rule)
        if FILES not in rule.rule
    }


def test_every_route_is_described(app):
    assert routes_of(app) - set(OPERATIONS) == set()


def test_a_route_that_is_not_described_would_be_noticed(app):
    app.add_url_rule("/api/metricool/new", view_func=lambda: "", methods=["PUT"])

    assert routes_of(app) - set(OPERATIONS) == {("PUT", "/api/metricool/new")}


def test_the_document_has_what_the_application_has_and_nothing_else(app, anyone):
    answer = anyone.get("/openapi.json")

    shown = {
        (method.upper(), re.sub(r"{.*?}", "*", path))
        for path, methods in answer.json["paths"].items()
        for method in methods
    }
    assert shown == {(method, re.sub(r"<.*?>", "*", rule)) for method, rule in routes_of(app)}
    assert answer.json["openapi"].startswith("3.1")


def test_the_document_is_valid(app):
    schemathesis.openapi.from_wsgi("/openapi.json", app).validate()


def test_a_document_that_is_not_valid_would_be_noticed(app):
    broken = document(app)
    broken["paths"]["/livez"]["get"]["responses"]["200"].pop("description")

    with pytest.raises(Exception, match="description"):
        schemathesis.openapi.from_dict(broken).validate()


def test_who_has_the_document_need_not_load_it_again(anyone):
    tag = anyone.get("/openapi.json").headers["ETag"]

    assert anyone.get("/openapi.json", headers={"If-None-Match": tag}).status_code == 304


def test_what_is_checked_is_what_is_described(app):
    described: Any = document(app)["components"]["schemas"]["StoriesRequest"]

    assert set(described["properties"]) == {
        field.alias for field in StoriesRequest.model_fields.values()
    }
    assert described["additionalProperties"] is False
    assert StoriesRequest.model_validate(good())


def test_all_problems_of_a_route_with_a_key_are_described(app):
    answers = document(app)["paths"]["/api/metricool/brands"]["get"]["responses"]

    assert {"401", "403", "429", "500", "502", "503"} <= set(answers)
    assert all(
        "application/problem+json" in answers[status]["content"] for status in ("401", "500")
    )
    assert answers["429"]["headers"]["Retry-After"]["required"]
    assert set(answers["200"]["headers"]) == {"RateLimit", "RateLimit-Policy"}


def test_what_a_query_may_ask_is_described_by_what_reads_it(app):
    paths = document(app)["paths"]

    retry = paths["/api/metricool/retry-failed"]["post"]["parameters"]
    shown = {one["name"]: (one["in"], one["required"], one["schema"].get("type")) for one in retry}
    assert shown == {
        "batchId": ("query", True, "string"),
        "clip": ("query", False, "integer"),
        "confirmOrder": ("query", False, "boolean"),
        "confirmAbsent": ("query", False, "boolean"),
    }
    assert all(
        one["description"]
        for path in paths.values()
        for way in path.values()
        for one in way["parameters"]
        if one["in"] != "path"
    )


def test_what_only_some_answers_tell_is_described(app):
    described = document(app)

    ways = {
        (method, path): way
        for path, methods in described["paths"].items()
        for method, way in methods.items()
    }
    created = ways["post", PUBLISH]["responses"]["202"]["headers"]
    status = ways["get", "/api/metricool/status"]["responses"]
    assert {"Location", "Warning", "RateLimit"} <= set(created)
    assert "ETag" in status["200"]["headers"]
    assert status["304"]["headers"]["ETag"]["required"]
    schemas = described["components"]["schemas"]
    assert "schedule" in schemas["BatchStatus"]["properties"]
    assert "rule" in schemas["BestTimes"]["properties"]


def test_what_streams_say_is_described_by_what_fills_it_in(app):
    described = document(app)

    sse = described["paths"]["/api/metricool/stream"]["get"]["responses"]["200"]["content"]
    data = [
        kind["properties"]["data"]["contentSchema"]
        for kind in sse["text/event-stream"]["schema"]["oneOf"]
    ]
    frames = described["paths"]["/api/metricool/ws"]["get"]["x-websocket"]["messages"]
    named = set(re.findall(r"schemas/(\w+)", f"{data}{frames}"))
    assert named == {"BatchSnapshot", "BatchesSnapshot", "EventView", "EventFrame", "StreamEnd"}
    schemas = described["components"]["schemas"]
    assert set(schemas["EventView"]["properties"]) == set(EventView.__annotations__)
    assert schemas["EventFrame"]["required"] == [*schemas["EventView"]["required"], "cursor"]


@pytest.mark.parametrize("name", ["x.js", "../auth.py", "..%2fauth.py", "index.html", "a/b.css"])
def test_no_other_file_is_shown(anyone, name):
    assert anyone.get(f"/docs/{name}").status_code == 404


@pytest.fixture
def address(app: Flask) -> Iterator[str]:
    """The application behind a real socket."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.browser
def test_the_page_shows_every_route_and_asks_nobody_else(app, address):
    if not CHROMIUM.exists():
        pytest.skip("no Chromium on this machine")
    from playwright.sync_api import sync_playwright

    asked, complaints = [], []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET.split())
        page = browser.new_page()
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda line: complaints.append(line.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(f"{address}/docs")
        page.locator(".opblock").nth(len(routes_of(app)) - 1).wait_for()
        shown = page.locator(".opblock").count()
        browser.close()

    assert shown == len(routes_of(app))
    assert complaints == []
    assert [url for url in asked if not url.startswith((f"{address}/", "data:"))] == []
    assert f"{address}/openapi.json" in asked


def test_a_description_is_no_promise_that_there_is_a_route(app, monkeypatch):
    nowhere = ("GET", "/api/metricool/nowhere")
    monkeypatch.setitem(OPERATIONS, nowhere, replace(OPERATIONS["GET", "/livez"]))

    assert "/api/metricool/nowhere" not in document(app)["paths"]
