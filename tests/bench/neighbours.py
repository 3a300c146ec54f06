"""Two tenants of one web process: who is measured, and what a neighbour may do meanwhile.

`python -m tests.bench.neighbours ROLE JSON`, each a process of its own: prints `"ready"`, does its
work when it is told a line, and prints what it saw as one line of JSON.
"""

from __future__ import annotations

import http.client
import itertools
import json
import socket
import sys
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from typing import Any
from zoneinfo import available_timezones

from tests.bench.roles import say

API = "/api/metricool"
LINES = 16  # connections of a neighbour, each asks again as soon as it is answered
TENANT_LINES = 8
POSTS_PER_S, STATUS_PER_S = 10, 40
SLOW, DEAD = 60, 40  # readers that read hardly anything; receivers that never answer

Arguments = dict[str, Any]


def tenant(asked: Arguments) -> None:
    """Post batches and ask for a status, open loop; says how long each took, in ms."""
    took: dict[str, list[float]] = {"POST": [], "GET": []}
    wrong: list[str] = []
    seconds = asked["seconds"]
    due = [(n / POSTS_PER_S, "POST") for n in range(round(POSTS_PER_S * seconds))]
    due += [(n / STATUS_PER_S, "GET") for n in range(round(STATUS_PER_S * seconds))]
    turns = iter(sorted(due))
    lock = threading.Lock()
    say("ready")
    sys.stdin.readline()
    begin = time.monotonic() + 0.1

    def client() -> None:
        connection = http.client.HTTPConnection(asked["host"], asked["port"], timeout=30)
        while True:
            with lock:
                at, method = next(turns, (0.0, ""))
            if not method:
                return
            time.sleep(max(0.0, begin + at - time.monotonic()))
            status, said = _once(connection, method, asked)
            took[method].append(1000 * (time.monotonic() - begin - at))
            if status not in (200, 202):
                wrong.append(f"{method}: {status} {said[:200]!r}")

    _in_threads(client, TENANT_LINES)
    say({"took": took, "wrong": wrong})


def _once(
    connection: http.client.HTTPConnection, method: str, asked: Arguments
) -> tuple[int, bytes]:
    path, body = f"{API}/status?batchId={asked['batch_id']}", None
    headers = {"X-Api-Key": asked["key"]}
    if method == "POST":
        path, body = f"{API}/publish/stories", _batch(asked["accounts"], 2)
        headers["Content-Type"] = "application/json"
    try:
        connection.request(method, path, body, headers)
        with connection.getresponse() as answer:
            return answer.status, answer.read()
    except (OSError, http.client.HTTPException) as failure:
        connection.close()
        return 0, repr(failure).encode()


def neighbour(asked: Arguments) -> None:
    """Be a nuisance for some seconds; says how often which answer came."""
    seen: Counter[str] = Counter()
    say("ready")
    sys.stdin.readline()
    until = time.monotonic() + asked["seconds"]
    with ExitStack() as stack:
        begin = HOLDING.get(asked["kind"])
        if begin is not None:
            begin(asked, stack, seen)
            time.sleep(max(0.0, until - time.monotonic()))
        else:
            requests = ASKING[asked["kind"]](asked)
            pace = _Pace(asked.get("per_s"))
            _in_threads(lambda: _ask_on(asked, requests, until, pace, seen), LINES)
    say(seen)


class _Pace:
    """Lets so many a second through, all that come where there is no bound."""

    def __init__(self, per_s: float | None) -> None:
        self._per_s, self._lock, self._next = per_s, threading.Lock(), time.monotonic()

    def wait(self) -> None:
        if self._per_s is not None:
            with self._lock:
                self._next += 1 / self._per_s
                wait_s = self._next - time.monotonic()
            time.sleep(max(0.0, wait_s))


def _ask_on(
    asked: Arguments, requests: Iterator[bytes], until: float, pace: _Pace, seen: Counter[str]
) -> None:
    lock = seen.__dict__.setdefault("lock", threading.Lock())
    while time.monotonic() < until:
        with suppress(OSError), _line(asked) as line:
            while time.monotonic() < until:
                pace.wait()
                with lock:
                    request = next(requests)
                line.sendall(request)
                status, goes_on = _answer(line)
                with lock:
                    seen[status] += 1
                if not goes_on:
                    break


def _answer(line: socket.socket) -> tuple[str, bool]:
    """Read one answer; return its status, and whether the line stays."""
    read = b""
    while b"\r\n\r\n" not in read:
        more = line.recv(65536)
        if not more:
            return "closed", False
        read += more
    head, _, body = read.partition(b"\r\n\r\n")
    fields = head.lower()
    length = int(fields.partition(b"content-length:")[2].partition(b"\r\n")[0] or 0)
    left = length - len(body)
    while left > 0:
        more = line.recv(65536)
        if not more:
            return "closed", False
        left -= len(more)
    return head[9:12].decode(), b"connection: close" not in fields


def _line(asked: Arguments, receive_bytes: int | None = None) -> socket.socket:
    line = socket.socket()
    line.settimeout(10)
    if receive_bytes is not None:
        line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
    line.connect((asked["host"], asked["port"]))
    line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return line


def _said(
    asked: Arguments, method: str, path: str, body: bytes = b"", key: str = "", more: str = ""
) -> bytes:
    head = f"{method} {path} HTTP/1.1\r\nHost: {asked['host']}:{asked['port']}\r\n{more}"
    head += f"X-Api-Key: {key or asked['key']}\r\n" if key != "none" else ""
    if method != "GET":
        head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
    return f"{head}\r\n".encode() + body


def _batch(accounts: list[str], clips: int, **settings: Any) -> bytes:
    name = uuid.uuid4().hex
    posts = [{"url": f"https://cdn.example.com/{name}/{n}.mp4"} for n in range(clips)]
    account = accounts[int(name[:4], 16) % len(accounts)]
    return json.dumps({"posts": posts, "settings": {"accountId": account, **settings}}).encode()


def _gets(*paths: str, key: str = "") -> Callable[[Arguments], Iterator[bytes]]:
    return lambda asked: itertools.cycle(
        [_said(asked, "GET", path.format(**asked), key=key) for path in paths]
    )


def _posts(path: str, body: bytes, key: str = "", more: str = "") -> Any:
    return lambda asked: itertools.cycle([_said(asked, "POST", path, body, key, more)])


def _zones(asked: Arguments) -> Iterator[bytes]:
    path = f"{API}/best-times?accountId={asked['accounts'][0]}&network=facebook&timezone="
    zones = sorted(available_timezones())
    return itertools.cycle([_said(asked, "GET", path + zone) for zone in zones])


def _wrong_keys(asked: Arguments) -> Iterator[bytes]:
    for number in itertools.count():
        yield _said(asked, "GET", f"{API}/batches", key=f"wrong-key-of-32-characters-{number:08}")


def _batches(clips: int) -> Callable[[Arguments], Iterator[bytes]]:
    def make(asked: Arguments) -> Iterator[bytes]:
        for _ in itertools.count():
            body = _batch(asked["accounts"], clips)
            yield _said(asked, "POST", f"{API}/publish/stories", body)

    return make


def _repeats(asked: Arguments) -> Iterator[bytes]:
    """Two batches under one idempotency key."""
    bodies = [_batch(asked["accounts"], 100) for _ in range(2)]
    more = f"Idempotency-Key: {uuid.uuid4().hex}\r\n"
    path = f"{API}/publish/stories"
    return itertools.cycle([_said(asked, "POST", path, body, more=more) for body in bodies])


def _files_begun(asked: Arguments) -> Iterator[bytes]:
    more = "Tus-Resumable: 1.0.0\r\nUpload-Length: 1000\r\n"
    return itertools.cycle([_said(asked, "POST", f"{API}/files", more=more)])


def _signs(asked: Arguments) -> Iterator[bytes]:
    origin = f"Origin: http://{asked['host']}:{asked['port']}\r\nCookie: storyclip=x\r\n"
    out = _said(asked, "DELETE", "/session", key="none", more=origin)
    return itertools.cycle([_said(asked, "GET", "/signin?token=guessed", key="none"), out])


_BROAD = json.dumps({f"field{n}": n for n in range(4500)}).encode()
_DEEP = b'{"posts": ' + b"[" * 30_000 + b"]" * 30_000 + b"}"
_OWN = "Sec-Fetch-Site: same-origin\r\n"

ASKING: dict[str, Callable[[Arguments], Iterator[bytes]]] = {
    "active, 900 batches": _gets(f"{API}/batches/active"),
    "history by status, 300,000 rows": _gets(
        f"{API}/batches?status=failed&limit=100", f"{API}/batches?status=cancelled&limit=100"
    ),
    "status of 100 clips": _gets(f"{API}/status?batchId={{large_id}}"),
    "brands": _gets(f"{API}/brands"),
    "best times in 600 zones": _zones,
    "looks on demand": _gets(f"{API}/reconcile/{{large_id}}"),
    "wrong keys": _wrong_keys,
    "bodies of 64 KiB": _posts(f"{API}/publish/stories", _DEEP),
    "unknown fields": _posts(f"{API}/publish/stories", _BROAD),
    "unknown fields without a key": _posts("/session", _BROAD, "none", _OWN),
    "batches of 100 clips": _batches(100),
    "tickets": _posts(f"{API}/stream-ticket", b""),
    "sign-in links and sign-outs": _signs,
    "the API document without a key": _gets("/openapi.json", "/", key="none"),
    "what nobody has to be let in for": _gets("/openapi.json", "/not-there", "/static/app.js"),
    "whether it lives": _gets("/livez", "/readyz", key="none"),
    "refused repeats": _repeats,
    "files begun": _files_begun,
}


def _streams(asked: Arguments, stack: ExitStack, seen: Counter[str]) -> None:
    """Open as many streams as there are for one user, and some more."""
    for _ in range(asked["streams"]):
        line = stack.enter_context(_line(asked))
        line.sendall(_said(asked, "GET", f"{API}/stream"))
        seen[line.recv(12)[9:].decode()] += 1


def _slow_readers(asked: Arguments, stack: ExitStack, seen: Counter[str]) -> None:
    """Ask for what is long, and hardly read it."""
    for _ in range(SLOW):
        line = stack.enter_context(_line(asked, 4096))
        line.sendall(_said(asked, "GET", f"{API}/batches/active"))
        seen[line.recv(12)[9:].decode()] += 1


def _dead_receivers(asked: Arguments, stack: ExitStack, seen: Counter[str]) -> None:
    """Have batches report to receivers that take the line and never answer."""
    for number in range(3 * DEAD):
        door = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        url = f"http://127.0.0.1:{door.getsockname()[1]}/{number}"
        body = _batch(asked["accounts"], 1, webhookUrl=url)
        with _line(asked) as line:
            line.sendall(_said(asked, "POST", f"{API}/publish/stories", body))
            seen[_answer(line)[0]] += 1


HOLDING: dict[str, Callable[[Arguments, ExitStack, Counter[str]], None]] = {
    "all streams of a user": _streams,
    "slow readers": _slow_readers,
    "dead receivers": _dead_receivers,
}


def _in_threads(work: Callable[[], None], count: int) -> None:
    threads = [threading.Thread(target=work) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


if __name__ == "__main__":
    {"tenant": tenant, "neighbour": neighbour}[sys.argv[1]](json.loads(sys.argv[2]))
