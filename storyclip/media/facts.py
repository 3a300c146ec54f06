"""What a file is, as measured; nothing in here judges it or touches it."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from typing import Any


class Kind(StrEnum):
    """What a file is by its content; its name is not asked."""

    VIDEO = "video"
    PICTURE = "picture"
    NEITHER = "neither"


class Light(StrEnum):
    """How brightness is written down."""

    SDR = "sdr"
    HLG = "hlg"
    PQ = "pq"


@dataclass(frozen=True, slots=True)
class Video:
    """The first video track. `width` and `height` are as shown: turned, in square pixels."""

    codec: str  # as MediaInfo calls it: AVC, HEVC, VP9, ProRes, AV1
    profile: str | None
    bit_depth: int | None
    chroma: str | None
    width: int
    height: int
    pixels: int  # of one coded frame
    has_square_pixels: bool
    rotation: int  # degrees clockwise: 0, 90, 180, 270
    frames_a_second: float | None
    is_variable: bool
    is_interlaced: bool
    light: Light
    is_dolby_alone: bool  # Dolby Vision without a picture that others could show
    bits_a_second: int | None


@dataclass(frozen=True, slots=True)
class Audio:
    """The first audio track."""

    codec: str
    profile: str | None
    channels: int | None
    rate_hz: int | None
    tracks: int  # how many the file has


@dataclass(frozen=True, slots=True)
class Picture:
    """A still picture; `width` and `height` are as shown."""

    codec: str  # as Pillow calls it: JPEG, PNG, WEBP, HEIF
    width: int
    height: int
    is_turned: bool  # by a note in the file
    has_metadata: bool  # EXIF, XMP and the like: where it was taken, with what
    mode: str  # RGB, CMYK, ...
    frames: int


@dataclass(frozen=True, slots=True)
class Facts:
    """All that was measured of one file; None is what it does not tell."""

    kind: Kind
    size_bytes: int
    container: str | None = None  # as MediaInfo calls it: MPEG-4, Matroska, WebM, PNG
    is_quicktime: bool = False
    length_s: float | None = None  # of the moving picture
    whole_s: float | None = None  # of what goes on longest, which may be the sound
    index_first: bool | None = None  # moov before mdat; None where there is no such thing
    has_edit_list: bool = False
    edit_list_cuts: bool = False  # it leaves frames out or waits, instead of naming the start
    is_cut_off: bool = False
    named: str | None = None  # the ending of the user's name for it, if that says a kind
    video: Video | None = None
    audio: Audio | None = None
    picture: Picture | None = None

    def as_json(self) -> dict[str, Any]:
        """What `from_json` reads, fit for a row."""
        return asdict(self)

    @classmethod
    def from_json(cls, said: dict[str, Any]) -> Facts:
        """The facts that `as_json` wrote; fields that this release does not know are dropped."""
        known = _known(cls, said) | {"kind": Kind(said["kind"])}
        if video := said.get("video"):
            known["video"] = Video(**_known(Video, video) | {"light": Light(video["light"])})
        if audio := said.get("audio"):
            known["audio"] = Audio(**_known(Audio, audio))
        if picture := said.get("picture"):
            known["picture"] = Picture(**_known(Picture, picture))
        return cls(**known)


def _known(kind: type[Any], said: dict[str, Any]) -> dict[str, Any]:
    names = {field.name for field in fields(kind)}
    return {name: value for name, value in said.items() if name in names}
