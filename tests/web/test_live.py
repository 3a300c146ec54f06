"""Streams over HTTP: who may watch what from where on, and what is refused."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask

from storyclip.domain.clip import State
from storyclip.store import database
from storyclip.store.access import keys, tickets
from storyclip.web.live.seats import Seats
from tests.people import key_for
from tests.store.making import brought_to, made, published
from tests.web.conftest import NOON, Someone

STREAM = "/api/metricool/stream"
TICKET = "/api/metricool/stream-ticket"

Message = tuple[str, str | None, Any]


@pytest.fixture(autouse=True)
def nobody_stays(app: Flask) -> Iterator[None]:
    yield
    app.extensions["storyclip.live"].hub.stop()


def messages(text: str) -> list[Message]:
    """(event, id, data) of each message of a stream."""
    found: list[Message] = []
    for block in text.split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.splitlines() if line[:1] not in ":")
        if "data" in fields:
            data = json.loads(fields["data"])
            found.append((fields.get("event", "message"), fields.get("id"), data))
    return found


def seqs(text: str) -> list[int]:
    return [data["seq"] for event, _, data in messages(text) if event == "message"]


def begun(response: Any, count: int) -> list[Message]:
    """The first messages of a stream that goes on."""
    text, pieces = "", iter(response.response)
    while len(messages(text)) < count:
        text += next(pieces).decode()
    response.close()
    return messages(text)


def test_a_stream_shows_the_state_then_the_history_then_the_end(ana):
    published(made(count=1)[0])

    answer = ana.get(f"{STREAM}?batchId=b1")

    assert answer.status_code == 200
    assert answer.mimetype == "text/event-stream"
    assert answer.text.startswith("retry: 2000\n")
    shown = messages(answer.text)
    assert [event for event, _, _ in shown] == ["snapshot", *["message"] * 4, "end"]
    assert [word for _, word, _ in shown] == [None, "1", "2", "3", "4", None]
    assert (shown[0][2]["status"], shown[0][2]["lastSeq"]) == ("completed", 4)
    assert shown[-1][2] == {"batchId": "b1", "lastSeq": 4}


@pytest.mark.parametrize(
    ("query", "headers"),
    [("&after=2", {}), ("", {"Last-Event-ID": "2"}), ("&after=4", {"Last-Event-ID": "2"})],
)
def test_a_cursor_resumes_and_the_header_wins(ana, query, headers):
    published(made(count=1)[0])

    answer = ana.get(f"{STREAM}?batchId=b1{query}", headers=headers)

    assert seqs(answer.text) == [3, 4]


@pytest.mark.parametrize("word", ["x", "-1", "5", "99999999999", "tozwlh-1.1.1"])
def test_a_cursor_that_is_none_of_this_stream_is_refused(ana, word):
    published(made(count=1)[0])

    answer = ana.get(f"{STREAM}?batchId=b1&after={word}")

    assert (answer.status_code, answer.json["code"]) == (400, "cursor_invalid")


@pytest.mark.parametrize("word", ["17", "x-1", "tozwlh-1.1.2", "zzzzzzzz"])
def test_a_cursor_that_is_none_of_the_stream_of_all_is_refused(ana, word):
    made(count=1)

    answer = ana.get(f"{STREAM}?after={word}")

    assert (answer.status_code, answer.json["code"]) == (400, "cursor_invalid")


def test_the_stream_of_all_shows_each_batch_that_runs(ana):
    made("b1", account="1")
    made("b2", account="2")
    published(made("over", 1, account="3")[0])
    made("theirs", account="4", user="bea")

    shown = begun(ana.get(STREAM), 3)

    assert shown[0][0] == "snapshot"
    assert {summary["batchId"] for summary in shown[0][2]["batches"]} == {"b1", "b2"}
    assert {(data["batchId"], data["seq"]) for _, _, data in shown[1:]} == {("b1", 1), ("b2", 1)}


def test_the_stream_of_all_resumes_with_what_ended_and_what_began_meanwhile(ana, clock):
    one = made("b1", 1, account="1", at=NOON)[0]
    made("b2", 1, account="2", at=NOON)
    word = begun(ana.get(STREAM), 3)[-1][1]
    clock.move(600)
    published(one, at=clock.at)
    published(made("b3", 1, account="3", at=clock.at)[0], at=clock.at)

    shown = begun(ana.get(STREAM, headers={"Last-Event-ID": str(word)}), 8)

    seen = sorted((data["batchId"], data["seq"]) for event, _, data in shown if event == "message")
    assert seen == [("b1", 2), ("b1", 3), ("b1", 4), *(("b3", seq) for seq in (1, 2, 3, 4))]


def test_nobody_watches_somebody_elses_batch(ana, bea):
    made(user="ana")

    theirs, none = bea.get(f"{STREAM}?batchId=b1"), bea.get(f"{STREAM}?batchId=b2")

    assert (theirs.status_code, theirs.json) == (404, none.json)


@pytest.mark.parametrize("query", ["", "?batchId=b1", "?ticket=x", "?ticket=", "?key=x"])
def test_nobody_watches_without_a_key(anyone, ana, query):
    assert anyone.get(f"{STREAM}{query}").status_code == 401


def test_a_key_in_the_query_is_not_even_looked_at(anyone, ana):
    assert anyone.get(f"{STREAM}?ticket={ana.key}").status_code == 401


def test_an_empty_batch_id_is_a_mistake_not_all_batches(ana):
    assert ana.get(f"{STREAM}?batchId=").status_code == 422


def test_a_head_request_opens_nothing(app, ana):
    made()

    answer = ana.client.head(f"{STREAM}?batchId=b1", headers={"X-Api-Key": ana.key})

    assert (answer.status_code, answer.mimetype, answer.data) == (200, "text/event-stream", b"")


def ticket_of(someone: Someone) -> str:
    answer = someone.post(TICKET)
    assert answer.json["expiresInS"] == tickets.GOOD_FOR.total_seconds()
    return str(answer.json["ticket"])


def test_a_ticket_opens_the_holders_streams(ana, anyone):
    published(made(count=1)[0])
    ticket = ticket_of(ana)

    answer = anyone.get(f"{STREAM}?batchId=b1&ticket={ticket}")

    assert seqs(answer.text) == [1, 2, 3, 4]


def test_a_ticket_opens_nothing_else(ana, anyone):
    made(count=1)
    ticket = ticket_of(ana)

    assert anyone.get(f"/api/metricool/status?batchId=b1&ticket={ticket}").status_code == 401
    assert anyone.post(f"{TICKET}?ticket={ticket}").status_code == 401


def test_a_ticket_expires(ana, anyone, clock):
    published(made(count=1)[0])
    ticket = ticket_of(ana)

    clock.move(tickets.GOOD_FOR.total_seconds())

    assert anyone.get(f"{STREAM}?batchId=b1&ticket={ticket}").status_code == 401


def test_a_ticket_goes_with_its_key(ana, anyone):
    published(made(count=1)[0])
    ticket = ticket_of(ana)

    keys.revoke(ana.key.split("_")[1], NOON)

    assert anyone.get(f"{STREAM}?batchId=b1&ticket={ticket}").status_code == 401


def test_a_changed_ticket_is_none(ana, anyone):
    made(count=1)
    ticket = ticket_of(ana)

    for changed in (ticket[:-1], ticket[1:], ticket.swapcase(), f"{ticket}x"):
        assert anyone.get(f"{STREAM}?batchId=b1&ticket={changed}").status_code == 401


def test_a_ticket_without_its_row_is_none(ana, anyone):
    made(count=1)
    ticket = ticket_of(ana)
    with database.writing():
        database.run("DELETE FROM tickets")

    assert anyone.get(f"{STREAM}?batchId=b1&ticket={ticket}").status_code == 401


def test_when_all_seats_are_taken_the_next_is_told_when_to_come_again(app, ana, bea):
    live = app.extensions["storyclip.live"]
    app.extensions["storyclip.live"] = replace(live, seats=Seats(2, 1))
    made(user="ana", account="1")
    first = ana.get(f"{STREAM}?batchId=b1")

    other_key = Someone(ana.client, key_for("ana", {"read"}, at=NOON))
    second = other_key.get(f"{STREAM}?batchId=b1")
    others = bea.get(STREAM)
    first.close()
    again = ana.get(f"{STREAM}?batchId=b1")

    assert (second.status_code, second.json["code"]) == (503, "too_many_streams")
    assert int(second.headers["Retry-After"]) > 0
    assert (others.status_code, again.status_code) == (200, 200)
    others.close()
    again.close()


def test_a_process_that_stops_takes_no_more_viewers(app, ana):
    made()
    app.extensions["storyclip.live"].hub.stop()

    answer = ana.get(f"{STREAM}?batchId=b1")

    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")


def test_pages_of_configured_origins_may_read_streams_and_get_tickets(ana, elsewhere):
    published(made(count=1)[0])
    origin = {"Origin": elsewhere}

    shown = ana.get(f"{STREAM}?batchId=b1", headers=origin)
    ticket = ana.post(TICKET, headers=origin)
    asked = ana.client.options(TICKET, headers=origin)
    wrong = ana.client.get(STREAM, headers=origin)

    for answer in (shown, ticket, asked, wrong):
        assert answer.headers["Access-Control-Allow-Origin"] == elsewhere
        assert "Origin" in answer.headers["Vary"]
    assert "X-Api-Key" in asked.headers["Access-Control-Allow-Headers"]


def test_pages_of_other_origins_may_not(ana, elsewhere):
    origin = {"Origin": "https://evil.example.com"}

    for answer in (ana.post(TICKET, headers=origin), ana.client.options(TICKET, headers=origin)):
        assert "Access-Control-Allow-Origin" not in answer.headers


def test_a_failed_clip_leaves_the_stream_open_for_the_rest(ana):
    brought_to(State.FAILED, made(count=2)[0])

    shown = begun(ana.get(f"{STREAM}?batchId=b1"), 5)

    assert [data["seq"] for _, _, data in shown[1:]] == [1, 2, 3, 4]
