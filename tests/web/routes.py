"""Every route and verb, from the OpenAPI document: a new one is tested by itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from flask import Flask

VERBS = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE")
STREAM, WEBSOCKET = "/api/metricool/stream", "/api/metricool/ws"


def paths_of(app: Flask) -> list[str]:
    """Every path of the document, with its parameters in braces."""
    return list(app.test_client().get("/openapi.json").get_json()["paths"])


def every_verb(app: Flask) -> Iterator[tuple[str, str]]:
    """Every path with every verb, whether it is offered or not."""
    return ((verb, path) for path in paths_of(app) for verb in VERBS)


def about(
    path: str, batch_id: str, file_id: str = "no-file-has-this-id", **more: str
) -> dict[str, Any]:
    """What to ask so that a route is about this batch, or this file, wherever it looks for one."""
    query = {"batchId": batch_id, **more}
    where = path.replace("{batchId}", batch_id).replace("{fileId}", file_id)
    return {"path": where, "query_string": query}
