"""Two thousand requests that nobody thought of; `make fuzz` makes ten times as many."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from schemathesis.errors import FailureGroup

from storyclip.web.said.operations import OPERATIONS
from tests.fuzz.harness import application, fuzz, report

CASES = 2_000
STATUS = ("GET", "/api/metricool/status")


@pytest.fixture
def app(tmp_path: Path) -> Iterator[Flask]:
    with application(tmp_path) as app:
        yield app


def test_no_request_breaks_the_service_or_gets_an_answer_that_is_not_described(app: Flask):
    outcome = fuzz(app, CASES, seed=1)

    assert outcome.cases >= CASES
    assert outcome.statuses("POST /api/metricool/publish/stories") >= {202, 400, 401, 422}
    assert outcome.statuses("GET /api/metricool/status") >= {200, 304, 401, 404}
    assert outcome.statuses("GET /api/metricool/stream") >= {200, 400, 401, 404}
    assert outcome.statuses("POST /session") >= {200, 401, 403, 422}, report(outcome)


def test_an_answer_that_is_not_described_is_noticed(app: Flask, monkeypatch: pytest.MonkeyPatch):
    operation = OPERATIONS[STATUS]
    monkeypatch.setitem(OPERATIONS, STATUS, replace(operation, refusals=()))

    with pytest.raises(FailureGroup):
        fuzz(app, 300, seed=1)


def test_a_server_error_is_noticed(app: Flask):
    app.extensions["storyclip"].upstream.trouble = ZeroDivisionError("made up")

    with pytest.raises((FailureGroup, ExceptionGroup)):
        fuzz(app, 300, seed=1)
