"""Between a file's row and the room that mends: wishes, troubles, what an upload declares."""

from __future__ import annotations

from pathlib import Path

from storyclip.domain.upload import MeasuredFile
from storyclip.domain.user_file import Trouble, UserFile
from storyclip.flow.disk_room import DISK_FULL
from storyclip.media.errors import NoRoom
from storyclip.media.facts import Facts, Kind
from storyclip.media.plan import Fit, Options
from storyclip.upstream.measuring import measured

JPEG, MP4 = ("image/jpeg", "jpg"), ("video/mp4", "mp4")


def trouble_of(lost: Exception) -> Trouble | None:
    """Return what of this machine keeps a file waiting; None where it may be the file itself."""
    is_full = isinstance(lost, OSError) and lost.errno in DISK_FULL
    if is_full or isinstance(lost, NoRoom):
        return Trouble.NO_ROOM
    return Trouble.SPOOL_GONE if isinstance(lost, OSError) else None


def options_of(file: UserFile) -> Options:
    """Return what the user wishes of a file."""
    said = file.options
    marks = said.get("cutMarks")
    return Options(
        fit=Fit(said.get("fit", Fit.BLURRED)),
        prepare=said.get("prepare", True),
        cut_marks=None if marks is None else tuple(marks),
        still_as_video=said.get("stillAsVideo", False),
    )


def declared(path: Path, facts: Facts) -> MeasuredFile:
    """Return what an upload declares of what was made, or kept.

    Raises:
        FileChanged: it is shorter than it was a moment ago.
        OSError: the disk does not give it.
    """
    content_type, extension = JPEG if facts.kind is Kind.PICTURE else MP4
    with path.open("rb") as source:
        return measured(source, path.stat().st_size, content_type, extension)
