"""Looks into a file, in a process of its own that has little time and memory."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from storyclip.media import ffmpeg
from storyclip.media.boxes import boxes_of
from storyclip.media.errors import FileUnusable, ToolBroken, WorkLost
from storyclip.media.facts import Audio, Facts, Kind, Light, Picture, Video
from storyclip.media.judging import problems_of
from storyclip.media.problem import Code, Problem, Weight
from storyclip.media.signature import SIGNATURE_BYTES, is_picture

FILM_READER = (sys.executable, "-I", str(Path(__file__).with_name("film_reader.py")))
PICTURE_READER = (sys.executable, "-I", str(Path(__file__).with_name("picture_reader.py")))
BROKE_OVER_FILE = 3  # how both end over a file of which they make nothing
THE_FILES_FAULT = {*ffmpeg.THE_FILES_FAULT, signal.SIGXCPU}  # a crash, or its limit
PROBE_S = 60.0
MAX_ENDING = 8


@dataclass(frozen=True, slots=True)
class Probed:
    """What was measured, and what follows from it."""

    facts: Facts
    problems: tuple[Problem, ...]


def probe(source: Path, name: str | None = None, limit_s: float = PROBE_S) -> Probed:
    """Measure a file; whatever it holds, this ends within `limit_s` seconds.

    Args:
        name: what the user calls it; only looked at for an ending that is not true.

    Raises:
        OSError: it is not there or cannot be opened.
        WorkLost: killed, or not done in time; it may be asked for again.
        ToolBroken: MediaInfo or Pillow do not run here, which is no fault of the file.
    """
    with source.open("rb", buffering=0) as file:  # others go on from where the descriptor stands
        size_bytes = os.fstat(file.fileno()).st_size
        facts = _facts(file, size_bytes, _ending(name), limit_s)
    return Probed(facts, problems_of(facts))


def picture_of(
    source: Path, size: tuple[int, int], fit: str, max_bytes: int, limit_s: float = PROBE_S
) -> bytes:
    """Return the picture as a JPEG of `size`, turned upright, in sRGB, without metadata.

    Raises:
        FileUnusable: nothing can be made of it.
        WorkLost: killed, or not done in time.
        ToolBroken: Pillow does not run here.
    """
    how = ("jpeg", *map(str, size), fit, str(max_bytes))
    with source.open("rb", buffering=0) as file:
        jpeg = _run((*PICTURE_READER, *how), file, limit_s)
    if not jpeg or len(jpeg) > max_bytes:
        raise FileUnusable(Problem(Code.UNREADABLE, Weight.BLOCKS))
    return jpeg


def film_facts(file: BinaryIO, limit_s: float) -> dict[str, Any]:
    """Return what MediaInfo says of an open file, nothing where it makes nothing of it.

    Raises:
        WorkLost: killed, or not done in time.
        ToolBroken: MediaInfo does not run here.
    """
    said: dict[str, Any] = json.loads(_run(FILM_READER, file, limit_s) or b"{}")
    return said


def _facts(file: BinaryIO, size_bytes: int, named: str | None, limit_s: float) -> Facts:
    if is_picture(file.read(SIGNATURE_BYTES)):
        told = json.loads(_run((*PICTURE_READER, "facts"), file, limit_s) or b"{}")
        picture = Picture(**told) if told else None
        container = picture.codec if picture else None
        return Facts(Kind.PICTURE, size_bytes, container, picture=picture, named=named)
    said = film_facts(file, limit_s) if size_bytes else {}
    if not said or not (said["video"] or said["audio"]):
        is_cut_off = bool(said) and said["is_cut_off"]
        kind = Kind.VIDEO if is_cut_off else Kind.NEITHER
        return Facts(kind, size_bytes, said.get("container"), is_cut_off=is_cut_off, named=named)
    return _video_facts(file, size_bytes, named, said)


def _video_facts(file: BinaryIO, size_bytes: int, named: str | None, said: dict[str, Any]) -> Facts:
    boxes = boxes_of(file, size_bytes) if said["container"] == "MPEG-4" else None
    video = said["video"]
    return Facts(
        Kind.VIDEO,
        size_bytes,
        said["container"],
        is_quicktime=said["profile"] == "QuickTime",
        length_s=said["length_s"],
        whole_s=said["whole_s"],
        index_first=boxes.index_first if boxes else None,
        has_edit_list=boxes is not None and boxes.has_edit_list,
        edit_list_cuts=boxes is not None and boxes.edit_list_cuts,
        is_cut_off=said["is_cut_off"],
        named=named,
        video=Video(**video | {"light": Light(video["light"])}) if video else None,
        audio=Audio(**said["audio"]) if said["audio"] else None,
    )


def _run(program: tuple[str, ...], file: BinaryIO, limit_s: float) -> bytes:
    """Return what a reader printed, nothing if it broke over the file.

    Raises:
        WorkLost: killed, or not done in time, which a busy machine may be to blame for.
        ToolBroken: it does not run here.
    """
    file.seek(0)
    try:
        done = subprocess.run(
            program, stdin=file, capture_output=True, env={}, timeout=limit_s, check=False
        )
    except subprocess.TimeoutExpired:
        raise WorkLost("a file was not read in time") from None
    if done.returncode == BROKE_OVER_FILE or -done.returncode in THE_FILES_FAULT:
        return b""
    if done.returncode < 0:
        name = signal.Signals(-done.returncode).name
        raise WorkLost(f"who read a file was ended by {name}")
    if done.returncode > 0:
        raise ToolBroken(f"files cannot be read here: {done.stderr.decode()[-500:]}")
    return done.stdout


def _ending(name: str | None) -> str | None:
    ending = (name or "").rpartition(".")[2].lower()
    return ending if ending.isalnum() and ending.isascii() and len(ending) <= MAX_ENDING else None
