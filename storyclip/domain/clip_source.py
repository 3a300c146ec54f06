"""What a clip is made of: a public address, or a piece of a file that its user gave us."""

from __future__ import annotations

import re
from dataclasses import dataclass

FILE_ID = "^[0-9A-Za-z_-]{16,64}$"

_FORM = re.compile(r"file:([0-9A-Za-z_-]{16,64})#([1-9][0-9]{0,3})")


@dataclass(frozen=True, slots=True)
class FilePiece:
    """A piece of a file, `number` from 1; a file that was not cut is its own first piece."""

    file_id: str
    number: int

    @property
    def source(self) -> str:
        """Return what stands for it where a clip has an address otherwise."""
        return f"file:{self.file_id}#{self.number}"


def fetched_piece(clip_id: int) -> FilePiece:
    """Return what stands for the file of a clip that we fetched from its address."""
    return FilePiece(f"fetched-{clip_id:012d}", 1)


def piece_of(source: str) -> FilePiece | None:
    """Return the piece that a clip's source names, None where it is an address."""
    found = _FORM.fullmatch(source)
    return None if found is None else FilePiece(found[1], int(found[2]))
