"""Runs ffmpeg: niced, bounded in time and room, killed with us, deaf to all but its own file.

A child process of its own can be niced, bounded and killed, which a library in our process cannot;
and of what pip installs, only `imageio-ffmpeg` has zscale, without which HDR cannot be shown on
other screens. Measured on two cores, libx264 veryfast: docs/media.md. `IMAGEIO_FFMPEG_EXE` names
another ffmpeg.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from shutil import which
from tempfile import TemporaryFile
from typing import IO

import imageio_ffmpeg

from storyclip.media.errors import FileUnusable, NoRoom, ToolBroken, WorkLost
from storyclip.media.launch import NOT_BEGUN
from storyclip.media.problem import Code, Problem, Weight

LAUNCH = (sys.executable, "-I", "-S", str(Path(__file__).with_name("launch.py")))
FORMATS = "mov,matroska,avi,mpegts"  # never a playlist, which names other files
LAST_WORDS = 500
OUT_OF_ROOM = b"No space left on device"
THE_FILES_FAULT = {signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGFPE, signal.SIGILL}


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much of the machine one ffmpeg may have."""

    threads: int = 2
    nice: int = 15
    memory_bytes: int = 4 << 30
    file_bytes: int = 200_000_000


def program() -> str:
    """The ffmpeg that runs here.

    Raises:
        ToolBroken: there is none.
    """
    try:
        path = str(imageio_ffmpeg.get_ffmpeg_exe())
    except RuntimeError as missing:
        raise ToolBroken(str(missing)) from missing
    if which(path) is None:
        raise ToolBroken(f"no program can be run from {path}")
    return path


def reading(
    source: IO[bytes], bounds: Bounds, *, start_s: float = 0.0, length_s: float | None = None
) -> list[str]:
    """The arguments that open `source`, by its descriptor: no other file can be reached.

    Each descriptor has one place in the file: who reads it twice at once opens it twice.
    """
    os.lseek(source.fileno(), 0, os.SEEK_SET)  # another run may have left it anywhere
    span = [] if length_s is None else ["-t", f"{length_s:.3f}"]
    skip = ["-ss", f"{start_s:.3f}"] if start_s > 0 else []
    only = ["-protocol_whitelist", "fd", "-format_whitelist", FORMATS]
    threads = ["-threads", str(bounds.threads)]
    return [*only, *threads, *skip, *span, "-fd", str(source.fileno()), "-i", "fd:"]


def run(
    arguments: Sequence[str],
    sources: Sequence[IO[bytes]],
    limit_s: float,
    on_line: Callable[[str], None],
    bounds: Bounds,
) -> None:
    """Run ffmpeg to its end; `on_line` gets what it prints, and may raise to have it killed.

    Raises:
        FileUnusable: it cannot make anything of the file.
        NoRoom: the disk is full.
        WorkLost: killed, or not done within `limit_s` seconds.
        ToolBroken: it does not run here.
    """
    cpu_s = int(limit_s * bounds.threads) + 1
    limits = map(str, (bounds.nice, cpu_s, bounds.memory_bytes, bounds.file_bytes))
    command = [*LAUNCH, *limits, program(), "-hide_banner", "-nostdin", "-loglevel", "error", "-y"]
    few = str(bounds.threads)
    threads = ["-filter_threads", few, "-filter_complex_threads", few]
    with TemporaryFile() as said:
        process = subprocess.Popen(
            [*command, *threads, *arguments],
            stdin=subprocess.PIPE,  # its lifeline: closed when we are gone
            stdout=subprocess.PIPE,
            stderr=said,
            pass_fds=[source.fileno() for source in sources],
            process_group=0,
            env={},
        )
        try:
            _follow(process, time.monotonic() + limit_s, on_line)
        finally:
            _end(process)
        said.seek(max(0, said.seek(0, os.SEEK_END) - LAST_WORDS))
        _judge(process.returncode, said.read())


def _follow(process: subprocess.Popen[bytes], until: float, on_line: Callable[[str], None]) -> None:
    assert process.stdout is not None
    rest = b""
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        while True:
            if not selector.select(max(0.0, until - time.monotonic())):
                raise WorkLost("ffmpeg was not done in time")
            told = os.read(process.stdout.fileno(), 1 << 16)
            if not told:
                break
            *lines, rest = (rest + told).split(b"\n")
            for line in lines:
                on_line(line.decode(errors="replace"))
    try:
        process.wait(max(0.0, until - time.monotonic()))
    except subprocess.TimeoutExpired:
        raise WorkLost("ffmpeg was not done in time") from None


def _end(process: subprocess.Popen[bytes]) -> None:
    """Kill what is left of its group; a reaped leader's number may be somebody else's by now."""
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    for pipe in (process.stdin, process.stdout):
        assert pipe is not None
        pipe.close()
    process.wait()


def _judge(code: int, said: bytes) -> None:
    words = said.decode(errors="replace").strip()
    if code == 0:
        return
    if code == NOT_BEGUN:
        raise ToolBroken(f"ffmpeg cannot be run: {words}")
    if OUT_OF_ROOM in said:
        raise NoRoom(f"no room for what is made: {words}")
    if code < 0 and -code not in THE_FILES_FAULT:
        raise WorkLost(f"ffmpeg was ended by {signal.Signals(-code).name}: {words}")
    raise FileUnusable(Problem(Code.UNREADABLE, Weight.BLOCKS), words)
