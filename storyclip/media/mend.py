"""Makes one piece of a file as planned: a story's video, or a story's picture.

What is made is looked at by the same judge as what came in, and only then gets its name: whoever
finds a file under that name finds a whole one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import IO

from storyclip.domain.crashpoint import crashpoint
from storyclip.media import ffmpeg, filters
from storyclip.media.effort import limit_s
from storyclip.media.errors import FileUnusable
from storyclip.media.facts import Facts, Kind, Video
from storyclip.media.ffmpeg import Bounds
from storyclip.media.judging import HEIGHT, MAX_PICTURE_BYTES, WIDTH
from storyclip.media.plan import STILL_S, Piece, Plan, Stream
from storyclip.media.probing import picture_of, probe
from storyclip.media.problem import Code, Problem, Weight
from storyclip.media.written import PART, named_when_whole

SIZE = (WIDTH, HEIGHT)
SHORTER_BY_S = 0.5  # than planned: frames at the end that nobody could read

DEFAULT = Bounds()

Progress = Callable[[float], None]

# CRF for the eye; the ceiling keeps 60 s below 90 MB. No B frames, so that the first frame is the
# first: without them no edit list is needed, and at this bit rate nobody sees the difference.
VIDEO = (
    "-c:v libx264 -preset veryfast -crf 20 -maxrate 10M -bufsize 20M -profile:v high"
    " -pix_fmt yuv420p -bf 0 -g {gop} -flags:v +cgop+bitexact -fps_mode cfr"
    " -color_primaries bt709 -color_trc bt709 -colorspace bt709 -color_range tv"
)
AUDIO = (
    "-c:a aac -profile:a aac_low -b:a 128k -ar 48000 -ac 2 -flags:a +bitexact"
    f" -bsf:a setts=ts=TS+{filters.PRIMING_SAMPLES}"
)
# Where it was taken, and with what, is in the metadata: nothing of it is copied.
FILE = (
    "-map_metadata -1 -map_chapters -1 -fflags +bitexact -dn -sn"
    " -movflags +faststart+negative_cts_offsets -use_editlist 0 -f mp4"
)
GOP_S = 2
NO_PRIMING = "noise=amount=0:drop='lt(pts,0)'"  # of copied sound: what comes before the first frame


def tell_nobody(fraction: float) -> None:
    """Nobody waits to be told."""


def mend(
    source: Path,
    facts: Facts,
    plan: Plan,
    piece: Piece,
    into: Path,
    progress: Progress = tell_nobody,
    bounds: Bounds = DEFAULT,
) -> Facts:
    """Make one piece and give it the name `into`, over whatever has it; return what was made.

    Args:
        facts: of `source`, as `probe` found them.
        progress: gets the fraction that is done, from 0 to 1, about twice a second, in this
            thread; what it raises ends the work and comes out here.

    Raises:
        FileUnusable: nothing that fits can be made of it; asking again gives the same.
        WorkLost: killed, out of room or time; it may be asked for again.
        OSError: `source` cannot be read, or `into` not be written.
        ToolBroken: ffmpeg or Pillow do not run here.
    """
    with named_when_whole(into) as part:
        work = _Work(source, facts, plan, piece, part, progress, bounds)
        if plan.is_picture:
            part.write_bytes(picture_of(source, SIZE, plan.fit, MAX_PICTURE_BYTES))
            made = _checked(work)
        elif facts.kind is Kind.PICTURE:
            made = _still(work)
        else:
            made = _film(work)
    crashpoint("piece_written")
    progress(1.0)
    return made


@dataclass(frozen=True, slots=True)
class _Work:
    source: Path
    facts: Facts
    plan: Plan
    piece: Piece
    part: Path
    progress: Progress
    bounds: Bounds


def _film(work: _Work) -> Facts:
    """Copy what is to be copied; what does not fit even so is encoded, which may cure it."""
    assert work.facts.video is not None
    span_s = None if len(work.plan.pieces) == 1 else work.piece.length_s
    try:
        with work.source.open("rb") as file:
            given = ffmpeg.reading(file, work.bounds, start_s=work.piece.start_s, length_s=span_s)
            copied = work.plan.video is Stream.COPY
            made = _copied(work) if copied else _encoded(work, work.facts.video)
            _run(work, file, [*given, *made])
        return _checked(work)
    except FileUnusable:
        if work.plan.video is Stream.ENCODE:
            raise
    sound = Stream.SILENT if work.plan.audio is Stream.SILENT else Stream.ENCODE
    return _film(replace(work, plan=replace(work.plan, video=Stream.ENCODE, audio=sound)))


def _copied(work: _Work) -> list[str]:
    sound = filters.sound(work.plan.audio, work.piece.length_s)
    if sound is None:
        return ["-map", "0:v:0", "-map", "0:a:0", "-c", "copy", "-bsf:a", NO_PRIMING]
    graph = ["-filter_complex", sound]
    return [*graph, "-map", "0:v:0", "-map", "[a]", "-c:v", "copy", *AUDIO.split()]


def _encoded(work: _Work, video: Video) -> list[str]:
    rate = filters.rate_of(video)
    frames = int(work.piece.length_s * rate + 0.001)
    seen = filters.picture(video, work.plan.fit, rate, SIZE)
    heard = filters.sound(work.plan.audio, frames / rate)
    return ["-filter_complex", f"{seen};{heard}", *_encoders(work, rate, frames)]


def _still(work: _Work) -> Facts:
    rate, frames = filters.RATE, int(STILL_S * filters.RATE)
    with NamedTemporaryFile(dir=work.part.parent, suffix=PART) as jpeg:
        jpeg.write(picture_of(work.source, SIZE, work.plan.fit, MAX_PICTURE_BYTES))
        jpeg.seek(0)  # flushes, and ffmpeg goes on from where the descriptor stands
        only = ["-protocol_whitelist", "fd", "-f", "jpeg_pipe"]
        given = [*only, "-fd", str(jpeg.fileno()), "-i", "fd:"]
        again = f"loop=loop=-1:size=1,setpts=N/{rate}/TB,fps={rate}"
        colours = "scale=out_color_matrix=bt709:out_range=tv,format=yuv420p"
        seen = f"[0:v:0]{again},{colours},{filters.SAID}[v0]"
        graph = f"{seen};{filters.sound(Stream.SILENT, STILL_S)}"
        made = ["-filter_complex", graph, *_encoders(work, rate, frames)]
        _run(work, jpeg, [*given, *made])
    return _checked(work)


def _encoders(work: _Work, rate: int, frames: int) -> list[str]:
    video = VIDEO.format(gop=GOP_S * rate).split()
    bounds = ["-frames:v", str(frames), "-threads:v", str(work.bounds.threads)]
    return ["-map", "[v0]", "-map", "[a]", *video, *bounds, *AUDIO.split()]


def _run(work: _Work, file: IO[bytes], arguments: list[str]) -> None:
    length_s = work.piece.length_s

    def on_line(line: str) -> None:
        name, _, value = line.partition("=")
        if name == "out_time_us" and value.isdigit():
            work.progress(min(0.99, int(value) / 1e6 / length_s))

    told = ["-progress", "pipe:1", "-stats_period", "0.5"]
    out = [*FILE.split(), str(work.part)]
    ffmpeg.run([*told, *arguments, *out], [file], limit_s(length_s), on_line, work.bounds)


def _checked(work: _Work) -> Facts:
    """What was made, or the refusal of a file of which only something else could be made."""
    made = probe(work.part)
    left = [problem.code for problem in made.problems]
    if left:
        raise FileUnusable(Problem(Code.UNREADABLE, Weight.BLOCKS), f"made, but {', '.join(left)}")
    length_s = made.facts.length_s
    if length_s is not None and length_s < work.piece.length_s - SHORTER_BY_S:
        raise FileUnusable(Problem(Code.CUT_OFF, Weight.BLOCKS))
    return made.facts
