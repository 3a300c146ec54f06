from __future__ import annotations

import contextlib
import os
import socket
import threading
import time

import pytest

from storyclip.domain import crashpoint
from storyclip.domain.errors import (
    MediaUnavailable,
    UpstreamLookFailed,
    UpstreamUnanswered,
    UpstreamUnreachable,
)
from storyclip.domain.network import Network
from storyclip.line import connection, dialing
from storyclip.line.deadline import Call, CallOver, Watchdog
from storyclip.upstream.metricool import Metricool
from tests.upstream.conftest import (
    TOKEN,
    answer,
    drips,
    element,
    hangs,
    metricool_at,
    says,
)

DEADLINE_S = 0.5
SLACK_S = 0.4  # less than a second deadline: a second try must not get its own

DRIPS = {
    "nothing": hangs,
    "status line": drips(b"HTTP/1.1 2", b"0"),
    "status line after status line": drips(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "headers": drips(b"HTTP/1.1 200 OK\r\n", b"X: y\r\n"),
    "one header": drips(b"HTTP/1.1 200 OK\r\nX: ", b"y"),
    "body": drips(answer(b"{", length=10_000), b" "),
    "chunks": drips(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n"),
    "body without an end": drips(b"HTTP/1.1 200 OK\r\n\r\n", b" "),
    "complete answer, then more": drips(b"HTTP/1.1 200 OK\r\n\r\n" + b'{"data": {"id": 5}}', b" "),
}


@pytest.mark.parametrize("drip", DRIPS)
def test_no_drip_holds_a_post_beyond_its_deadline(drip, serve, story):
    metricool = metricool_at(serve(DRIPS[drip]), DEADLINE_S)
    began = time.monotonic()

    with pytest.raises(UpstreamUnanswered):
        metricool.submit_story(story)

    assert DEADLINE_S * 0.9 < time.monotonic() - began < DEADLINE_S + SLACK_S


@pytest.mark.parametrize("drip", DRIPS)
def test_no_drip_holds_a_question_beyond_its_deadline_second_try_included(drip, serve):
    metricool = metricool_at(serve(says({"data": element()}), DRIPS[drip]), DEADLINE_S)
    assert metricool.post("42", Network.INSTAGRAM, "310000001")  # now there is a kept connection
    began = time.monotonic()

    with pytest.raises(UpstreamLookFailed):
        metricool.post("42", Network.INSTAGRAM, "310000001")

    assert time.monotonic() - began < DEADLINE_S + SLACK_S


def test_a_file_has_twelve_times_as_long(serve):
    began = time.monotonic()

    with pytest.raises(MediaUnavailable):
        metricool_at(serve(hangs), 0.05).prepare_media("42", "https://a.example/1.mp4")

    assert 0.55 < time.monotonic() - began < 0.6 + SLACK_S


def test_addresses_that_do_not_answer_share_one_deadline(monkeypatch, story):
    with contextlib.ExitStack() as full:
        listener = full.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        address = listener.getsockname()
        full.enter_context(socket.create_connection(address))  # the queue is full: silence
        twice = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", address)] * 2
        monkeypatch.setattr(socket, "getaddrinfo", lambda *a, **k: twice)
        monkeypatch.setattr(dialing, "CONNECT_S", DEADLINE_S * 0.7)
        began = time.monotonic()

        with pytest.raises(UpstreamUnreachable):
            Metricool("http://silent.example", TOKEN, "7", DEADLINE_S).submit_story(story)

        assert DEADLINE_S * 0.9 < time.monotonic() - began < DEADLINE_S + SLACK_S


def test_nothing_is_sent_when_looking_up_the_name_took_too_long(serve, monkeypatch, story):
    server = serve(says({"data": element()}))
    look_up = socket.getaddrinfo

    def slowly(*args, **kwargs):
        threading.Event().wait(DEADLINE_S + 0.1)
        return look_up(*args, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", slowly)

    with pytest.raises(UpstreamUnreachable, match="deadline"):
        metricool_at(server, DEADLINE_S).submit_story(story)
    assert server.requests == []


def test_nothing_is_sent_when_time_is_up_between_connect_and_the_first_byte(
    serve, monkeypatch, story
):
    server = serve(says({"data": element()}))

    def then_time_is_up(found, call):
        line = dialing.dial(found, call)
        call.over_at = time.monotonic()
        return line

    monkeypatch.setattr(connection, "dial", then_time_is_up)

    with pytest.raises(UpstreamUnreachable):
        metricool_at(server).submit_story(story)
    assert server.requests == []


def test_stopping_cuts_questions_and_leaves_a_post_in_hand_alone(serve, story):
    release = threading.Event()

    def late(line):
        release.wait(5)
        line.sendall(answer({"data": element()}))

    server = serve(late)
    metricool = metricool_at(server)
    outcomes: dict[str, object] = {}

    def run(name, call):
        try:
            outcomes[name] = call()
        except Exception as error:
            outcomes[name] = type(error)

    calls = {
        "post": lambda: metricool.submit_story(story),
        "look": lambda: metricool.post("42", Network.INSTAGRAM, "5"),
        "media": lambda: metricool.prepare_media("42", "https://a.example/1.mp4"),
    }
    threads = {n: threading.Thread(target=run, args=(n, call)) for n, call in calls.items()}
    for thread in threads.values():
        thread.start()
    while len(server.requests) < len(calls):
        threading.Event().wait(0.01)

    metricool.stop()
    threads["look"].join(1)
    threads["media"].join(1)
    cut = dict(outcomes)
    release.set()
    threads["post"].join(2)

    assert cut == {"look": UpstreamLookFailed, "media": MediaUnavailable}
    assert outcomes["post"].id == "310000001"  # type: ignore[attr-defined]
    for call in calls.values():
        with pytest.raises(UpstreamUnreachable, match="stopping"):
            call()
    assert len(server.requests) == len(calls)


def test_a_watchdog_does_not_sleep_through_a_shorter_deadline():
    watchdog = Watchdog()
    long, short = Call(time.monotonic() + 60), Call(time.monotonic() + 0.1)

    watchdog.watch(long)
    watchdog.watch(short)
    threading.Event().wait(0.3)

    assert (long.cut_because, short.cut_because) == (None, "the deadline is over")


def test_a_finished_call_is_not_cut():
    call = Call(time.monotonic() + 60)

    call.finish()
    call.cut("too late")

    assert call.cut_because is None


def test_a_call_that_was_cut_does_not_begin_to_speak():
    call = Call(time.monotonic() + 60)
    call.cut("stopping")

    with pytest.raises(CallOver, match="stopping"):
        call.speak()
    assert not call.spoke


@pytest.mark.filterwarnings("ignore:.*fork")
def test_deadlines_and_connections_survive_a_fork(serve):
    server = serve(says({"data": element()}), hangs)
    metricool = metricool_at(server, DEADLINE_S)
    metricool.post("42", Network.INSTAGRAM, "310000001")

    child = os.fork()
    if not child:
        began = time.monotonic()
        try:
            with pytest.raises(UpstreamLookFailed):
                metricool.post("42", Network.INSTAGRAM, "310000001")
            os._exit(0 if time.monotonic() - began < DEADLINE_S + SLACK_S else 1)
        finally:
            os._exit(2)
    _, status = os.waitpid(child, 0)

    assert os.waitstatus_to_exitcode(status) == 0
    assert server.connections == 2


def test_the_crash_point_lies_between_the_whole_request_and_the_answer(serve, monkeypatch, story):
    passed: list[tuple[str, int]] = []
    answered = threading.Event()

    def behave(line):
        answered.wait(5)
        line.sendall(answer({"data": element()}))

    server = serve(behave)

    def note(point):
        while not server.requests:
            threading.Event().wait(0.01)
        passed.append((point, len(server.requests)))
        answered.set()
        return False

    monkeypatch.setattr(crashpoint, "_armed", note)
    metricool_at(server).submit_story(story)

    assert passed == [("request_sent", 1)]
