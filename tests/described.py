"""Compares every answer of the whole suite with the OpenAPI document, which may leave nothing out.

The document itself is open, for more fields may come. Here its schemas are closed: what an answer
has must be described, be it a status, a header, a media type or a field.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any
from urllib.parse import urlsplit

import jsonschema_rs
import pytest
import requests
from flask.testing import FlaskClient
from requests.structures import CaseInsensitiveDict

from config.settings import Settings
from storyclip.web.factory import create_app
from storyclip.web.routes.openapi import document
from tests.web.conftest import Clock, SmallMetricool

JSON, PROBLEM, EVENTS = "application/json", "application/problem+json", "text/event-stream"
PROBLEM_SCHEMA = {"$ref": "#/components/schemas/ProblemDetails"}
SPECIAL_HEADERS = {  # of this API; those that any server sends are nobody's promise
    "Allow",
    "ETag",
    "Link",
    "Location",
    "RateLimit",
    "RateLimit-Policy",
    "Retry-After",
    "WWW-Authenticate",
    "Warning",
}


class Described:
    """What was found in answers that the document does not have, since it was last asked."""

    def __init__(self) -> None:
        self._found: list[str] = []

    def watch(self, patch: pytest.MonkeyPatch) -> None:
        """Look at every answer of the application and of stacks."""
        send, open_ = requests.Session.send, FlaskClient.open

        def watched_send(session: Any, request: Any, **how: Any) -> requests.Response:
            answer = send(session, request, **how)
            if (path := urlsplit(request.url).path) and operation_of(request.method, path):
                body = b"" if how.get("stream") else answer.content
                self.look(request.method, path, answer.status_code, answer.headers, body)
            return answer

        def watched_open(client: Any, *asked: Any, **how: Any) -> Any:
            answer = open_(client, *asked, **how)
            body = b"" if answer.mimetype == EVENTS else answer.get_data()
            method, path = answer.request.method, answer.request.path
            self.look(method, path, answer.status_code, dict(answer.headers), body)
            return answer

        patch.setattr(requests.Session, "send", watched_send)
        patch.setattr(FlaskClient, "open", watched_open)

    def look(
        self, method: str, path: str, status: int, headers: Mapping[str, str], body: bytes
    ) -> None:
        for objection in objections_to(method, path, status, headers, body):
            self.note(f"{method} {path} → {status}: {objection}")

    def note(self, found: str) -> None:
        """Keep one thing that the document does not have."""
        self._found.append(found)

    def taken(self) -> list[str]:
        """Return what was found, once."""
        found, self._found = self._found, []
        return found


def objections_to(
    method: str, path: str, status: int, headers: Mapping[str, str], body: bytes
) -> Iterator[str]:
    """Yield what an answer has and the document has not, or the other way round."""
    headers = CaseInsensitiveDict(headers)
    media = headers.get("Content-Type", "").partition(";")[0]
    operation = operation_of(method, path)
    if operation is None:  # no such route, or not with this method
        if media == PROBLEM and body:
            yield from faults(PROBLEM_SCHEMA, body)
        return
    described = operation["responses"].get(str(status))
    if described is None:
        yield "this status is not described"
        return
    for name in SPECIAL_HEADERS - set(described["headers"]):
        if name in headers:
            yield f"the header {name} is not described"
    for name, header in described["headers"].items():
        if header.get("required") and name not in headers:
            yield f"the header {name} is missing"
    content = described.get("content", {})
    if body and media not in content:
        yield f"{media or 'a body'} is not described"
    elif body and media in (JSON, PROBLEM):
        yield from faults(content[media]["schema"], body)


def operation_of(method: str, path: str) -> dict[str, Any] | None:
    """Return what the document says of a method of a path; most HEADs are GETs without a body."""
    for pattern, methods in _paths():
        if pattern.fullmatch(path):
            usual = methods.get("get") if method == "HEAD" else None
            found: dict[str, Any] | None = methods.get(method.lower(), usual)
            return found
    return None


def closed(schema: Any) -> Any:
    """Return the schema with no room for a field that it does not name."""
    if isinstance(schema, list):
        return [closed(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    parts = {name: closed(part) for name, part in schema.items()}
    if isinstance(parts.get("properties"), dict) and parts.get("type") == "object":
        parts.setdefault("additionalProperties", False)
    return parts


@cache
def _document() -> dict[str, Any]:
    settings = Settings.from_environment({}, needs_upstream=False)
    return document(create_app(settings, SmallMetricool(), Clock(), lambda: True))


@cache
def _paths() -> list[tuple[re.Pattern[str], dict[str, Any]]]:
    # A fixed path goes before one with a parameter, as in Flask.
    paths = sorted(_document()["paths"].items(), key=lambda item: "{" in item[0])
    return [(re.compile(re.sub(r"{\w+}", "[^/]+", path)), methods) for path, methods in paths]


@cache
def _schemas() -> Any:
    return closed(_document()["components"]["schemas"])


@cache
def _validator(schema: str) -> jsonschema_rs.Draft202012Validator:
    whole = {**closed(json.loads(schema)), "components": {"schemas": _schemas()}}
    return jsonschema_rs.Draft202012Validator(whole, validate_formats=True)


def faults(schema: dict[str, Any], body: bytes | str) -> Iterator[str]:
    """Yield what a JSON text has and the closed schema has not, or the other way round."""
    for error in _validator(json.dumps(schema)).iter_errors(json.loads(body)):
        place = "/".join(str(step) for step in error.instance_path)
        yield f"/{place}: {error.message[:300]}"
