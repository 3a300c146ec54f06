"""The parts of a busy day, each a process of its own: `python -m tests.bench.crowd ROLE JSON`.

A role prints `ready`, does its work, and prints what it saw as one line of JSON. Times are of the
monotonic clock, which all processes of a machine share.
"""

from __future__ import annotations

import base64
import json
import re
import secrets
import select
import socket
import sys
import time
from datetime import UTC, datetime
from typing import Any

from redis import Redis

from config.logging import configure
from storyclip.progress.news import CHANNEL, News, Quietly, connect
from storyclip.store import database
from storyclip.store.history import events
from storyclip.store.publishing import clips
from storyclip.store.publishing.writer import write
from tests.bench import walk
from tests.bench.roles import say

SEQ = re.compile(rb'"seq": (\d+)')
BODY = json.dumps({"seq": 0, "clip": "x" * 700})  # about as long as an event
QUIET_S = 0.5
PING, PONG = b"\x89\x00", b"\x8a\x80\x00\x00\x00\x00"  # frames; JSON holds neither byte
UPGRADE = (
    "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    f"Sec-WebSocket-Key: {base64.b64encode(secrets.token_bytes(16)).decode()}\r\n"
)

Arguments = dict[str, Any]


def viewers(asked: Arguments) -> None:
    """Open many streams and read them; says when each event was seen by each.

    Told that all was said, it still reads until nothing more comes for QUIET_S.
    """
    hellos = {"sse": _request(asked, "sse", ""), "ws": _request(asked, "ws", UPGRADE), "bare": b""}
    poll, lines = select.epoll(), dict[int, socket.socket]()
    for number in range(asked["count"]):
        line = socket.create_connection((asked["host"], asked["port"]))
        line.sendall(hellos[asked["wires"][number % len(asked["wires"])]])
        poll.register(line, select.EPOLLIN)
        lines[line.fileno()] = line
    heard: list[tuple[int, float, bytes]] = []
    until, monotonic = time.monotonic() + asked["within_s"], time.monotonic
    strangers = set(lines) if asked["are_greeted"] else set()
    while strangers:  # each is shown what there is before anything is measured
        for number, _ in poll.poll(0.5):
            data = lines[number].recv(1 << 20)
            if SEQ.search(data):
                strangers.discard(number)
            if PING in data:
                lines[number].send(PONG)
    say("ready")
    poll.register(sys.stdin, select.EPOLLIN)
    all_is_said = False
    while lines and monotonic() < until:
        ready = poll.poll(QUIET_S)
        if all_is_said and not ready:
            break
        for number, _ in ready:
            if number == sys.stdin.fileno():
                poll.unregister(number)
                all_is_said = True
                continue
            data = lines[number].recv(65536)
            heard.append((number, monotonic(), data))
            if PING in data:
                lines[number].send(PONG)
            if not data:
                poll.unregister(number)
                lines.pop(number).close()
    seen: dict[int, list[float]] = {}
    for _, at, data in heard:
        for seq in SEQ.findall(data):
            seen.setdefault(int(seq), []).append(at)
    say(seen)


def _request(asked: Arguments, wire: str, more: str) -> bytes:
    head = f"GET {asked.get(wire)} HTTP/1.1\r\nHost: x\r\n{more}"
    return f"{head}X-Api-Key: {asked.get('key')}\r\n\r\n".encode()


def writer(asked: Arguments) -> None:
    """Make a batch, say its id, and walk its clips on demand; says when each event was there."""
    database.connect(asked["database_url"])
    news = News(connect(asked["redis_url"]), Quietly(time.monotonic))
    committed: dict[int, float] = {}

    def tell(change: events.Change) -> None:
        committed[change.seq] = time.monotonic()
        news.publish(change.batch_id, change.seq)

    events.on_change(tell)
    count = asked["events"] // 3
    walk.new_batch("busy", "local", asked["account"], count, datetime.now(UTC))
    say("ready")
    sys.stdin.readline()
    tick = time.monotonic()
    for clip in clips.of_batch("busy"):
        for move in walk.life(datetime.now(UTC)):
            tick += 1 / asked["per_s"]
            time.sleep(max(0.0, tick - time.monotonic()))
            clip = write(move(clip), datetime.now(UTC))
    say(committed)


def bare(asked: Arguments) -> None:
    """Hand what Redis says to everybody who connected, with no more code than that."""
    lines = []
    with Redis.from_url(asked["redis_url"]) as client, client.pubsub() as said:
        said.subscribe(CHANNEL)
        with socket.create_server(("127.0.0.1", asked["port"]), backlog=1024) as door:
            say("ready")
            for _ in range(asked["count"]):
                line, _ = door.accept()
                line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                lines.append(line)
        for message in said.listen():
            if isinstance(message["data"], bytes):
                for line in lines:
                    line.send(message["data"])


def speaker(asked: Arguments) -> None:
    """Publish as many messages at the same pace; says when each was handed to Redis."""
    handed: dict[int, float] = {}
    with Redis.from_url(asked["redis_url"]) as client:
        say("ready")
        sys.stdin.readline()
        tick = time.monotonic()
        for seq in range(1, asked["events"] + 1):
            tick += 1 / asked["per_s"]
            time.sleep(max(0.0, tick - time.monotonic()))
            handed[seq] = time.monotonic()
            client.publish(CHANNEL, BODY.replace('"seq": 0', f'"seq": {seq}'))
    say(handed)


if __name__ == "__main__":
    configure("error", "json", stream=sys.stderr)
    {"viewers": viewers, "writer": writer, "bare": bare, "speaker": speaker}[sys.argv[1]](
        json.loads(sys.argv[2])
    )
