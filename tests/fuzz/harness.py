"""Requests made up from the OpenAPI document, against the real application in this process."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import hypothesis
import schemathesis
from flask import Flask
from hypothesis import HealthCheck
from hypothesis.errors import Unsatisfiable
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from config.settings import Settings
from storyclip.spool.local import Spool
from storyclip.store import database
from storyclip.store.access import password_links, signin_links
from storyclip.store.history import events
from storyclip.web.door.guesses import Guesses
from storyclip.web.door.part import NAME
from storyclip.web.factory import create_app
from tests.described import objections_to
from tests.people import key_for
from tests.web.conftest import NOON, PUBLISH, Clock, SmallMetricool, Someone, good

# It knows none for pieces of files, which are bytes like any other
schemathesis.serializer.alias("application/offset+octet-stream", "application/octet-stream")

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
# So fast that what is counted is made up, not refused for its speed.
SETTINGS = {f"STORYCLIP_{kind}_PER_S": "100000" for kind in ("WRITES", "READS", "STREAMS")}
ROUND = 200  # cases of one operation before the next one has its turn


@dataclass
class Outcome:
    """How often each status was seen, by operation."""

    seen: Counter[tuple[str, int]] = field(default_factory=Counter)

    @property
    def cases(self) -> int:
        """Return how many requests were made."""
        return self.seen.total()

    def statuses(self, label: str) -> set[int]:
        """Return what an operation, such as `GET /livez`, answered with."""
        return {status for name, status in self.seen if name == label}


@contextmanager
def application(folder: Path) -> Iterator[Flask]:
    """Have the application on a database of its own, with one key and one batch."""
    events.forget_listeners()
    database.connect(f"sqlite:///{folder}/storyclip.db")
    settings = Settings.from_environment(SETTINGS, needs_upstream=False)
    spool = Spool(folder / "media")
    spool.prepare()
    app = create_app(settings, SmallMetricool(), Clock(), lambda: True, spool=spool)
    # Wrong keys are most of what it tries, and the clock stands still.
    door = app.extensions[NAME]
    app.extensions[NAME] = replace(door, guesses=Guesses(10**6, 10**6))
    app.wsgi_app = _first_piece_only(app.wsgi_app)  # type: ignore[method-assign]
    try:
        yield app
    finally:
        app.extensions["storyclip.live"].hub.stop()
        database.disconnect()
        events.forget_listeners()


def fuzz(app: Flask, cases: int, seed: int) -> Outcome:
    """Make at least so many requests, and check each answer against the document.

    Raises:
        schemathesis.errors.FailureGroup: an answer that is a server error, or not described.
    """
    schema = schemathesis.openapi.from_wsgi("/openapi.json", app)
    schema.validate()
    key = key_for("ana", {"publish", "read"}, at=NOON)
    batch_id = Someone(app.test_client(), key).publish().get_json()["batchId"]
    admin = key_for("root", {"admin"}, at=NOON)
    made_up = random.Random(seed)
    outcome = Outcome()
    turns = [
        (result.ok(), mode)
        for mode in GenerationMode
        for result in schema.get_all_operations()
        if isinstance(result, Ok)  # what it cannot read, `validate` has refused
    ]
    while outcome.cases < cases:
        turns = [
            (operation, mode)
            for operation, mode in turns
            if outcome.cases < cases
            and _run(
                operation.as_strategy(generation_mode=mode),
                min(ROUND, cases // len(turns) + 1),
                made_up.randrange(2**32),
                lambda case: _ask(case, (key, admin), batch_id, made_up, outcome),
            )
        ]
        if not turns:
            raise RuntimeError(f"nothing more to ask after {outcome.cases} cases")
    return outcome


def _run(strategy: Any, count: int, seed: int, ask: Callable[[Any], None]) -> bool:
    """Ask what the strategy makes up; return whether there is more where that came from."""
    asked = 0

    @hypothesis.seed(seed)
    @hypothesis.settings(
        max_examples=count,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @hypothesis.given(strategy)
    def each(case: Any) -> None:
        nonlocal asked
        asked += 1
        ask(case)

    try:
        each()
    except Unsatisfiable:  # a request without any parameter cannot be a wrong one
        return False
    return asked >= count


def _ask(
    case: Any, keys: tuple[str, str], batch_id: str, made_up: random.Random, outcome: Outcome
) -> None:
    """Send the case, usually with a key, every other time about a batch that there is.

    Args:
        keys: a publisher's, and an administrator's for what is theirs alone.
    """
    key, admin = keys
    is_theirs = case.path.startswith("/api/metricool/admin/")

    def is_so(share: float) -> bool:
        return made_up.random() < share

    if is_so(0.9):
        case.headers["X-Api-Key"] = admin if is_theirs else key
    if is_so(0.5):
        case.headers["Origin"] = "http://localhost"
    if is_so(0.5):
        for place in (case.query, case.path_parameters):
            if "batchId" in (place or {}):
                place["batchId"] = batch_id
    if is_theirs and "user" in (case.query or {}) and is_so(0.5):
        case.query["user"] = made_up.choice(["ana", "root"])
    if case.path.startswith("/session/") and isinstance(case.body, dict) and is_so(0.5):
        known = {"userId": "ana", "token": password_links.issue("ana", NOON)}
        case.body |= {name: word for name, word in known.items() if name in case.body}
    if case.path == PUBLISH and is_so(0.2):
        case.body = good(jobId=str(made_up.random()))
        case.headers["Idempotency-Key"] = made_up.choice("abc")
    if case.path == "/session" and case.method == "POST" and is_so(0.2):
        case.body = {"apiKey": key}
    if case.path == "/signin" and is_so(0.2):
        case.query["token"] = signin_links.issue(key.split("_")[1], NOON)
    response = case.call()
    outcome.seen[case.operation.label, response.status_code] += 1
    case.validate_response(response, checks=CHECKS)
    method, path = response.request.method or "", urlsplit(response.request.url or "").path
    headers = {name: values[0] for name, values in response.headers.items()}
    found = list(objections_to(method, path, response.status_code, headers, response.content))
    assert not found, found


def _first_piece_only(application: Any) -> Any:
    """Cut endless streams after what they show first."""

    def cut(environ: Any, start_response: Any) -> Any:
        pieces = application(environ, start_response)
        if not environ["PATH_INFO"].endswith("/stream"):
            return pieces
        try:
            return [next(iter(pieces), b"")]
        finally:
            pieces.close()

    return cut


def report(outcome: Outcome) -> str:
    """Return the outcome, an operation a line."""
    lines: dict[str, dict[int, int]] = {}
    for (label, status), count in sorted(outcome.seen.items()):
        lines.setdefault(label, {})[status] = count
    return "\n".join(f"{label}: {json.dumps(statuses)}" for label, statuses in lines.items())
