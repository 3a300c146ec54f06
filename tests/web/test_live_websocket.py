"""The WebSocket over a real line, with a published client."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from storyclip.store import acts
from storyclip.store.acts import Wanted
from storyclip.web.door.guesses import MOST_OF_ONE
from storyclip.web.live.seats import Seats
from tests.store.making import made, published
from tests.web.conftest import ELSEWHERE, Someone


def opened(address: str, someone: Someone | None = None, **headers: str) -> ClientConnection:
    key = {} if someone is None else {"X-Api-Key": someone.key}
    return connect(address, additional_headers={**key, **headers}, open_timeout=10)


def heard(line: ClientConnection, count: int | None = None) -> list[dict[str, Any]]:
    """All messages until the line is closed, or so many."""
    found: list[dict[str, Any]] = []
    try:
        while count is None or len(found) < count:
            found.append(json.loads(line.recv(timeout=10)))
    except ConnectionClosed:
        pass
    return found


def code_of(line: ClientConnection) -> int | None:
    heard(line)
    return line.close_code


def test_the_same_events_come_as_text_and_1000_says_that_all_is_done(address, ana):
    published(made(count=1)[0])

    with opened(f"{address}?batchId=b1", ana) as line:
        shown = heard(line)

    assert (shown[0]["type"], shown[0]["lastSeq"]) == ("snapshot", 4)
    assert [event["seq"] for event in shown[1:]] == [1, 2, 3, 4]
    assert [event["cursor"] for event in shown[1:]] == ["1", "2", "3", "4"]
    assert line.close_code == 1000


def test_the_cursor_resumes(address, ana):
    published(made(count=1)[0])

    with opened(f"{address}?batchId=b1&after=3", ana) as line:
        assert [event["seq"] for event in heard(line)[1:]] == [4]


def test_what_is_committed_comes_without_asking(address, ana):
    clip = made(count=1)[0]

    with opened(f"{address}?batchId=b1", ana) as line:
        assert [event.get("seq") for event in heard(line, 2)] == [None, 1]
        published(clip)
        assert [event["seq"] for event in heard(line)] == [2, 3, 4]


def test_a_ticket_opens_it(address, ana):
    published(made(count=1)[0])
    ticket = ana.post("/api/metricool/stream-ticket").json["ticket"]

    with opened(f"{address}?batchId=b1&ticket={ticket}") as line:
        assert len(heard(line)) == 5


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("?batchId=none", 4404),
        ("?batchId=b1&after=x", 4400),
        ("?batchId=", 4400),
        ("?after=7", 4400),
    ],
)
def test_what_cannot_be_shown_is_said_by_a_code(address, ana, query, code):
    made()

    with opened(f"{address}{query}", ana) as line:
        assert code_of(line) == code


def test_without_a_key_it_is_4401_and_somebody_elses_batch_4404(address, bea):
    made(user="ana")

    with opened(f"{address}?batchId=b1") as nobody, opened(f"{address}?batchId=b1", bea) as other:
        assert (code_of(nobody), code_of(other)) == (4401, 4404)
    kept = [(act.subject, act.outcome) for act in acts.newest(Wanted(action="entry"), 5)]
    assert kept == [("GET /api/metricool/ws", "unauthenticated")]


def test_who_tries_out_keys_has_to_wait_here_too(address):
    codes = []
    for number in range(MOST_OF_ONE + 1):
        with opened(address, None, **{"X-Api-Key": f"guess-{number}"}) as line:
            codes.append(code_of(line))

    assert codes == [4401] * MOST_OF_ONE + [4429]


def test_when_all_seats_are_taken_it_is_4429(app, address, ana):
    live = app.extensions["storyclip.live"]
    app.extensions["storyclip.live"] = replace(live, seats=Seats(1, 1))
    made()

    with opened(f"{address}?batchId=b1", ana) as first:
        heard(first, 2)
        with opened(f"{address}?batchId=b1", ana) as second:
            assert code_of(second) == 4429


def test_a_stop_is_said_with_1001(app, address, ana):
    made()

    with opened(f"{address}?batchId=b1", ana) as line:
        heard(line, 2)
        app.extensions["storyclip.live"].hub.stop()
        assert code_of(line) == 1001


@pytest.mark.parametrize("origin", [ELSEWHERE, "http://{host}", "https://{host}"])
def test_pages_of_this_and_of_configured_origins_may_watch(address, ana, origin):
    made()
    host = address.split("/")[2]

    with opened(f"{address}?batchId=b1", ana, Origin=origin.format(host=host)) as line:
        assert heard(line, 1)[0]["type"] == "snapshot"


@pytest.mark.parametrize("origin", ["https://evil.example.com", "null", "http://[", "127.0.0.1"])
def test_pages_of_other_origins_may_not(address, ana, origin):
    made()

    with pytest.raises(InvalidStatus) as refused:
        opened(f"{address}?batchId=b1", ana, Origin=origin)

    assert refused.value.response.status_code == 403


def test_what_a_viewer_says_is_ignored_and_too_much_of_it_ends_the_stream(address, ana):
    clip = made(count=1)[0]

    with opened(f"{address}?batchId=b1", ana) as line, opened(f"{address}", ana) as loud:
        for _ in range(100):
            line.send("hello")
        loud.send("x" * 10_000)
        heard(line, 2)
        published(clip)

        assert [event["seq"] for event in heard(line)] == [2, 3, 4]
        assert code_of(loud) == 1009


def test_it_answers_pings_and_a_viewers_goodbye(address, ana):
    made()

    with opened(f"{address}?batchId=b1", ana) as line:
        heard(line, 2)
        assert line.ping().wait(10)
        line.close()

    assert line.close_code == 1000


def test_a_plain_request_is_told_that_this_is_no_page(ana):
    assert ana.get("/api/metricool/ws?batchId=b1").status_code == 400
