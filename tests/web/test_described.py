"""The suite notices an answer that the OpenAPI document does not describe to the last field."""

from __future__ import annotations

from typing import Any

import pytest

from storyclip.domain import views
from storyclip.web.live import streams
from storyclip.web.routes import openapi, session
from storyclip.web.said import brands
from storyclip.web.said.answers import answer
from storyclip.web.said.shown import signed_in
from tests.described import Described
from tests.described_streams import closing_faults
from tests.store.making import made, published
from tests.web.conftest import Someone

pytestmark = pytest.mark.undescribed
BRANDS = "/api/metricool/brands"
STREAM = "/api/metricool/stream?batchId=b1"


def test_an_answer_as_it_is_described_passes(ana: Someone, described: Described):
    ana.get(BRANDS)
    ana.get("/api/metricool/status?batchId=none")
    ana.get("/nowhere")

    assert described.taken() == []


def test_a_field_too_many_is_noticed(
    ana: Someone, described: Described, monkeypatch: pytest.MonkeyPatch
):
    shown = signed_in
    monkeypatch.setattr(session, "signed_in", lambda who: {**shown(who), "extra": 1})

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
    monkeypatch.setattr(
        session, "signed_in", lambda who: {"userId": "ana", "role": "viewer", "scopes": []}
    )

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


def test_a_stream_as_it_is_described_passes(ana: Someone, described: Described):
    published(made(count=1)[0])

    assert "event: end" in ana.get(STREAM).text
    assert described.taken() == []


def test_a_field_too_many_in_an_event_is_noticed_where_it_is_written(
    sqlite: Any, described: Described, monkeypatch: pytest.MonkeyPatch
):
    shown = views.clip_view
    monkeypatch.setattr(views, "clip_view", lambda *facts: {**shown(*facts), "extra": 1})

    published(made(count=1)[0])

    assert "an event that is written: /clip" in described.taken()[0]


@pytest.mark.parametrize(
    ("said", "noticed"),
    [
        (b'event: news\ndata: {"batchId": "b1"}\n\n', "'news' is not described"),
        (b'event: end\ndata: {"batchId": "b1"}\n\n', "lastSeq"),
        (b'id: 1\ndata: {"batchId": "b1"}\n\n', "timestamp"),
        (b'event: end\nid: 1\ndata: {"batchId": "b1", "lastSeq": 1}\n\n', "'id'"),
    ],
    ids=["an unknown event", "a field too few", "no event at all", "an id too many"],
)
def test_a_message_that_is_not_described_is_noticed(
    ana: Someone, described: Described, monkeypatch: pytest.MonkeyPatch, said: bytes, noticed: str
):
    made()
    monkeypatch.setattr(streams, "follow", lambda *_: iter([said]))

    ana.get(STREAM).get_data()

    assert any(noticed in one for one in described.taken())


@pytest.mark.parametrize(("code", "is_described"), [(4401, True), (1006, True), (4999, False)])
def test_a_websockets_code_that_is_not_described_is_noticed(code: int, is_described: bool):
    assert (list(closing_faults(code)) == []) is is_described


def test_the_document_that_clients_get_stays_open(app: Any):
    schemas = openapi.document(app)["components"]["schemas"]

    assert "additionalProperties" not in schemas["Brands"]
