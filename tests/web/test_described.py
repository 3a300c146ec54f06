"""The suite notices an answer that the OpenAPI document does not describe to the last field."""

from __future__ import annotations

from typing import Any

import pytest

from storyclip.web.routes import brands, openapi, session
from storyclip.web.said.answers import answer
from tests.described import Described
from tests.web.conftest import Someone

pytestmark = pytest.mark.undescribed
BRANDS = "/api/metricool/brands"


def test_an_answer_as_it_is_described_passes(ana: Someone, described: Described):
    ana.get(BRANDS)
    ana.get("/api/metricool/status?batchId=none")
    ana.get("/nowhere")

    assert described.taken() == []


def test_a_field_too_many_is_noticed(
    ana: Someone, described: Described, monkeypatch: pytest.MonkeyPatch
):
    shown = session._shown
    monkeypatch.setattr(session, "_shown", lambda who: {**shown(who), "extra": 1})

    ana.get("/session")

    assert "extra" in described.taken()[0]


def test_a_field_too_many_deep_inside_is_noticed(
    ana: Someone, described: Described, monkeypatch: pytest.MonkeyPatch
):
    shown = brands._brand
    monkeypatch.setattr(brands, "_brand", lambda brand: {**shown(brand), "extra": 1})

    ana.get(BRANDS)

    assert "/brands/0: " in described.taken()[0]


def test_a_field_too_few_is_noticed(
    ana: Someone, described: Described, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(session, "_shown", lambda who: {"userId": "ana", "scopes": []})

    ana.get("/session")

    assert "accounts" in described.taken()[0]


@pytest.mark.parametrize(
    ("said", "noticed"),
    [
        (({"status": "alive"}, 207), "status is not described"),
        (({"status": "alive"}, 200, {"Warning": "199 x"}), "Warning is not described"),
        (({"status": "dead"}, 200), "/status: "),
    ],
)
def test_what_else_is_not_described_is_noticed(
    app: Any, anyone: Any, described: Described, said: Any, noticed: str
):
    app.view_functions["health.livez"] = lambda: answer(*said)

    anyone.get("/livez")

    assert noticed in described.taken()[0]


def test_another_media_type_is_noticed(app: Any, anyone: Any, described: Described):
    app.view_functions["health.livez"] = lambda: "alive"

    anyone.get("/livez")

    assert "text/html is not described" in described.taken()[0]


def test_the_document_that_clients_get_stays_open(app: Any):
    schemas = openapi.document(app)["components"]["schemas"]

    assert "additionalProperties" not in schemas["Brands"]
