"""Lines without a key, straight at the port: whatever they do, the next one is answered."""

from __future__ import annotations

import contextlib
import socket
import statistics
import threading
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from config import capacity
from storyclip.stack.stack import Stack
from tests.eventually import eventually, quickest
from tests.web.test_slow_lines import threads_of_web

USERS = 4  # so that no bound on one of them keeps the seats free
KEYS = [f"key-of-a-viewer-{number}-with-its-32-characters" for number in range(USERS)]
AFTER_S = 4.0  # that the lines stay while others ask
EACH_S = 0.001  # between two lines: what is tried is how they are held, not who has more of the CPU
P99_S = 1.0
# Of one address 63 refusals stand in line or are made, and a WebSocket has two threads for a moment
MORE_THREADS = 160

POST = b"POST /session HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
EXPECT = POST + b"Expect: 100-continue\r\nContent-Length: 900\r\n\r\n"
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"
BEGUN = CHUNKED + b"5\r\n{    "
LONG = POST + b"Content-Length: 900000\r\n\r\n{"
WEBSOCKET = (
    b"GET /api/metricool/ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)
FLOODS = {
    "1,300 that wait for a go-ahead": (1300, EXPECT),
    "2,300 that say nothing": (2300, b""),
    "1,300 that send the head of a chunked request": (1300, CHUNKED),
    "1,300 with an empty line": (1300, b"\r\n"),
    "300 with a long body": (300, LONG),
    "300 WebSockets": (300, WEBSOCKET),
}

pytestmark = [pytest.mark.xdist_group("floods"), pytest.mark.timeout(240)]


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    capacity.raise_file_limit()
    seeds = ",".join(f"{key}:user{number}:read" for number, key in enumerate(KEYS))
    environment = {"STORYCLIP_API_KEYS": seeds, "STORYCLIP_STREAMS_PER_S": "100000"}
    folder = tmp_path_factory.mktemp("data")
    with Stack(folder, seeds_key=False, environment=environment) as stack:
        yield stack


def line_to(stack: Stack, said: bytes, number: int = 0) -> socket.socket:
    """A line from one of 40 addresses that has said something."""
    url = urlsplit(stack.url)
    line = socket.create_connection(
        (url.hostname, url.port), timeout=20, source_address=(f"127.0.1.{1 + number % 40}", 0)
    )
    line.sendall(said)
    return line


def is_answered(stack: Stack) -> bool:
    ask = b"GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    with contextlib.suppress(OSError), line_to(stack, ask, 99) as line:
        return line.recv(20).startswith(b"HTTP/1.1 200")
    return False


class Somebody:
    """Asks whether the service lives, again and again, each time on a line of its own."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.took_s: list[float] = []
        self.unanswered = 0
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._ask)

    def __enter__(self) -> Somebody:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over.wait(AFTER_S)
        self._is_over.set()
        self._thread.join()

    @property
    def p99_s(self) -> float:
        return statistics.quantiles(self.took_s, n=100)[98]

    def _ask(self) -> None:
        while not self._is_over.is_set():
            began = time.monotonic()
            self.unanswered += not is_answered(self.stack)
            self.took_s.append(time.monotonic() - began)
            self._is_over.wait(0.02)


def flooded(stack, name: str) -> tuple[Somebody, int]:
    """Open a flood of lines, and return whoever asked meanwhile, and how many threads it took."""
    count, said = FLOODS[name]
    threads = threads_of_web(stack)
    with contextlib.ExitStack() as open_lines, Somebody(stack) as somebody:
        for number in range(count):
            open_lines.enter_context(line_to(stack, said, number))
            time.sleep(EACH_S)
        more_threads = threads_of_web(stack) - threads
    return somebody, more_threads


@pytest.mark.parametrize("name", FLOODS)
def test_a_flood_of_lines_without_a_key_keeps_nobody_out(stack, capsys, name):
    more_threads = 0

    def p99_s() -> float:
        nonlocal more_threads
        somebody, more_threads = flooded(stack, name)
        assert somebody.unanswered == 0
        return somebody.p99_s

    took_s = quickest(p99_s, P99_S)

    with capsys.disabled():
        print(f"\n{name}: /livez p99 {1000 * took_s:.0f} ms, {more_threads} more threads")
    assert took_s < P99_S
    assert more_threads < MORE_THREADS


def test_chunked_lines_hold_no_thread_when_all_seats_are_taken(stack, capsys):
    with contextlib.ExitStack() as open_lines:
        for number in range(capacity.MAX_STREAMS):
            key = f"X-Api-Key: {KEYS[number % USERS]}"
            ask = f"GET /api/metricool/stream HTTP/1.1\r\nHost: x\r\n{key}\r\n\r\n"
            line = open_lines.enter_context(line_to(stack, ask.encode(), number))
            assert line.recv(12) == b"HTTP/1.1 200"

        def p99_s() -> float:
            with contextlib.ExitStack() as chunked, Somebody(stack) as somebody:
                for number in range(70):
                    chunked.enter_context(line_to(stack, BEGUN, number))
            assert somebody.unanswered == 0
            return somebody.p99_s

        took_s = quickest(p99_s, P99_S)

    with capsys.disabled():
        said = f"70 chunked beside {capacity.MAX_STREAMS} streams"
        print(f"\n{said}: /livez p99 {1000 * took_s:.0f} ms")
    assert took_s < P99_S


def test_all_lines_of_a_flood_are_gone_in_time(stack):
    lines = [line_to(stack, CHUNKED, number) for number in range(300)]

    def are_gone() -> bool:
        return all(_is_gone(line) for line in lines)

    eventually(are_gone, 20, every_s=0.5)
    for line in lines:
        line.close()


def _is_gone(line: socket.socket) -> bool:
    line.setblocking(False)
    try:
        while line.recv(4096):
            pass
    except BlockingIOError:
        return False
    except OSError:
        pass
    return True
