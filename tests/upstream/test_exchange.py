from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from typing import Any

import pytest

from storyclip.domain.errors import UpstreamUnreachable
from storyclip.domain.network import Network
from storyclip.line import connection, dialing
from storyclip.upstream.exchange import Answer, Request
from storyclip.upstream.line import Line
from storyclip.upstream.metricool import Metricool
from tests.upstream.conftest import TOKEN, element, says

TELLING = Request("POST", "/told", {"a": "1"}, {}, {"n": 1})


@dataclass
class InProcess:
    """Answers everything with one post, and keeps what was asked and by when it had to be over."""

    carried: list[tuple[str, Request, float]] = field(default_factory=list)
    is_stopped: bool = False

    def ask(self, request: Request, over_at: float) -> Answer:
        self.carried.append(("ask", request, over_at))
        return self._answer()

    def tell(self, request: Request, over_at: float, *_: Any) -> Answer:
        self.carried.append(("tell", request, over_at))
        return self._answer()

    def stop(self) -> None:
        self.is_stopped = True

    def _answer(self) -> Answer:
        return Answer(200, {}, json.dumps({"data": element()}).encode(), has_marked_end=True)


def test_another_exchange_carries_the_calls_unencoded_and_by_its_own_time(story):
    exchange = InProcess()
    metricool = Metricool("nowhere", TOKEN, "7", 20, exchange, monotonic=lambda: 100.0)

    created = metricool.submit_story(story)
    shown = metricool.post("42", Network.INSTAGRAM, created.id)
    metricool.stop()

    (how, told, told_by), (_, asked, _) = exchange.carried
    assert (how, told.method, told.path, told_by) == ("tell", "POST", "/v2/scheduler/posts", 120)
    assert told.query == asked.query == {"userId": "7", "blogId": "42"}
    assert told.body is not None
    assert told.body["media"] == [story.media_url]
    assert (asked.method, asked.path, asked.body) == ("GET", "/v2/scheduler/posts/310000001", None)
    assert shown == created
    assert exchange.is_stopped


def test_nothing_is_told_after_the_moment_to_send_it(serve):
    server = serve(says({}))
    now = time.monotonic()

    with pytest.raises(UpstreamUnreachable, match="the moment to send it is over"):
        Line(f"http://127.0.0.1:{server.port}").tell(TELLING, now + 60, send_by=now)
    assert server.connections == 0


def test_the_moment_to_send_is_looked_at_again_right_before_the_first_byte(serve, monkeypatch):
    server = serve(says({}))

    connected = []

    def frozen_after_connecting(found, call):
        line = dialing.dial(found, call)
        connected.append(line.getpeername())
        call.send_by = time.monotonic()
        return line

    monkeypatch.setattr(connection, "dial", frozen_after_connecting)
    now = time.monotonic()

    with pytest.raises(UpstreamUnreachable, match="the moment to send it is over"):
        Line(f"http://127.0.0.1:{server.port}").tell(TELLING, now + 60, send_by=now + 60)
    assert connected == [("127.0.0.1", server.port)]
    assert server.requests == []


def test_what_left_in_time_is_answered_after_the_moment_to_send_it(serve):
    server = serve(says({}))
    now = time.monotonic()
    line = Line(f"http://127.0.0.1:{server.port}/api/")

    def answer_is_late() -> None:
        while time.monotonic() < now + 0.3:
            pass

    answer = line.tell(TELLING, now + 60, answer_is_late, send_by=now + 0.3)

    assert answer.status == 200
    assert server.requests[0].startswith(b"POST /api/told?a=1 HTTP/1.1\r\n")
    assert server.requests[0].endswith(b'\r\n\r\n{"n": 1}')
