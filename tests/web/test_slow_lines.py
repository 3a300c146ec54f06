"""Slow and idle lines against the real web process: they go in time, and nobody else notices."""

from __future__ import annotations

import contextlib
import socket
import statistics
import threading
import time
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import psutil
import pytest
import requests

from storyclip.stack.stack import Stack

EACH = 50  # of four kinds
GONE_WITHIN_S = 15.0
ASKED = 500  # requests of somebody else, before and meanwhile

pytestmark = [pytest.mark.xdist_group("slow"), pytest.mark.timeout(180)]

POST = (
    b"POST /api/metricool/publish/stories HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
)
BIG = POST + b"Content-Length: 500000\r\n\r\n{" + b" " * 70_000  # goes on in a thread
KINDS: dict[str, tuple[bytes, bytes]] = {
    "nothing": (b"", b""),
    "half a line": (b"GET /live", b""),
    "a head in drops": (b"GET /livez HTTP/1.1\r\nHost: x\r\nX-Long: ", b"a"),
    "a body in drops": (POST + b"Content-Length: 5000\r\n\r\n{", b" "),
}


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with Stack(tmp_path_factory.mktemp("data")) as stack:
        yield stack


class Slow:
    """A line that says something, then a drop each second; `gone_after_s` is when it was cut."""

    def __init__(self, stack: Stack, first: bytes, drop: bytes) -> None:
        parts = urlsplit(stack.url)
        self.began = time.monotonic()
        self.line = socket.create_connection((parts.hostname, parts.port), timeout=30)
        self.drop = drop
        self.answer = b""
        self.gone_after_s: float | None = None
        self.line.sendall(first)
        self.line.setblocking(False)

    def look(self) -> None:
        try:
            if self.drop:
                self.line.send(self.drop)
            while piece := self.line.recv(65536):
                self.answer += piece
        except BlockingIOError:
            return
        except OSError:
            pass
        self.gone_after_s = time.monotonic() - self.began
        self.line.close()


def until_all_gone(lines: list[Slow], within_s: float = 30) -> None:
    until = time.monotonic() + within_s
    while time.monotonic() < until:
        waiting = [line for line in lines if line.gone_after_s is None]
        if not waiting:
            return
        for line in waiting:
            line.look()
            time.sleep(1 / len(waiting))  # a drop a second each; all at once they would slow us


def p99_of(stack: Stack, count: int = ASKED) -> float:
    with requests.Session() as session:
        session.headers["X-Api-Key"] = stack.api_key
        took = []
        for _ in range(count):
            began = time.monotonic()
            answer = session.get(f"{stack.url}/api/metricool/batches", timeout=20)
            took.append(time.monotonic() - began)
            assert answer.status_code == 200
    return statistics.quantiles(took, n=100)[98]


def threads_of_web(stack: Stack) -> int:
    counts = []
    for pid in stack.pids("web"):
        with contextlib.suppress(psutil.NoSuchProcess):
            counts.append(psutil.Process(pid).num_threads())
    return sum(counts)


def test_two_hundred_slow_lines_are_gone_in_time_take_no_thread_and_slow_nobody(stack, capsys):
    alone_s = p99_of(stack)
    threads = threads_of_web(stack)
    lines = [Slow(stack, *kind) for kind in KINDS.values() for _ in range(EACH)]
    watching = threading.Thread(target=until_all_gone, args=(lines,))
    watching.start()

    beside_s = p99_of(stack)
    more_threads = threads_of_web(stack) - threads
    watching.join()

    gone = [line.gone_after_s for line in lines]
    with capsys.disabled():
        print(
            f"\n{len(lines)} slow lines: p99 {1000 * alone_s:.1f} ms alone, {1000 * beside_s:.1f}"
            f" ms beside them, {more_threads} more threads,"
            f" the last was gone after {max(one or 99 for one in gone):.1f} s"
        )
    assert all(one is not None and one < GONE_WITHIN_S for one in gone)
    assert more_threads < 10
    assert beside_s < alone_s * 3 + 0.05
    assert p99_of(stack, 20) < 1


def test_a_long_body_in_drops_is_refused_in_time(stack):
    line = Slow(stack, BIG, b" ")

    until_all_gone([line])

    assert line.gone_after_s is not None
    assert line.gone_after_s < GONE_WITHIN_S
    assert line.answer.startswith((b"HTTP/1.1 400", b"HTTP/1.1 401", b"HTTP/1.1 408"))


def test_a_kept_line_that_sends_half_a_request_is_cut(stack):
    line = Slow(stack, b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n", b"")
    while not line.answer.endswith(b"}"):
        line.look()
        assert line.gone_after_s is None
    line.line.send(b"GET /li")

    until_all_gone([line])

    assert line.gone_after_s is not None
    assert line.gone_after_s < GONE_WITHIN_S


def test_lines_that_were_answered_and_stay_open_hold_nobody_up(stack):
    ask = b"GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    began = time.monotonic()
    lines = [Slow(stack, ask, b"") for _ in range(30)]
    answer = requests.get(f"{stack.url}/livez", timeout=30)

    assert answer.status_code == 200
    assert time.monotonic() - began < 5  # one after the other they would take a minute
    for line in lines:
        line.line.close()


PIECES: dict[str, Callable[[bytes], list[bytes]]] = {
    "byte by byte": lambda said: [said[i : i + 1] for i in range(len(said))],
    "at once": lambda said: [said],
    "in two": lambda said: [said[:30], said[30:]],
}


@pytest.mark.parametrize("cut", PIECES.values(), ids=PIECES)
def test_a_request_in_pieces_is_one_request_and_two_at_once_are_two(stack, cut):
    body = b'{"posts": []}'
    said = POST + b"Content-Length: %d\r\n\r\n%s" % (len(body), body)
    said += b"GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    parts = urlsplit(stack.url)
    with socket.create_connection((parts.hostname, parts.port), timeout=10) as line:
        for piece in cut(said):
            line.sendall(piece)
        answer = b""
        while piece := line.recv(65536):
            answer += piece

    assert answer.count(b"HTTP/1.1 401") == 1
    assert answer.count(b"HTTP/1.1 200") == 1


@pytest.mark.parametrize(
    "said",
    [b"nonsense\r\n", b"GET /\r\n", b"GET / HTTP/9.9\r\n", b"G" * 9000],
    ids=["a word", "no version", "another version", "endless"],
)
def test_a_bad_first_line_is_refused_at_once(stack, said):
    line = Slow(stack, said, b"")
    until = time.monotonic() + 3
    while line.gone_after_s is None and not line.answer and time.monotonic() < until:
        line.look()

    assert line.answer.startswith(b"HTTP/1.1 4") or line.answer.startswith(b"HTTP/1.1 505")
    line.line.close()
