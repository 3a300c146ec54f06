"""What a file is by another judge than ours: ffmpeg's own words, its packets, its bytes."""

from __future__ import annotations

import re
import struct
import subprocess
from dataclasses import dataclass
from pathlib import Path

from storyclip.media.ffmpeg import program


@dataclass(frozen=True)
class Seen:
    """`pictures` and `sounds` are (begin, length) of each packet, in seconds."""

    words: str
    pictures: list[tuple[float, float]]
    sounds: list[tuple[float, float]]
    boxes: list[bytes]

    @property
    def length_s(self) -> float:
        return max(sum(packet) for packet in [*self.pictures, *self.sounds])


def seen(file: Path) -> Seen:
    """Look at every packet of a file, and at the order of its boxes."""
    told = subprocess.run(
        [program(), "-hide_banner", "-nostdin", "-i", str(file), "-map", "0", "-c", "copy",
         "-f", "framecrc", "-"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    units = {
        number: int(over) / int(under)
        for number, over, under in re.findall(r"#tb (\d): (\d+)/(\d+)", told.stdout)
    }
    packets: dict[str, list[tuple[float, float]]] = {"0": [], "1": []}
    for line in told.stdout.splitlines():
        if not line.startswith("#"):
            number, _, begin, length, *_ = (part.strip() for part in line.split(","))
            packets[number].append((int(begin) * units[number], int(length) * units[number]))
    return Seen(told.stderr, packets["0"], packets["1"], _boxes(file.read_bytes()))


def decodes(file: Path) -> None:
    """Fail unless every frame can be decoded."""
    strict = ("-xerror", "-err_detect", "explode", "-threads", "1")
    nothing = ("-f", "null", "-")
    command = [program(), "-loglevel", "error", "-nostdin", *strict, "-i", str(file), *nothing]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stderr == ""


def loudness(file: Path) -> float:
    """By EBU R 128, in LUFS."""
    command = [program(), "-hide_banner", "-nostdin", "-i", str(file), "-af", "ebur128", "-vn",
               "-f", "null", "-"]  # fmt: skip
    told = subprocess.run(command, capture_output=True, text=True, check=True).stderr
    return float(re.findall(r"I:\s+(-?[\d.]+) LUFS", told)[-1])


def colour(file: Path, at_s: float, place: str = "iw/2:ih/2") -> tuple[int, int, int]:
    """Red, green and blue of a small square at a place of one frame."""
    small = f"crop=8:8:{place},scale=1:1:flags=area,format=rgb24"
    command = [program(), "-loglevel", "error", "-nostdin", "-ss", str(at_s), "-i", str(file),
               "-frames:v", "1", "-vf", small, "-f", "rawvideo", "-"]  # fmt: skip
    red, green, blue = subprocess.run(command, capture_output=True, check=True).stdout
    return red, green, blue


def _boxes(content: bytes) -> list[bytes]:
    names, at = [], 0
    while at + 8 <= len(content):
        size, name = struct.unpack(">I4s", content[at : at + 8])
        names.append(name)
        at += size or len(content)
    return names + [b"elst"] * (b"elst" in content[: content.find(b"mdat")])
