"""A client that knows nothing but /openapi.json can do what the page can."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask.testing import FlaskClient

from storyclip.domain.errors import RetrySafety
from tests.web.conftest import Someone, good
from tests.web.test_control import failed


class Generated:
    """One method for each operation of the document, with its parameters by name."""

    def __init__(self, client: FlaskClient, key: str) -> None:
        self._client, self._key = client, key
        self._document = client.get("/openapi.json").get_json()
        self._operations = {
            way["operationId"]: (method, path, way)
            for path, methods in self._document["paths"].items()
            for method, way in methods.items()
        }

    def call(self, name: str, body: Any = None, **said: Any) -> Any:
        method, path, way = self._operations[name]
        parameters = {one["name"]: one for one in way["parameters"]}
        if unknown := set(said) - set(parameters):
            raise TypeError(f"{name} has no parameter {unknown}")
        if missing := {one for one in parameters if parameters[one].get("required")} - set(said):
            raise TypeError(f"{name} needs {missing}")
        places: dict[str, dict[str, str]] = {"query": {}, "header": {}, "path": {}}
        for word, value in said.items():
            is_claim = parameters[word]["schema"].get("type") == "boolean"
            text = str(value).lower() if is_claim else str(value)
            places[parameters[word]["in"]][word] = text
        scheme = self._document["components"]["securitySchemes"]["key"]
        assert {"key": []} in way["security"]
        return self._client.open(
            re.sub(r"{(\w+)}", lambda match: places["path"][match[1]], path),
            method=method.upper(),
            query_string=places["query"],
            headers={**places["header"], scheme["name"]: self._key},
            **({"json": body} if "requestBody" in way else {}),
        )


def test_it_publishes_and_confirms_that_the_order_may_change(ana: Someone):
    client = Generated(ana.client, ana.key)
    batch_id = client.call("post_api_metricool_publish_stories", good()).get_json()["batchId"]
    failed(batch_id, RetrySafety.SAFE, 1)
    failed(batch_id, RetrySafety.CHECK_FIRST, 2)

    refused = client.call("post_api_metricool_retry_failed", batchId=batch_id, clip=1)
    done = client.call(
        "post_api_metricool_retry_failed", batchId=batch_id, clip=1, confirmOrder=True
    )

    assert (refused.status_code, refused.get_json()["code"]) == (409, "order_would_change")
    assert (done.status_code, done.get_json()["order"]) == (200, "appended")


def test_it_cannot_say_what_the_document_does_not_know(ana: Someone):
    client = Generated(ana.client, ana.key)

    with pytest.raises(TypeError, match="confirmAbsent"):
        client.call("post_api_metricool_resume", batchId="b", confirmAbsent=True)
