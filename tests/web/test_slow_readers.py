"""Who reads an answer slowly: gets all of it, holds no thread, and goes when they read nothing."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import ExitStack
from urllib.parse import urlsplit

import pytest
import requests

from storyclip.stack.stack import Stack
from storyclip.web.door.unhurried import MOST_KEPT, Unhurried
from tests.eventually import eventually
from tests.web.test_slow_lines import p99_of, threads_of_web

pytestmark = [pytest.mark.xdist_group("slow"), pytest.mark.timeout(120)]

BIG = "/docs/swagger-ui-bundle.js"
ASK = f"GET {BIG} HTTP/1.1\r\nHost: x\r\n\r\n".encode()
LIVE = b"GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with Stack(tmp_path_factory.mktemp("data")) as stack:
        yield stack
        assert "Traceback" not in (stack.log_dir / "web.log").read_text()


def line_to(stack: Stack, said: bytes, number: int = 0) -> socket.socket:
    """A line that takes little at once, from one of ten addresses."""
    url = urlsplit(stack.url)
    line = socket.socket()
    line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    line.bind((f"127.0.4.{1 + number % 10}", 0))
    line.settimeout(20)
    line.connect((url.hostname, url.port))
    line.sendall(said)
    return line


def test_a_slow_reader_gets_every_byte_and_its_next_answer_after_it(stack):
    whole = requests.get(f"{stack.url}{BIG}", timeout=20).content
    with line_to(stack, ASK + LIVE) as line:
        heard = b""
        while piece := line.recv(3000):
            heard += piece

    head, _, rest = heard.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 ")
    assert len(whole) > 1_000_000
    assert rest[: len(whole)] == whole
    assert rest[len(whole) :].startswith(b"HTTP/1.1 200 ")


def test_slow_readers_hold_no_thread_and_slow_nobody(stack):
    threads = threads_of_web(stack)
    with ExitStack() as lines:
        for number in range(300):
            line = lines.enter_context(line_to(stack, ASK, number))
            assert line.recv(100).startswith(b"HTTP/1.1 200 ")

        assert threads_of_web(stack) - threads < 30
        assert p99_of(stack, 100) < 1


def test_who_reads_nothing_of_an_answer_is_given_up(stack):
    def is_gone() -> bool:
        line.setblocking(False)
        try:
            line.send(b"x")
        except BlockingIOError:
            return False
        except OSError:
            return True
        return False

    with line_to(stack, ASK) as line:
        eventually(is_gone, 20, every_s=0.5)


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.settimeout(5)
        yield ours, theirs


def heard(line: socket.socket, count: int) -> bytes:
    said = b""
    while len(said) < count:
        said += line.recv(65536)
    return said


def test_what_the_line_does_not_take_is_kept_and_goes_out_in_order(pair):
    ours, theirs = pair
    answer, said = Unhurried(ours), [bytes([n]) * 300_000 for n in range(4)]

    for piece in said:
        answer.sendall(piece)
    is_out_at_once = answer.flush()
    got = b""
    while not answer.flush():
        got += theirs.recv(65536)
    got += heard(theirs, 1_200_000 - len(got))

    assert not is_out_at_once
    assert got == b"".join(said)
    assert answer.size == 0


def test_more_than_is_kept_waits_for_the_line(pair):
    ours, _ = pair
    ours.settimeout(0.1)
    answer = Unhurried(ours)

    with pytest.raises(TimeoutError):
        answer.sendall(b"x" * (MOST_KEPT + 1))
    assert answer.size == 0


def test_whoever_writes_past_it_writes_after_what_was_kept(pair):
    ours, theirs = pair
    answer = Unhurried(ours)
    answer.sendall(b"first ")

    answer.itself().sendall(b"second ")
    answer.sendall(b"third")

    assert heard(theirs, 18) == b"first second third"
    assert answer.itself() is ours


def test_a_broken_line_is_noticed(pair):
    ours, theirs = pair
    answer = Unhurried(ours)
    theirs.close()

    with pytest.raises(OSError, match=r"Broken pipe|reset"):
        answer.sendall(b"x")
