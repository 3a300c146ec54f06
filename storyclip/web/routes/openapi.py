"""The OpenAPI document: the models that check requests, the routes there are, one table of both."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from hashlib import blake2b
from http import HTTPStatus
from typing import Any

from flask import Blueprint, Flask, Response, current_app, request
from pydantic import BaseModel
from pydantic.alias_generators import to_camel
from pydantic.json_schema import JsonSchemaMode, models_json_schema
from werkzeug.routing import Rule

from storyclip import __version__
from storyclip.web.said.answers import encode
from storyclip.web.said.operations import EVENTS, OPERATIONS, Answer, Operation
from storyclip.web.said.shapes import ProblemDetails

routes = Blueprint("openapi", __name__)

JSON, PROBLEM = "application/json", "application/problem+json"
_NAME = "storyclip_openapi"  # among Flask's extensions

_SECURITY = {
    "key": {"type": "apiKey", "in": "header", "name": "X-Api-Key"},
    "bearer": {"type": "http", "scheme": "bearer"},
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": "storyclip",
        "description": "Of StoryClip's own page; behind TLS its name is `__Host-storyclip`.",
    },
    "ticket": {"type": "apiKey", "in": "query", "name": "ticket"},
}
_HEADERS: dict[str, dict[str, Any]] = {
    name: {"description": says, "schema": {"type": "string"}}
    for name, says in {
        "Location": "Where to look.",
        "ETag": "For `If-None-Match`.",
        "Link": 'The next page, `rel="next"`, if there is one.',
        "Retry-After": "Seconds to wait.",
        "WWW-Authenticate": "How to show a key.",
        "RateLimit": "What is left of the key's bucket (r), and seconds until its next token (t).",
        "RateLimit-Policy": "The size of the bucket (q), and seconds in which it fills (w).",
    }.items()
}
_TEXT = {"type": "string"}
_MESSAGE = {  # one of a stream of Server-Sent Events
    "type": "object",
    "required": ["data"],
    "properties": {
        "event": {"enum": ["snapshot", "end"]},
        "id": {"type": "string", "description": "The cursor after which to go on."},
        "data": {"type": "string", "contentMediaType": JSON},
        "retry": {"type": "integer"},
    },
}
_ALWAYS_THERE = {
    202: ("Location",),
    303: ("Location",),
    304: ("ETag",),
    401: ("WWW-Authenticate",),
    429: ("Retry-After",),
    503: ("Retry-After",),
}


@routes.get("/openapi.json")
def openapi() -> Response:
    """Show the document; it is the same until the next release."""
    if _NAME not in current_app.extensions:
        current_app.extensions[_NAME] = encode(document(current_app))
    body: bytes = current_app.extensions[_NAME]
    response = Response(body, mimetype=JSON)
    response.set_etag(blake2b(body, digest_size=12).hexdigest())
    response.headers["Cache-Control"] = "no-cache"
    response.make_conditional(request)
    return response


def document(app: Flask) -> dict[str, Any]:
    """Return the OpenAPI 3.1 document of the routes that the application has."""
    paths: dict[str, dict[str, Any]] = {}
    found = sorted(described(app), key=lambda one: list(OPERATIONS).index(one[:2]))
    refs, schemas = _schemas([operation for *_, operation in found])
    for method, rule, operation in found:
        path = re.sub(r"<(?:\w+:)?(\w+)>", lambda match: f"{{{to_camel(match[1])}}}", rule)
        paths.setdefault(path, {})[method.lower()] = _operation(operation, method, path, refs)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "StoryClip",
            "version": __version__,
            "description": "Publishes sequences of story clips through Metricool, each once and"
            " in order. Errors are problems of RFC 9457.",
        },
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": _SECURITY,
            "headers": _HEADERS,
        },
    }


def described(app: Flask) -> Iterator[tuple[str, str, Operation]]:
    """Yield what the table knows of the application's routes, as (method, rule, operation)."""
    for rule in app.url_map.iter_rules():
        for method in methods_of(rule):
            if (method, rule.rule) in OPERATIONS:
                yield method, rule.rule, OPERATIONS[method, rule.rule]


def methods_of(rule: Rule) -> set[str]:
    """Return the methods that somebody wrote; the others Flask adds to every route."""
    return set(rule.methods or ()) - {"HEAD", "OPTIONS"}


def _schemas(operations: list[Operation]) -> tuple[Mapping[Any, Any], dict[str, Any]]:
    wanted: dict[tuple[type[BaseModel], JsonSchemaMode], None] = {
        (ProblemDetails, "serialization"): None
    }
    for operation in operations:
        if operation.body is not None:
            wanted[operation.body, "validation"] = None
        for answer in operation.answers.values():
            if isinstance(answer, type):
                wanted[answer, "serialization"] = None
    refs, schemas = models_json_schema(list(wanted), ref_template="#/components/schemas/{model}")
    return refs, schemas["$defs"]


def _operation(
    operation: Operation, method: str, path: str, refs: Mapping[Any, Any]
) -> dict[str, Any]:
    in_path = [
        {"in": "path", "name": name, "required": True, "schema": {"type": "string"}}
        for name in re.findall(r"{(\w+)}", path)
    ]
    answers = {
        str(status): {
            "description": HTTPStatus(status).phrase,
            "headers": _headers(status, operation),
            **_content(answer, refs),
        }
        for status, answer in operation.answers.items()
    }
    for status in operation.statuses():
        answers[str(status)] = {
            "description": HTTPStatus(status).phrase,
            "headers": _headers(status, operation),
            "content": {PROBLEM: {"schema": refs[ProblemDetails, "serialization"]}},
        }
    said: dict[str, Any] = {
        "operationId": re.sub(r"\W+", "_", f"{method.lower()} {path}").strip("_"),
        "summary": operation.summary,
        "parameters": [*in_path, *map(dict, operation.parameters)],
        "responses": answers,
        "security": operation.security,
    }
    if operation.body is not None:
        schema = refs[operation.body, "validation"]
        said["requestBody"] = {"required": True, "content": {JSON: {"schema": schema}}}
    return said


def _content(answer: Answer, refs: Mapping[Any, Any]) -> dict[str, Any]:
    if answer is None:
        return {}
    if isinstance(answer, str):
        return {"content": {answer: {"schema": _MESSAGE if answer == EVENTS else _TEXT}}}
    return {"content": {JSON: {"schema": refs[answer, "serialization"]}}}


def _headers(status: int, operation: Operation) -> dict[str, Any]:
    must = _ALWAYS_THERE.get(status, ())
    may: tuple[str, ...] = ("RateLimit", "RateLimit-Policy") if operation.security else ()
    if status == HTTPStatus.OK:
        may += ("ETag",) if HTTPStatus.NOT_MODIFIED in operation.answers else ()
        may += ("Link",) if any(one["name"] == "cursor" for one in operation.parameters) else ()
    return {
        **{name: _HEADERS[name] | {"required": True} for name in must},
        **{name: {"$ref": f"#/components/headers/{name}"} for name in may},
    }
