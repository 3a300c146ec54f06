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
from werkzeug.routing import Rule

from storyclip import __version__
from storyclip.web.said import messages
from storyclip.web.said.answers import encode
from storyclip.web.said.file_kinds import CHECKSUM_MISMATCH
from storyclip.web.said.headers import ALWAYS_IN, IN_ANSWERS, IN_REQUESTS
from storyclip.web.said.operation import Answer, Operation
from storyclip.web.said.operations import OPERATIONS
from storyclip.web.said.queries import Query
from storyclip.web.said.schemas import schemas_of
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
_TEXT = {"type": "string"}


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
    operations = [operation for *_, operation in found]
    refs, schemas = schemas_of(_said(operations), _answered(operations))
    queries = {
        query: list(_parameters(schemas.pop(query.__name__)))
        for query in {operation.query for operation in operations if operation.query}
    }
    for method, rule, operation in found:
        path = re.sub(r"<(?:\w+:)?(\w+)>", lambda match: f"{{{to_camel(match[1])}}}", rule)
        paths.setdefault(path, {})[method.lower()] = _operation(
            operation, method, path, queries, refs
        )
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
            "headers": IN_ANSWERS,
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
    written = set(rule.methods or ()) - {"OPTIONS"}
    return written - {"HEAD"} or written


def _said(operations: list[Operation]) -> Iterator[type[BaseModel]]:
    for operation in operations:
        if operation.body is not None:
            yield operation.body
        if operation.query is not None:
            yield operation.query


def _answered(operations: list[Operation]) -> Iterator[Any]:
    yield ProblemDetails
    yield from messages.SAID
    for operation in operations:
        yield from (
            answer
            for answer in operation.answers.values()
            if not (answer is None or isinstance(answer, str))
        )


def _parameters(query: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the parameters that a query's model makes; a name is given or left out, never null."""
    for name, schema in query["properties"].items():
        says = schema.pop("description")
        schema.pop("title", None)  # the name once more
        if schema.get("default", "") is None:
            del schema["default"]
            schema |= schema.pop("anyOf")[0]
        is_due = name in query.get("required", ())
        yield {
            "in": "query",
            "name": name,
            "required": is_due,
            "description": says,
            "schema": schema,
        }


def _operation(
    operation: Operation,
    method: str,
    path: str,
    queries: Mapping[type[Query], list[dict[str, Any]]],
    refs: Mapping[Any, Any],
) -> dict[str, Any]:
    in_path = [
        {"in": "path", "name": name, "required": True, "schema": {"type": "string"}}
        for name in re.findall(r"{(\w+)}", path)
    ]
    in_query = queries[operation.query] if operation.query else []
    in_header = [
        {"in": "header", "name": name, "schema": schema, "description": says}
        for name, (schema, says) in IN_REQUESTS.items()
        if name in operation.headers
    ]
    answers = {
        str(status): {
            "description": _phrase(status),
            "headers": _headers(status, operation),
            **_content(answer, refs),
        }
        for status, answer in operation.answers.items()
    }
    for status in operation.problems():
        answers[str(status)] = {
            "description": _phrase(status),
            "headers": _headers(status, operation),
            "content": {PROBLEM: {"schema": refs[ProblemDetails]}},
        }
    said: dict[str, Any] = {
        "operationId": re.sub(r"\W+", "_", f"{method.lower()} {path}").strip("_"),
        "summary": operation.summary,
        "parameters": [*in_path, *in_query, *in_header],
        "responses": answers,
        "security": operation.security,
    }
    if operation.body is not None:
        schema = refs[operation.body]
        said["requestBody"] = {"required": True, "content": {JSON: {"schema": schema}}}
    if operation.takes is not None:
        said["requestBody"] = {"required": True, "content": {operation.takes: {"schema": {}}}}
    if HTTPStatus.SWITCHING_PROTOCOLS in operation.answers:
        said["x-websocket"] = messages.websocket(refs)
    return said


def _phrase(status: int) -> str:
    is_tus = status == CHECKSUM_MISMATCH  # a status of the protocol's own
    return "Checksum Mismatch" if is_tus else HTTPStatus(status).phrase


def _content(answer: Answer, refs: Mapping[Any, Any]) -> dict[str, Any]:
    if answer is None:
        return {}
    if isinstance(answer, str):
        says = messages.event_stream(refs) if answer == messages.EVENT_STREAM else _TEXT
        return {"content": {answer: {"schema": says}}}
    return {"content": {JSON: {"schema": refs[answer]}}}


def _headers(status: int, operation: Operation) -> dict[str, Any]:
    must = (
        ()
        if status >= HTTPStatus.BAD_REQUEST and status in operation.answers
        else ALWAYS_IN.get(status, ())
    )
    told = operation.told if status < HTTPStatus.MULTIPLE_CHOICES else ()
    may = {*told, *(("RateLimit", "RateLimit-Policy") if operation.security else ())} - {*must}
    return {
        **{name: IN_ANSWERS[name] | {"required": True} for name in must},
        **{name: {"$ref": f"#/components/headers/{name}"} for name in sorted(may)},
    }
