"""Files that arrive: how fast beside a bare copy, and what the processes hold meanwhile."""

from __future__ import annotations

import os
import shutil
import socket
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import requests

from storyclip.stack.stack import Stack
from tests.bench import mending
from tests.bench.figure import Figure, NotMeasured, median
from tests.bench.stage import PLAIN, Stage, folder, stage
from tests.tus import TUS

PATH = "/api/metricool/files"
KEYS = {name: f"bench-{name}-key-of-32-characters-or-more" for name in ("ana", "bea")}
PARTS = ("web", "worker", "redis", "sandbox")  # the media process may take what it needs
MOST_GROWTH_MB = 30.0
LOOK_EVERY_S = 0.01
MB = 1_000_000


@dataclass(frozen=True)
class _Run:
    mb_a_second: float
    copied_mb_a_second: float
    idle_mb: dict[str, float]
    most_mb: dict[str, float]


def measure(runs: int, quick: bool) -> Iterator[Figure]:
    """Yield the throughput of receiving, and what each process holds meanwhile."""
    many, size = (4, 10 * MB) if quick else (10, 100 * MB)
    found = [_run(many, size, quick) for _ in range(runs)]
    yield Figure(
        "files",
        f"{many} of {size // MB} MB received at once on loopback",
        median([one.mb_a_second for one in found]),
        "MB/s",
        floor=median([one.copied_mb_a_second for one in found]),
        floor_is="cp of the same files",
    )
    for part in PARTS:
        worst = max(found, key=lambda one: one.most_mb[part] - one.idle_mb[part])
        yield Figure(
            "files",
            f"{part} holds while {many} of {size // MB} MB arrive",
            worst.most_mb[part],
            "MB",
            bar=worst.idle_mb[part] + MOST_GROWTH_MB,
            floor=worst.idle_mb[part],
            floor_is="idle",
        )
    yield from mending.measure(runs, quick)


def _run(many: int, size: int, quick: bool) -> _Run:
    with folder() as path, _users(quick) as (stack, keys):
        sources = [_film(path / f"film-{n}", size) for n in range(many)]
        copied_s = _copied(sources, path / "copies")
        idle = _held_mb(stack)
        took_s, most = _received(stack, keys, sources)
    return _Run(many * size / MB / took_s, many * size / MB / copied_s, idle, most)


@contextmanager
def _users(quick: bool) -> Iterator[tuple[Stack, Sequence[str]]]:
    """Have the whole stack, and keys of so many users as may bring all files at once."""
    if quick:
        with stage(*PLAIN) as stack:
            yield stack, [stack.api_key]
        return
    seeds = ",".join(f"{key}:{name}:publish+read@*" for name, key in KEYS.items())
    environment = {"STORYCLIP_API_KEYS": seeds}
    with folder() as path, Stage(path, environment=environment, seeds_key=False) as stack:
        try:
            yield stack, list(KEYS.values())
        finally:
            stack.stop(0)


def _film(path: Path, size: int) -> Path:
    """Make a file that nobody takes for a film: only receiving it is measured."""
    block = os.urandom(MB)
    with path.open("wb") as file:
        for _ in range(size // MB):
            file.write(block)
    return path


def _copied(sources: Sequence[Path], into: Path) -> float:
    """Copy the files one after the other; return in how many seconds."""
    into.mkdir()
    began = time.monotonic()
    for source in sources:
        shutil.copyfile(source, into / source.name)
    took_s = time.monotonic() - began
    shutil.rmtree(into)
    return took_s


def _received(
    stack: Stack, keys: Sequence[str], sources: Sequence[Path]
) -> tuple[float, dict[str, float]]:
    """Have all files arrive at once; return the seconds, and the most that each part held."""
    most = _held_mb(stack)
    began = time.monotonic()
    with ThreadPoolExecutor(len(sources)) as pool:
        sent = [
            pool.submit(_send, stack.url, keys[n % len(keys)], source)
            for n, source in enumerate(sources)
        ]
        while not all(map(Future.done, sent)):
            most = {part: max(most[part], held) for part, held in _held_mb(stack).items()}
            time.sleep(LOOK_EVERY_S)
        for one in sent:
            one.result()
    return time.monotonic() - began, most


def _send(url: str, key: str, source: Path) -> None:
    """Send one file by tus, as the kernel can: this process has other things to do.

    Raises:
        NotMeasured: it was not taken.
    """
    size, headers = source.stat().st_size, {"X-Api-Key": key, **TUS}
    begun = requests.post(f"{url}{PATH}", headers=headers | {"Upload-Length": str(size)})
    if begun.status_code != 201:
        raise NotMeasured(f"a file was refused: {begun.status_code} {begun.text[:300]}")
    at = urlsplit(url)
    said = headers | {
        "Host": at.netloc,
        "Upload-Offset": "0",
        "Content-Length": str(size),
        "Content-Type": "application/offset+octet-stream",
    }
    lines = [f"PATCH {begun.headers['Location']} HTTP/1.1"]
    head = "\r\n".join([*lines, *(f"{name}: {value}" for name, value in said.items()), "", ""])
    with (
        socket.create_connection((at.hostname or "", at.port or 80)) as line,
        source.open("rb") as f,
    ):
        line.sendall(head.encode())
        line.sendfile(f)
        answer = line.recv(4096).decode(errors="replace")
    if " 204 " not in answer.partition("\r\n")[0]:
        raise NotMeasured(f"a file was not taken in: {answer[:300]}")


def _held_mb(stack: Stack) -> dict[str, float]:
    """Return how much memory each part holds now; of several processes of a part, all of it."""
    held = dict.fromkeys(PARTS, 0.0)
    for part in PARTS:
        for pid in stack.pids(part):
            with suppress(psutil.NoSuchProcess):
                held[part] += psutil.Process(pid).memory_info().rss / MB
    return held
