"""Requests made up byte by byte, against the real web process: what no HTTP library would send."""

from __future__ import annotations

import random
import re
import socket
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import requests

from storyclip.stack.stack import Stack
from tests.eventually import eventually
from tests.fuzz.parts import (
    BODIES,
    FRAMED,
    FRAMES,
    HOSTS,
    KEY,
    NO_REQUEST,
    ODD,
    TARGETS,
    VERBS,
    VERSIONS,
)
from tests.web.test_slow_lines import threads_of_web

ENVIRONMENT = {"STORYCLIP_API_KEYS": f"{KEY}:fuzz:read@*", "STORYCLIP_READS_PER_S": "100000"}
AT_ONCE = 32
OVER_WITHIN_S = 16.0  # 10 s for a request, 2 s for the last words, and a busy machine
SILENT_S = 0.5  # after an answer on a line that is kept

_STATUS = re.compile(rb"HTTP/1\.1 (\d{3}) [A-Z]")


@dataclass
class Outcome:
    """What became of the requests: statuses, lines closed without a word, and what is wrong."""

    seen: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    @property
    def cases(self) -> int:
        """Return how many lines there were."""
        return self.seen.total()


def made_up(seed: int, number: int) -> tuple[bytes, random.Random]:
    """Return the bytes of one case, the same for the same seed, and what goes on choosing."""
    choose = random.Random(f"{seed}-{number}")
    kind = choose.random()
    if kind < 0.1:
        said = choose.choice(NO_REQUEST)
    elif kind < 0.6:
        line = b" ".join([choose.choice(VERBS[:5]), choose.choice(TARGETS[:16]), b"HTTP/1.1"])
        framed, body = choose.choice(FRAMED)
        said = _joined(line, [b"Host: x", framed], choose.choice([0, 1, 1, 2]), body, choose)
    else:
        line = b" ".join(map(choose.choice, (VERBS[:3] * 4 + VERBS, TARGETS, VERSIONS)))
        fields = [choose.choice(HOSTS), choose.choice(FRAMES)]
        said = _joined(line, fields, choose.randrange(4), choose.choice(BODIES), choose)
    if said and choose.random() < 0.15:
        said = _spoilt(said, choose)
    return said, choose


def _joined(
    line: bytes, fields: list[bytes], odd: int, body: bytes, choose: random.Random
) -> bytes:
    fields = fields + choose.sample(ODD, odd)
    if choose.random() < 0.5:
        fields.append(b"Origin: http://x\r\nContent-Type: application/json")
    choose.shuffle(fields)
    return b"\r\n".join([line, *filter(None, fields), b"", body])


def fuzz(stack: Stack, cases: int, seed: int) -> Outcome:
    """Send so many made-up requests, each on a line of its own.

    What has to hold: no 5xx, each line answered or closed in time, no thread kept, no traceback.
    """
    outcome = Outcome()
    requests.get(f"{stack.url}/livez", timeout=30).raise_for_status()
    pids, threads = stack.pids("web"), threads_of_web(stack)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for number, (heard, took_s) in enumerate(
            pool.map(lambda number: _case(stack, seed, number), range(cases))
        ):
            statuses = statuses_in(heard)
            outcome.seen[str(statuses[-1]) if statuses else "closed"] += 1
            outcome.wrong += [f"case {number}: {why}" for why in objections_to(heard, took_s)]
    if stack.pids("web") != pids:
        outcome.wrong.append("the web process is not the same any more")
    if "Traceback" in (said := (stack.log_dir / "web.log").read_text()):
        outcome.wrong.append(said[said.index("Traceback") :][:1000])
    eventually(lambda: threads_of_web(stack) <= threads + AT_ONCE, 30)
    requests.get(f"{stack.url}/livez", timeout=5).raise_for_status()
    return outcome


def statuses_in(heard: bytes) -> list[int]:
    """Return the status of each answer."""
    return [int(status) for status in _STATUS.findall(heard)]


def objections_to(heard: bytes, took_s: float) -> Iterator[str]:
    """Yield what is wrong with what one line heard, and with how long it was open."""
    if any(status >= 500 for status in statuses_in(heard)):
        yield f"{heard[:300]!r}"
    if took_s > OVER_WITHIN_S:
        yield f"not over after {took_s:.1f} s"


def _case(stack: Stack, seed: int, number: int) -> tuple[bytes, float]:
    """Send one, and return what was heard until it was over, and the seconds it took."""
    said, choose = made_up(seed, number)
    url, began, heard = urlsplit(stack.url), time.monotonic(), b""
    source = (f"127.0.2.{1 + number % 200}", 0)
    address = (url.hostname, url.port)
    with socket.create_connection(address, 20, source_address=source) as line:
        try:
            for piece in _pieces(said, choose):
                line.sendall(piece)
            if choose.random() < 0.95:
                line.shutdown(socket.SHUT_WR)
            while piece := line.recv(65536):
                heard += piece
                line.settimeout(SILENT_S)  # it was answered: it may be kept, or stream
        except TimeoutError:
            pass
        except OSError:  # it was closed while we spoke
            pass
    return heard, time.monotonic() - began


def _pieces(said: bytes, choose: random.Random) -> list[bytes]:
    if choose.random() < 0.1:
        return [said[at : at + 1] for at in range(min(60, len(said)))] + [said[60:]]
    if choose.random() < 0.3:
        at = choose.randrange(len(said) + 1)
        return [said[:at], said[at:]]
    return [said]


def _spoilt(said: bytes, choose: random.Random) -> bytes:
    at = choose.randrange(len(said))
    kind = choose.randrange(4)
    if kind == 0:
        return said[:at] + bytes([choose.randrange(256)]) + said[at + 1 :]
    if kind == 1:
        return said[:at] + said[at + 1 :]
    if kind == 2:
        return said[:at] + said[at : at + 1] * 3 + said[at + 1 :]
    return said[:at]
