"""Makes one piece of a file as planned: a story's video, or a story's picture.

What is made is looked at by the same judge as what came in, and only then gets its name: whoever
finds a file under that name finds a whole one.
"""

from __future__ import annotations

from collections.abc import Callable
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
from storyclip.media.plan import STILL_S, Fit, Piece, Plan, Stream
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
        if plan.is_picture:
            part.write_bytes(picture_of(source, SIZE, plan.fit, MAX_PICTURE_BYTES))
        elif facts.kind is Kind.PICTURE:
            _still(source, plan.fit, piece, part, progress, bounds)
        else:
            _video(source, facts, plan, piece, part, progress, bounds)
        made = _checked(part, piece)
    crashpoint("piece_written")
    progress(1.0)
    return made


def _video(
    source: Path,
    facts: Facts,
    plan: Plan,
    piece: Piece,
    part: Path,
    progress: Progress,
    bounds: Bounds,
) -> None:
    assert facts.video is not None
    with source.open("rb") as file:
        whole = len(plan.pieces) == 1
        given = ffmpeg.reading(
            file, start_s=piece.start_s, length_s=None if whole else piece.length_s
        )
        made = _arguments(facts.video, plan, piece, bounds)
        _run([*given, *made], file, piece, part, progress, bounds)


def _arguments(video: Video, plan: Plan, piece: Piece, bounds: Bounds) -> list[str]:
    """The graphs and the encoders; copied streams have neither."""
    rate = filters.rate_of(video)
    frames = int(piece.length_s * rate + 0.001)
    graphs, maps = [], ["-map", "0:v:0"]
    how = ["-c:v", "copy"]
    if plan.video is Stream.ENCODE:
        graphs.append(filters.picture(video, plan.fit, rate, SIZE))
        maps = ["-map", "[v0]"]
        how = [*_encoded(rate, bounds), "-frames:v", str(frames)]
    sound = filters.sound(
        plan.audio, frames / rate if plan.video is Stream.ENCODE else piece.length_s
    )
    maps += ["-map", "0:a:0" if sound is None else "[a]"]
    how += ["-c:a", "copy"] if sound is None else AUDIO.split()
    graphs += [] if sound is None else [sound]
    graph = ["-filter_complex", ";".join(graphs)] if graphs else []
    return [*graph, *maps, *how]


def _encoded(rate: int, bounds: Bounds) -> list[str]:
    return [*VIDEO.format(gop=GOP_S * rate).split(), "-threads:v", str(bounds.threads)]


def _still(
    source: Path, fit: Fit, piece: Piece, part: Path, progress: Progress, bounds: Bounds
) -> None:
    with NamedTemporaryFile(dir=part.parent, suffix=PART) as jpeg:
        jpeg.write(picture_of(source, SIZE, fit, MAX_PICTURE_BYTES))
        jpeg.seek(0)  # flushes, and ffmpeg goes on from where the descriptor stands
        rate = filters.RATE
        only = ["-protocol_whitelist", "fd", "-f", "jpeg_pipe"]
        given = [*only, "-fd", str(jpeg.fileno()), "-i", "fd:"]
        frames = f"loop=loop=-1:size=1,setpts=N/{rate}/TB,fps={rate}"
        colours = "scale=out_color_matrix=bt709:out_range=tv,format=yuv420p"
        graph = (
            f"[0:v:0]{frames},{colours},{filters.SAID}[v0];{filters.sound(Stream.SILENT, STILL_S)}"
        )
        maps = ["-filter_complex", graph, "-map", "[v0]", "-map", "[a]"]
        how = [*_encoded(rate, bounds), "-frames:v", str(int(STILL_S * rate)), *AUDIO.split()]
        _run([*given, *maps, *how], jpeg, piece, part, progress, bounds)


def _run(
    arguments: list[str],
    file: IO[bytes],
    piece: Piece,
    part: Path,
    progress: Progress,
    bounds: Bounds,
) -> None:
    def on_line(line: str) -> None:
        name, _, value = line.partition("=")
        if name == "out_time_us" and value.isdigit():
            progress(min(0.99, int(value) / 1e6 / piece.length_s))

    told = ["-progress", "pipe:1", "-stats_period", "0.5"]
    out = [*FILE.split(), str(part)]
    ffmpeg.run([*told, *arguments, *out], [file], limit_s(piece.length_s), on_line, bounds)


def _checked(part: Path, piece: Piece) -> Facts:
    """What was made, or the refusal of a file of which only something else could be made."""
    made = probe(part)
    left = [problem.code for problem in made.problems]
    if left:
        raise FileUnusable(Problem(Code.UNREADABLE, Weight.BLOCKS), f"made, but {', '.join(left)}")
    if made.facts.length_s is not None and made.facts.length_s < piece.length_s - SHORTER_BY_S:
        raise FileUnusable(Problem(Code.CUT_OFF, Weight.BLOCKS))
    return made.facts
