"""Whatever is wrong with a request: a short 4xx at once, nothing done, and the next one works."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from storyclip.domain.act import Action
from storyclip.store.access import keys
from storyclip.store.history import events
from tests.people import key_for
from tests.store.making import everything
from tests.web.conftest import NOON, SmallMetricool, Someone, good
from tests.web.hostile import AUTH, BAD, BODY, HTTP, IDEMPOTENCY, STREAMS, TIME, URL, Bad
from tests.web.test_bad_input import is_short_problem

LONG_ENOUGH = 6  # a text that is said back by chance is shorter
INSIDE = (
    b"Traceback",
    b'File "',
    b".py",
    b"sqlite",
    b"SELECT",
    b"peewee",
    b"werkzeug",
    b"pydantic",
)


class Watched(SmallMetricool):
    """Notes whatever is asked of it."""

    def __init__(self) -> None:
        super().__init__()
        self.called: list[str] = []

    def __getattribute__(self, name: str) -> Any:
        found = super().__getattribute__(name)
        if callable(found) and not name.startswith("_"):
            super().__getattribute__("called").append(name)
        return found


@pytest.fixture
def metricool() -> Watched:
    return Watched()


@pytest.fixture
def messages(ana: Someone) -> Iterator[list[Any]]:
    """What is told to workers and viewers."""
    told: list[Any] = []
    events.on_change(told.append)
    yield told
    events.forget_listeners()


@pytest.fixture
def names(ana: Someone, bea: Someone) -> dict[str, str]:
    """What the requests' placeholders stand for; a batch of each user is there."""
    revoked = key_for("ana", {"publish"}, at=NOON)
    keys.revoke(revoked.split("_")[1], NOON)
    headers = {"Idempotency-Key": "used"}
    return {
        "{key}": ana.key,
        "{reader}": key_for("ana", {"read"}, at=NOON),
        "{limited}": key_for("ana", {"publish"}, {"2000002"}, at=NOON),
        "{expired}": key_for("ana", {"publish"}, at=NOON, expires_at=NOON),
        "{revoked}": revoked,
        "{ours}": ana.publish(headers=headers).get_json()["batchId"],
        "{theirs}": bea.publish(headers=headers).get_json()["batchId"],
    }


def named(text: str, names: dict[str, str]) -> str:
    for placeholder, name in names.items():
        text = text.replace(placeholder, name)
    return text


def texts_in(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list | dict):
        for item in value.values() if isinstance(value, dict) else value:
            yield from texts_in(item)


# Words of the API, and what was read and understood as a date and a zone: an answer explains them.
KNOWN = ["scheduled", "bestTime", "facebook", "continue", "spread", "Europe/Madrid"]
KNOWN += ["2027-03-28T02:30:00", "2027-10-31T02:30:00"]


def said_in(bad: Bad) -> list[bytes]:
    """What an answer must not say back: the texts of a body, or the body."""
    body = bad.body or b""
    try:
        texts = [text.encode(errors="replace") for text in texts_in(json.loads(body))]
    except (ValueError, RecursionError):
        texts = [body[:40]]
    known = {text.encode() for text in KNOWN}
    return [text for text in texts if len(text) >= LONG_ENOUGH and text not in known]


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD)
def test_a_bad_request_is_refused_and_does_nothing(ana, metricool, messages, names, bad):
    headers = {name: named(value, names) for name, value in bad.headers.items()}
    ana.get("/api/metricool/batches")  # the key's last use is noted
    before, metricool.called[:], messages[:] = everything(), [], []

    began = time.thread_time()  # of CPU: what a neighbour takes is no fault of the request
    answer = ana.client.open(
        named(bad.path, names),
        method=bad.verb,
        headers={"X-Api-Key": ana.key, **headers},
        data=bad.body,
        **bad.more,
    )
    took_s = time.thread_time() - began

    assert is_short_problem(answer, bad.status)
    assert [text for text in said_in(bad) if text in answer.data] == []
    assert [word for word in INSIDE if word in answer.data] == []
    assert took_s <= 1
    assert what_counts(everything()) == what_counts(before)
    assert (metricool.called, messages) == ([], [])
    assert ana.publish(good()).status_code == 202
    assert messages != []


def what_counts(found: dict[str, list[tuple[Any, ...]]]) -> dict[str, list[tuple[Any, ...]]]:
    """All rows but when a key was last used, and that somebody was refused: both are written."""
    return {
        **found,
        "api_keys": [row[:8] for row in found["api_keys"]],
        "audit": [row for row in found["audit"] if Action.ENTRY not in row],
    }


def test_there_are_bad_requests_of_every_sort():
    sorts = (BODY, TIME, URL, AUTH, IDEMPOTENCY, STREAMS, HTTP)

    assert len(BAD) == sum(len(sort) for sort in sorts) >= 110
    assert min(len(sort) for sort in sorts) >= 6
    assert {bad.status for bad in BAD.values()} == {400, 401, 403, 404, 405, 413, 415, 422}
