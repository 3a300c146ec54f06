"""What a clip's file must be like to become a story, and what is wrong with one that is not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

MIN_LENGTH_S, MAX_LENGTH_S = 3.0, 60.0
MAX_BYTES = 100_000_000
RATIO = 9 / 16
RATIO_TOLERANCE = 0.05  # 1088 x 1920 of padded encoders fits, 4:5 and 9:19.5 do not

H264, MP4 = "AVC", "MPEG-4"  # as MediaInfo calls them
_QUICKTIME = "QuickTime"  # the same format to MediaInfo, another file to Instagram
_MAX_WORD = 40  # of a word from the file


@dataclass(frozen=True, slots=True)
class ClipFile:
    """What MediaInfo made of a file; None is what it could not tell.

    `width` and `height` are as shown: after rotation, in square pixels.
    """

    container: str | None = None
    profile: str | None = None
    codec: str | None = None
    length_s: float | None = None
    width: float | None = None
    height: float | None = None


def objections_to(file: ClipFile) -> Iterator[str]:
    """Say what keeps a file from being a story: the measured value and the limit."""
    if file.container is None:
        yield "is no video file; H.264 in MP4 is needed"
        return
    if file.container != MP4 or file.profile == _QUICKTIME:
        kind = _QUICKTIME if file.profile == _QUICKTIME else file.container
        yield f"is a {kind[:_MAX_WORD]} file; MP4 is needed"
    if file.codec is None:
        yield "holds no video; H.264 is needed"
        return
    if file.codec != H264:
        yield f"holds {file.codec[:_MAX_WORD]} video; H.264 is needed"
    if file.length_s is None:
        yield f"does not say how long it is; {MIN_LENGTH_S:g} to {MAX_LENGTH_S:g} s are allowed"
    elif not MIN_LENGTH_S <= file.length_s <= MAX_LENGTH_S:
        measured = f"{file.length_s:.3f}".rstrip("0").rstrip(".")
        yield f"lasts {measured} s; {MIN_LENGTH_S:g} to {MAX_LENGTH_S:g} s are allowed"
    if not file.width or not file.height:
        yield "does not say how big its picture is; about 9:16 is needed"
    elif abs(file.width / file.height / RATIO - 1) > RATIO_TOLERANCE:
        yield (
            f"is {file.width:.0f} x {file.height:.0f}, that is {file.width / file.height:.3f};"
            f" 9:16 is needed, {RATIO:.4f} within {RATIO_TOLERANCE:.0%}"
        )


def objection_to_size(size_bytes: int, at_least: bool = False) -> str | None:
    """Say that a file is too big, None if it is not; `at_least` where reading stopped there."""
    if size_bytes <= MAX_BYTES:
        return None
    more = "at least " if at_least else ""
    return f"has {more}{size_bytes:,} bytes; {MAX_BYTES:,} (100 MB) are allowed"
