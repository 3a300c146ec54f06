"""Walks the boxes of an MP4 or QuickTime file, as far as two questions need it.

Only sizes and a few numbers are read, of a few thousand boxes at most, so a file that was made to
waste time cannot.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

MAX_BOXES = 5_000
MAX_DEPTH = 3
MAX_EDITS = 100
NEAR_START_S = 0.2  # what encoders need before their first frame: two of B frames, one of sound
_INSIDE = {b"moov", b"trak", b"edts", b"mdia"}


@dataclass(frozen=True, slots=True)
class Boxes:
    """`index_first` is None where there is no index, or nothing that it would index."""

    index_first: bool | None
    has_edit_list: bool
    edit_list_cuts: bool


@dataclass(slots=True)
class _Track:
    edits: list[tuple[int, int]] = field(default_factory=list)  # (length, start); start -1: a gap
    units_a_second: int = 1
    length: int = 0  # in its units

    def is_cut(self, movie_units_a_second: int) -> bool:
        """Whether more is left out than what comes before the first frame, or something waits."""
        gaps_s = sum(length for length, start in self.edits if start < 0) / movie_units_a_second
        shown = [edit for edit in self.edits if edit[1] >= 0]
        if not self.edits:
            return False
        if len(shown) != 1 or gaps_s > NEAR_START_S:
            return True
        length_s, start_s = shown[0][0] / movie_units_a_second, shown[0][1] / self.units_a_second
        left_s = self.length / self.units_a_second - start_s - length_s
        # In fragments the length of the whole is not known here, and written as nothing.
        return start_s > NEAR_START_S or (length_s > 0 and left_s > NEAR_START_S)


def boxes_of(file: BinaryIO, size_bytes: int) -> Boxes:
    """Say whether the index comes before the frames, and what an edit list makes of them."""
    places: dict[bytes, int] = {}
    tracks: list[_Track] = []
    movie_units_a_second = 1
    for count, (name, at, body) in enumerate(_walk(file, 0, size_bytes, 0)):
        places.setdefault(name, at)
        if name == b"trak":
            tracks.append(_Track())
        elif name == b"mvhd":
            movie_units_a_second = _units_and_length(file, body)[0]
        elif name == b"elst" and tracks:
            tracks[-1].edits = _edits(file, body)
        elif name == b"mdhd" and tracks:
            tracks[-1].units_a_second, tracks[-1].length = _units_and_length(file, body)
        if count >= MAX_BOXES:
            break
    index, frames = places.get(b"moov"), places.get(b"mdat")
    return Boxes(
        None if index is None or frames is None else index < frames,
        any(track.edits for track in tracks),
        any(track.is_cut(movie_units_a_second) for track in tracks),
    )


def _walk(file: BinaryIO, at: int, end: int, depth: int) -> Iterator[tuple[bytes, int, int]]:
    """Each box: its name, where it begins, and where its content does."""
    while at + 8 <= end:
        file.seek(at)
        head = file.read(16)
        if len(head) < 8:
            return
        size, name = struct.unpack(">I4s", head[:8])
        header = 8
        if size == 1 and len(head) == 16:
            size, header = struct.unpack(">Q", head[8:])[0], 16
        elif size == 0:
            size = end - at
        if size < header:
            return
        yield name, at, at + header
        if name in _INSIDE and depth < MAX_DEPTH:
            yield from _walk(file, at + header, min(at + size, end), depth + 1)
        at += size


def _units_and_length(file: BinaryIO, body: int) -> tuple[int, int]:
    """What `mvhd` and `mdhd` have in common: units a second, never 0, and the length in them."""
    file.seek(body)
    head = file.read(32)
    is_long = head[:1] == b"\1"
    at, shape = (20, ">IQ") if is_long else (12, ">II")
    if len(head) < at + struct.calcsize(shape):
        return 1, 0
    units, length = struct.unpack_from(shape, head, at)
    return max(1, units), length


def _edits(file: BinaryIO, body: int) -> list[tuple[int, int]]:
    file.seek(body)
    head = file.read(8)
    if len(head) < 8:
        return []
    shape = struct.Struct(">QqI" if head[0] == 1 else ">IiI")
    count = min(struct.unpack(">I", head[4:])[0], MAX_EDITS)
    content = file.read(count * shape.size)
    whole = len(content) // shape.size * shape.size
    return [(length, start) for length, start, _ in shape.iter_unpack(content[:whole])]
