"""Preparing films: how long a minute takes, and what publishing notices of two that are made."""

from __future__ import annotations

import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from storyclip.media import mend, probing
from storyclip.media.ffmpeg import program
from storyclip.media.plan import Options, plan
from storyclip.stack.stack import Stack
from tests.bench import engine
from tests.bench.figure import Figure, NotMeasured, median, percentile
from tests.bench.stage import ask_for, folder, sources, stage, until_ended

MOST_TIMES_QUIET = 1.5
TRANSCODES = 2
FULL_FILM, QUICK_FILM = (60, "1920x1080", 60), (4, "640x360", 30)
FIRST_OUTPUT_S = 60.0
CLIP_WITHIN_S = 15.0  # beside two films, on a machine that has other things to do


def measure(runs: int, quick: bool) -> Iterator[Figure]:
    """Yield the seconds of a minute's film, and p99 of publishing in turns with and without two."""
    with folder() as path:
        seconds, size, rate = QUICK_FILM if quick else FULL_FILM
        film = _film(path / "film.mov", seconds, size, rate)
        took_s, cpu_s = _prepared(film, path)
        yield Figure("files", f"{seconds} s of {size} HEVC at {rate}/s, prepared", took_s, "s")
        yield Figure("files", "CPU of that", cpu_s, "s")
        pairs = _pairs(film, path, runs, 20 if quick else 100)
    quiet, busy = ([percentile(run, 99) for run in side] for side in zip(*pairs, strict=True))
    yield Figure(
        "files",
        f"engine, one lane, while {TRANSCODES} films are made, p99",
        median(busy),
        "ms",
        bar=MOST_TIMES_QUIET * median(quiet),
        floor=median(quiet),
        floor_is="the same without films, in turns",
    )


def _film(path: Path, seconds: int, size: str, rate: int) -> Path:
    """Make a film that is wide and HEVC, as phones do: it has to be encoded wholly."""
    seen = ["-f", "lavfi", "-i", f"testsrc2=size={size}:rate={rate}"]
    heard = ["-f", "lavfi", "-i", "sine=440:sample_rate=48000"]
    coded = ["-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=none"]
    coded += ["-tag:v", "hvc1", "-pix_fmt", "yuv420p", "-c:a", "aac"]
    quiet = [program(), "-loglevel", "error", "-nostdin", "-y"]
    subprocess.run([*quiet, *seen, *heard, *coded, "-t", str(seconds), str(path)], check=True)
    return path


def _prepared(film: Path, path: Path) -> tuple[float, float]:
    """Make what a film becomes; return in how many seconds, and of CPU."""
    began, before = time.monotonic(), _children_cpu_s()
    _make(film, path / "made.mp4")
    return time.monotonic() - began, _children_cpu_s() - before


def _make(film: Path, into: Path) -> None:
    probed = probing.probe(film, film.name)
    decided = plan(probed.facts, Options())
    for piece in decided.pieces:
        mend.mend(film, probed.facts, decided, piece, into)


def _children_cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _pairs(film: Path, path: Path, runs: int, clips: int) -> list[tuple[list[float], list[float]]]:
    """Return the engine's gaps in ms, of each run without films and with them."""
    with stage(*engine.FULL.one_lane) as stack:
        (lane,) = stack.accounts(1)
        found = []
        for number in range(runs):
            quiet = _gaps_ms(stack, lane, f"quiet-{number}", clips)
            with _films_being_made(film, path):
                found.append((quiet, _gaps_ms(stack, lane, f"busy-{number}", clips)))
    return found


def _gaps_ms(stack: Stack, lane: str, name: str, clips: int) -> list[float]:
    began = time.time()
    asked = ask_for(stack, lane, sources(name, lane, clips))
    until_ended(stack, [asked], CLIP_WITHIN_S * clips)
    gaps = engine.gaps_ms(stack, [lane], since=began)
    if not gaps:
        raise NotMeasured("the sandbox saw no clip follow another")
    return gaps


@contextmanager
def _films_being_made(film: Path, path: Path) -> Iterator[None]:
    """Have films made all the while, as media processes make them."""
    with ExitStack() as made:
        for number in range(TRANSCODES):
            into = Path(made.enter_context(TemporaryDirectory(dir=path)))
            command = [sys.executable, "-m", "tests.bench.mending", str(film), str(into)]
            maker = subprocess.Popen(command)
            made.callback(maker.wait)
            made.callback(maker.kill)
            _until_begun(into, number)
        yield


def _until_begun(into: Path, number: int) -> None:
    until = time.monotonic() + FIRST_OUTPUT_S
    while not any(into.iterdir()):
        if time.monotonic() > until:
            raise NotMeasured(f"film {number} was not begun within {FIRST_OUTPUT_S:.0f} s")
        time.sleep(0.05)


def main() -> None:
    """Make one film over and over, until killed."""
    film, into = map(Path, sys.argv[1:3])
    while True:
        _make(film, into / "made.mp4")


if __name__ == "__main__":
    main()
