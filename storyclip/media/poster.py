"""Small pictures of a file for the page: one of it all, and a strip along a video."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

from storyclip.media import ffmpeg, filters
from storyclip.media.effort import LIMIT_BASE_S
from storyclip.media.errors import FileUnusable
from storyclip.media.facts import Facts, Kind
from storyclip.media.ffmpeg import Bounds
from storyclip.media.plan import Fit
from storyclip.media.probing import picture_of
from storyclip.media.problem import Code, Problem, Weight
from storyclip.media.written import named_when_whole

POSTER_SIZE = (360, 640)
POSTER_BYTES = 30_000  # most of one made of a picture; of a video's frame about 20 kB
STRIP_FRAME_SIZE = (144, 256)
STRIP_FRAMES = 12
EARLIEST_S = 1.0  # the first frame of a video is often black
BOUNDS = Bounds(threads=1, file_bytes=10_000_000)


def poster(
    source: Path, facts: Facts, into: Path, at_s: float | None = None, fit: Fit = Fit.BLURRED
) -> None:
    """Write a JPEG of POSTER_SIZE: the picture, or the frame of a video at `at_s` seconds.

    Raises:
        FileUnusable: there is no picture in it that could be shown.
        WorkLost: killed, or out of room or time.
    """
    with named_when_whole(into) as part:
        if facts.kind is Kind.PICTURE or facts.video is None:
            part.write_bytes(picture_of(source, POSTER_SIZE, fit, POSTER_BYTES))
            return
        length_s = facts.length_s or 0.0
        start_s = min(EARLIEST_S, length_s / 3) if at_s is None else at_s
        graph = filters.picture(facts.video, fit, None, POSTER_SIZE)
        with source.open("rb") as file:
            given = ffmpeg.reading(file, BOUNDS, start_s=start_s)
            made = ["-filter_complex", graph, "-map", "[v0]", *_jpeg(part)]
            ffmpeg.run([*given, *made], [file], LIMIT_BASE_S, _ignore, BOUNDS)
        _not_empty(part)


def strip(source: Path, facts: Facts, into: Path, frames: int = 12, fit: Fit = Fit.BLURRED) -> None:
    """Write one JPEG with `frames` frames of STRIP_FRAME_SIZE side by side, evenly in time.

    Each is the nearest that stands for itself, so a long video costs no more than a short one.

    Raises:
        FileUnusable: there is nothing in it that could be shown, or it is no video.
        WorkLost: killed, or out of room or time.
    """
    video, length_s = facts.video, facts.length_s
    if video is None or not length_s:
        raise FileUnusable(Problem(Code.NO_VIDEO, Weight.BLOCKS))
    with named_when_whole(into) as part, ExitStack() as opened:
        files = [opened.enter_context(source.open("rb")) for _ in range(frames)]
        given: list[str] = []
        for number, file in enumerate(files):
            start_s = length_s * (number + 0.5) / frames
            given += ["-noaccurate_seek"]
            given += ffmpeg.reading(file, BOUNDS, start_s=start_s, length_s=1.0)
        each = [
            filters.picture(video, fit, None, STRIP_FRAME_SIZE, number) for number in range(frames)
        ]
        beside = "".join(f"[v{number}]" for number in range(frames))
        graph = ";".join([*each, f"{beside}hstack=inputs={frames}[strip]"])
        made = ["-filter_complex", graph, "-map", "[strip]", *_jpeg(part)]
        ffmpeg.run([*given, *made], files, LIMIT_BASE_S, _ignore, BOUNDS)
        _not_empty(part)


def _jpeg(part: Path) -> list[str]:
    plain = ["-map_metadata", "-1", "-fflags", "+bitexact", "-pix_fmt", "yuvj420p"]
    return ["-frames:v", "1", "-q:v", "6", *plain, "-f", "mjpeg", str(part)]


def _not_empty(part: Path) -> None:
    """Where no frame can be decoded, ffmpeg makes nothing and calls it a success."""
    if part.stat().st_size == 0:
        raise FileUnusable(Problem(Code.UNREADABLE, Weight.BLOCKS))


def _ignore(line: str) -> None:
    pass
