"""What keeps a file from being a story as it is, by its facts alone."""

from __future__ import annotations

from collections.abc import Iterator

from storyclip.domain.clip_file import (
    H264,
    MAX_BYTES,
    MAX_LENGTH_S,
    MIN_LENGTH_S,
    MP4,
    RATIO,
    RATIO_TOLERANCE,
)
from storyclip.media.facts import Audio, Facts, Kind, Light, Picture, Video
from storyclip.media.problem import Code, Fact, Problem, Weight

WIDTH, HEIGHT = 1080, 1920
MIN_WIDTH, MAX_WIDTH = 540, 1920  # docs/metricool.md: what Facebook and Instagram take
MIN_RATE, MAX_RATE = 24.0, 60.0
RATE_SLACK = 0.0005  # of what is written down as 60 and runs at 60.0003
MAX_BITS_A_SECOND = 25_000_000
MAX_RATE_HZ = 48_000
MAX_PICTURE_BYTES = 8_000_000
MAX_VIDEO_PIXELS = 8192 * 4608  # beyond 8K a decoder wants more memory than a worker gives it
MAX_PICTURE_PIXELS = 120_000_000  # the largest sensors of phones have 108 or, rarely, 200 million
MAX_LENGTH_TO_CUT_S = 4 * 3600.0
CONTAINERS = ("MPEG-4", "Matroska", "WebM", "AVI", "MPEG-TS")  # what is opened at all
PICTURES = ("JPEG", "MPO", "PNG", "WEBP", "HEIF")  # MPO: a JPEG with another behind it


def problems_of(facts: Facts) -> tuple[Problem, ...]:
    """Everything that is wrong with a file, what blocks it first.

    A file that is blocked has only that said of it: the rest would be guesses.
    """
    blocking = tuple(_blocking(facts))
    if blocking:
        return blocking
    found: list[Problem] = []
    if facts.kind is Kind.PICTURE and facts.picture is not None:
        found += _of_picture(facts.picture, facts.size_bytes)
    elif facts.video is not None:
        found += [*_of_file(facts), *_of_video(facts.video), *_of_audio(facts.audio)]
    if _lies(facts):
        is_really = facts.picture.codec if facts.picture is not None else facts.container
        found.append(_said(Code.MISNAMED, named=facts.named or "", kind=is_really or ""))
    return tuple(found)


def gone() -> Problem:
    """Return what is wrong with a file whose bytes are not there any more."""
    return _blocks(Code.GONE)


def given_up(times: int) -> Problem:
    """Return what is said of a file that is not tried any more."""
    return _blocks(Code.GIVEN_UP, times=times)


def _blocking(facts: Facts) -> Iterator[Problem]:
    if facts.size_bytes == 0:
        yield _blocks(Code.EMPTY)
    elif facts.kind is Kind.NEITHER:
        yield _blocks(Code.NOT_MEDIA)
    elif facts.is_cut_off:
        yield _blocks(Code.CUT_OFF)
    elif facts.kind is Kind.PICTURE:
        yield from _blocking_picture(facts.picture)
    elif facts.container not in CONTAINERS:
        yield _blocks(Code.CONTAINER_UNKNOWN, container=facts.container or "")
    elif facts.video is None:
        yield _blocks(Code.NO_VIDEO)
    elif facts.video.width < 2 or facts.video.height < 2 or facts.length_s is None:
        yield _blocks(Code.UNREADABLE)
    elif facts.video.pixels > MAX_VIDEO_PIXELS:
        yield _blocks(Code.TOO_MANY_PIXELS, pixels=facts.video.pixels, most=MAX_VIDEO_PIXELS)
    elif facts.video.is_dolby_alone:
        yield _blocks(Code.DOLBY_ALONE)
    elif facts.length_s < MIN_LENGTH_S:
        yield _blocks(Code.TOO_SHORT, length_s=_round(facts.length_s), least_s=MIN_LENGTH_S)
    elif facts.length_s > MAX_LENGTH_TO_CUT_S:
        yield _blocks(Code.TOO_LONG, length_s=_round(facts.length_s), most_s=MAX_LENGTH_TO_CUT_S)


def _blocking_picture(picture: Picture | None) -> Iterator[Problem]:
    if picture is None:
        yield _blocks(Code.UNREADABLE)
    elif picture.width * picture.height > MAX_PICTURE_PIXELS:
        pixels = picture.width * picture.height
        yield _blocks(Code.TOO_MANY_PIXELS, pixels=pixels, most=MAX_PICTURE_PIXELS)
    elif picture.codec not in PICTURES:
        yield _blocks(Code.PICTURE_UNKNOWN, kind=picture.codec)


def _of_file(facts: Facts) -> Iterator[Problem]:
    if facts.container != MP4 or facts.is_quicktime:
        kind = "QuickTime" if facts.is_quicktime else facts.container or ""
        yield _refused(Code.CONTAINER, container=kind)
    if facts.length_s is not None and facts.length_s > MAX_LENGTH_S:
        yield _refused(Code.OVER_A_MINUTE, length_s=_round(facts.length_s), most_s=MAX_LENGTH_S)
    elif facts.whole_s is not None and facts.whole_s > MAX_LENGTH_S:
        yield _refused(Code.SOUND_LONGER, length_s=_round(facts.whole_s), most_s=MAX_LENGTH_S)
    if facts.size_bytes > MAX_BYTES:
        yield _refused(Code.TOO_BIG, size_bytes=facts.size_bytes, most_bytes=MAX_BYTES)
    if facts.index_first is False:
        yield _doubtful(Code.INDEX_LAST)
    if facts.edit_list_cuts:
        yield _doubtful(Code.EDITED)
    elif facts.has_edit_list:
        yield _doubtful(Code.EDIT_LIST)


def _of_video(video: Video) -> Iterator[Problem]:
    if video.codec != H264:
        yield _refused(Code.CODEC, codec=video.codec)
    if video.bit_depth not in (8, None) or video.chroma not in ("4:2:0", None):
        yield _refused(Code.PIXELS, bits=video.bit_depth or 8, chroma=video.chroma or "4:2:0")
    if video.light is not Light.SDR:
        yield _refused(Code.HDR, light=video.light.upper())
    if abs(video.width / video.height / RATIO - 1) > RATIO_TOLERANCE:
        yield _refused(Code.NOT_UPRIGHT, width=video.width, height=video.height)
    elif not MIN_WIDTH <= video.width <= MAX_WIDTH:
        yield _doubtful(Code.SIZE, width=video.width, height=video.height)
    if video.rotation:
        yield _doubtful(Code.ROTATED, degrees=video.rotation)
    if not video.has_square_pixels:
        yield _doubtful(Code.NOT_SQUARE_PIXELS)
    if video.is_interlaced:
        yield _doubtful(Code.INTERLACED)
    yield from _of_rate(video)


def _of_rate(video: Video) -> Iterator[Problem]:
    rate = video.frames_a_second
    if video.is_variable or rate is None:
        yield _doubtful(Code.FRAMES_UNEVEN)
    elif not MIN_RATE * (1 - RATE_SLACK) <= rate <= MAX_RATE * (1 + RATE_SLACK):
        yield _doubtful(Code.FRAME_RATE, frames_a_second=round(rate, 3))
    if video.bits_a_second is not None and video.bits_a_second > MAX_BITS_A_SECOND:
        megabits = round(video.bits_a_second / 1e6, 1)
        yield _doubtful(Code.BIT_RATE, megabits=megabits, most=MAX_BITS_A_SECOND / 1e6)


def _of_audio(audio: Audio | None) -> Iterator[Problem]:
    if audio is None:
        yield _doubtful(Code.NO_AUDIO)
        return
    if audio.codec != "AAC" or audio.profile != "LC":
        yield _doubtful(
            Code.AUDIO_CODEC, codec=" ".join(filter(None, (audio.codec, audio.profile)))
        )
    if audio.channels is None or audio.channels > 2:
        yield _doubtful(Code.AUDIO_CHANNELS, channels=audio.channels or 0)
    if audio.rate_hz is None or audio.rate_hz > MAX_RATE_HZ:
        yield _doubtful(Code.AUDIO_RATE, rate_hz=audio.rate_hz or 0)


def _of_picture(picture: Picture, size_bytes: int) -> Iterator[Problem]:
    if picture.codec != "JPEG" or picture.mode != "RGB":
        yield _refused(Code.PICTURE_KIND, kind=picture.codec)
    if size_bytes > MAX_PICTURE_BYTES:
        yield _refused(Code.TOO_BIG, size_bytes=size_bytes, most_bytes=MAX_PICTURE_BYTES)
    if abs(picture.width / picture.height / RATIO - 1) > RATIO_TOLERANCE:
        yield _refused(Code.NOT_UPRIGHT, width=picture.width, height=picture.height)
    elif not MIN_WIDTH <= picture.width <= MAX_WIDTH:
        yield _doubtful(Code.SIZE, width=picture.width, height=picture.height)
    if picture.is_turned:
        yield _doubtful(Code.ROTATED_PICTURE)
    if picture.has_metadata:
        yield _doubtful(Code.PICTURE_METADATA)


ENDINGS = {
    "mp4": Kind.VIDEO, "m4v": Kind.VIDEO, "mov": Kind.VIDEO, "mkv": Kind.VIDEO,
    "webm": Kind.VIDEO, "avi": Kind.VIDEO, "ts": Kind.VIDEO,
    "jpg": Kind.PICTURE, "jpeg": Kind.PICTURE, "png": Kind.PICTURE, "webp": Kind.PICTURE,
    "heic": Kind.PICTURE, "heif": Kind.PICTURE,
}  # fmt: skip


def _lies(facts: Facts) -> bool:
    family = ENDINGS.get(facts.named or "")
    return family is not None and family is not facts.kind


def _blocks(code: Code, **facts: Fact) -> Problem:
    return Problem(code, Weight.BLOCKS, facts)


def _refused(code: Code, **facts: Fact) -> Problem:
    return Problem(code, Weight.REFUSED, facts)


def _doubtful(code: Code, **facts: Fact) -> Problem:
    return Problem(code, Weight.DOUBTFUL, facts)


def _said(code: Code, **facts: Fact) -> Problem:
    return Problem(code, Weight.SAID, facts)


def _round(seconds: float) -> float:
    return round(seconds, 2)
