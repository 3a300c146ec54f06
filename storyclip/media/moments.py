"""Finds where a cut would not hurt: silences and new scenes near the even marks of a long video.

Only some seconds around each mark are decoded, small and at a low rate.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import IO

from storyclip.media import ffmpeg
from storyclip.media.cuts import NEAR_S, Moment, Sign, even_marks
from storyclip.media.effort import limit_s
from storyclip.media.facts import Facts
from storyclip.media.ffmpeg import Bounds

SILENCE = "silencedetect=noise=-32dB:duration=0.2"  # a breath between two sentences
SCENE = "fps=12,scale=128:-2,scdet=threshold=12"
FAST = ["-skip_frame", "noref", "-skip_loop_filter", "all"]  # will do to tell scenes apart
BOUNDS = Bounds(threads=1)


def tell_nobody() -> None:
    """Nobody waits for a sign of life."""


def find_moments(
    source: Path, facts: Facts, going_on: Callable[[], None] = tell_nobody
) -> tuple[Moment, ...]:
    """Look around each even mark; none for what is not cut.

    Args:
        going_on: called before each mark, of which four hours have 240; what it raises ends the
            work and comes out here.

    Raises:
        FileUnusable, WorkLost, ToolBroken: as `ffmpeg.run` says.
    """
    if facts.video is None or facts.length_s is None:
        return ()
    found: list[Moment] = []
    with source.open("rb") as file:
        for mark_s in even_marks(facts.length_s):
            going_on()
            found += _around(file, mark_s, facts.audio is not None)
    return tuple(sorted(found, key=lambda moment: moment.at_s))


def _around(file: IO[bytes], mark_s: float, has_sound: bool) -> Iterator[Moment]:
    """Silences, and only where there is none, new scenes: looking costs twenty times as much."""
    start_s = max(0.0, mark_s - NEAR_S)
    silences = [] if not has_sound else _told(file, start_s, [], f"[0:a:0]{SILENCE},ametadata")
    if not silences:
        yield from _told(file, start_s, FAST, f"[0:v:0]{SCENE},metadata")
    yield from silences


def _told(file: IO[bytes], start_s: float, how: list[str], filters: str) -> list[Moment]:
    told: list[str] = []
    graph = f"{filters}=mode=print:file=pipe\\\\:1[found]"
    given = [*how, *ffmpeg.reading(file, BOUNDS, start_s=start_s, length_s=2 * NEAR_S)]
    arguments = [*given, "-filter_complex", graph, "-map", "[found]", "-f", "null", "-"]
    ffmpeg.run(arguments, [file], limit_s(2 * NEAR_S), told.append, BOUNDS)
    return list(_heard(told, start_s))


def _heard(told: Sequence[str], start_s: float) -> Iterator[Moment]:
    """A silence counts by its middle; one that goes on at the end counts not at all."""
    silent_from: float | None = None
    for line in told:
        name, _, value = line.partition("=")
        if name == "lavfi.silence_start":
            silent_from = max(0.0, float(value))
        elif name == "lavfi.silence_end" and silent_from is not None:
            yield Moment(round(start_s + (silent_from + float(value)) / 2, 3), Sign.SILENCE)
        elif name == "lavfi.scd.time":
            yield Moment(round(start_s + float(value), 3), Sign.SCENE)
