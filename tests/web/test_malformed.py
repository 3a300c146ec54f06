"""What is no good HTTP: a 4xx and the line is closed, no traceback, no thread that waits."""

from __future__ import annotations

import json
import re
import socket
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from storyclip.stack.stack import Stack
from tests.web.test_slow_lines import threads_of_web

pytestmark = [pytest.mark.xdist_group("slow"), pytest.mark.timeout(120)]

GET = b"GET /livez HTTP/1.1\r\nHost: x\r\n"
SIGN_IN = (
    b"POST /session HTTP/1.1\r\nHost: x\r\nOrigin: http://x\r\nContent-Type: application/json\r\n"
)
CHUNKED = SIGN_IN + b"Transfer-Encoding: chunked\r\n\r\n"
TOLD = b'11\r\n{"apiKey":"none"}\r\n'

MALFORMED: dict[str, tuple[bytes, int]] = {
    "a chunk's size is no number": (CHUNKED + b"zz\r\n{}\r\n0\r\n\r\n", 400),
    "a chunk's size is below zero": (CHUNKED + b"-2\r\n{}\r\n0\r\n\r\n", 400),
    "a chunk is longer than it says": (CHUNKED + b"1\r\n{}\r\n0\r\n\r\n", 400),
    "a chunk's extension is none": (CHUNKED + b"2;;;=\r\n{}\r\n0\r\n\r\n", 400),
    "a chunk's lines are bare": (CHUNKED + b"2\n{}\n0\n\n", 400),
    "a trailer is no field": (CHUNKED + TOLD + b"0\r\nnonsense\r\n\r\n", 400),
    "a trailer that may be none": (CHUNKED + TOLD + b"0\r\nContent-Length: 5\r\n\r\n", 400),
    "two lengths": (SIGN_IN + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}", 400),
    "a length and chunks": (SIGN_IN + b"Content-Length: 2\r\n" + CHUNKED[len(SIGN_IN) :], 400),
    "a coding that nobody knows": (SIGN_IN + b"Transfer-Encoding: tea\r\n\r\n", 400),
    "chunks within chunks": (SIGN_IN + b"Transfer-Encoding: chunked, chunked\r\n\r\n", 400),
    "two hosts": (GET + b"Host: y\r\n\r\n", 400),
    "no host": (b"GET /livez HTTP/1.1\r\n\r\n", 400),
    "a host with a blank": (b"GET /livez HTTP/1.1\r\nHost: a b\r\n\r\n", 400),
    "a host with a path": (b"GET /livez HTTP/1.1\r\nHost: evil/..\r\n\r\n", 400),
    "a host of nobody": (b"GET /livez HTTP/1.1\r\nHost: \r\n\r\n", 400),
    "a folded field": (GET + b"X-Long: a\r\n b\r\n\r\n", 400),
    "a field without a name": (GET + b": a\r\n\r\n", 400),
    "a field with NUL": (GET + b"X-Odd: a\0b\r\n\r\n", 400),
    "a blank before the colon": (GET + b"X-Odd : a\r\n\r\n", 400),
    "bare lines": (b"GET /livez HTTP/1.1\nHost: x\n\n", 400),
    "a word": (b"nonsense\r\n\r\n", 400),
    "HTTP/2": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400),
    "a verb in small letters": (b"get /livez HTTP/1.1\r\nHost: x\r\n\r\n", 400),
    "another host than its field": (b"GET http://y/livez HTTP/1.1\r\nHost: x\r\n\r\n", 400),
    "an address that is none": (b"GET http://[::1 HTTP/1.1\r\nHost: x\r\n\r\n", 400),
    "an expectation that nobody knows": (GET + b"Expect: tea\r\n\r\n", 417),
    "a line of 9,000 bytes": (b"GET /" + b"x" * 9000 + b" HTTP/1.1\r\n\r\n", 414),
    "a field of 9,000 bytes": (GET + b"X-Long: " + b"x" * 9000 + b"\r\n\r\n", 431),
    "101 fields": (GET + b"".join(b"X-%d: a\r\n" % n for n in range(101)) + b"\r\n", 431),
    "a head that does not end": (GET + b"X-Long: a\r\n" * 8000, 431),
}
HALF: dict[str, bytes] = {
    "one byte": b"G",
    "half a head": GET,
    "half a body": SIGN_IN + b"Content-Length: 20\r\n\r\n{",
    "half a chunk": CHUNKED + b"5\r\n{",
    "half a long body": SIGN_IN + b"Content-Length: 70000\r\n\r\n{",
}


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with Stack(tmp_path_factory.mktemp("data")) as stack:
        yield stack
        log = (stack.log_dir / "web.log").read_text()
        assert "Traceback" not in log


def told(stack: Stack, said: bytes, is_all: bool = False) -> bytes:
    """Everything that a line hears until it is closed, which has to be soon."""
    url = urlsplit(stack.url)
    with socket.create_connection((url.hostname, url.port), timeout=5) as line:
        line.sendall(said)
        if is_all:
            line.shutdown(socket.SHUT_WR)
        heard = b""
        while piece := line.recv(65536):
            heard += piece
    return heard


@pytest.mark.parametrize("name", MALFORMED)
def test_what_is_no_good_http_is_refused_at_once_and_the_line_closed(stack, name):
    said, status = MALFORMED[name]
    began = time.monotonic()

    heard = told(stack, said)

    head, _, body = heard.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 %d " % status), heard
    assert re.findall(rb"HTTP/1\.1 ", heard) == [b"HTTP/1.1 "]
    assert b"Content-Type: application/problem+json" in head
    assert json.loads(body)["status"] == status
    assert time.monotonic() - began < 4


UNREAD: dict[str, tuple[bytes, int]] = {
    "too many bytes, all there": (SIGN_IN + b"Content-Length: 9000\r\n\r\n" + b"x" * 9000, 413),
    "too many bytes, announced": (SIGN_IN + b"Content-Length: 2000000\r\n\r\n", 413),
    "too many bytes in chunks": (CHUNKED + 5 * (b"4000\r\n" + b"x" * 0x4000 + b"\r\n"), 413),
    "a long body nobody wants": (
        b"POST /nowhere HTTP/1.1\r\nHost: x\r\nContent-Length: 90000\r\n\r\n",
        404,
    ),
}


@pytest.mark.parametrize("name", UNREAD)
def test_a_line_whose_body_nobody_read_is_told_that_it_is_closed(stack, name):
    said, status = UNREAD[name]
    began = time.monotonic()

    heard = told(stack, said + GET + b"\r\n")

    assert heard.startswith(b"HTTP/1.1 %d " % status), heard
    assert re.findall(rb"HTTP/1\.1 |Connection: [a-z-]+", heard) == [
        b"HTTP/1.1 ",
        b"Connection: close",
    ]
    assert time.monotonic() - began < 4


@pytest.mark.parametrize("name", HALF)
def test_a_request_that_ends_before_it_is_whole_is_refused(stack, name):
    heard = told(stack, HALF[name], is_all=True)

    assert heard.startswith(b"HTTP/1.1 4"), heard


def test_malformed_requests_leave_no_thread_behind(stack):
    before = threads_of_web(stack)
    for said, _ in MALFORMED.values():
        told(stack, said)

    assert threads_of_web(stack) <= before + 2


@pytest.mark.parametrize("name", ["SCRIPT_NAME", "Script_Name", "PATH_INFO"])
def test_no_header_moves_the_path(stack, name):
    said = f"GET /livez HTTP/1.1\r\nHost: x\r\n{name}: /livez\r\nConnection: close\r\n\r\n"

    assert told(stack, said.encode()).startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize("path", ["/%2flivez", "/docs%2flivez", "/api%2Fmetricool/batches"])
def test_a_slash_that_is_written_otherwise_parts_no_path(stack, path):
    said = f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"

    assert told(stack, said.encode()).startswith(b"HTTP/1.1 404 ")


def test_whoever_waits_for_a_go_ahead_gets_one_and_an_answer(stack):
    url = urlsplit(stack.url)
    head = SIGN_IN + b"Expect: 100-continue\r\nContent-Length: 17\r\nConnection: close\r\n\r\n"
    with socket.create_connection((url.hostname, url.port), timeout=5) as line:
        line.sendall(head)
        go_ahead = line.recv(100)
        line.sendall(b'{"apiKey":"none"}')
        heard = b""
        while piece := line.recv(65536):
            heard += piece

    assert go_ahead == b"HTTP/1.1 100 Continue\r\n\r\n"
    assert heard.startswith(b"HTTP/1.1 401 ")
