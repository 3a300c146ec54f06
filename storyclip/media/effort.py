"""How long the work takes: what people are told beforehand, and when we stop believing in it."""

from __future__ import annotations

from storyclip.media.facts import Light, Video

# CPU seconds a second of video, measured with the bundled ffmpeg 9.0 on a 2-core cloud machine.
_OWN_WORK = 0.60  # fit, encode and sound at 1080 x 1920, 30 frames
_TONE_MAPPING = 0.85
_DECODING = {"AVC": 1.3e-9, "HEVC": 2.3e-9, "ProRes": 4.0e-9}  # a pixel
_DECODING_ELSE = 2.5e-9
_THREADS_HELP = 1.7  # two threads against one
_BYTES_A_SECOND = 100e6  # of copying

LIMIT_BASE_S = 120.0
LIMIT_A_SECOND = 30.0  # of video: a slow, busy machine, and far more than any good file takes


def seconds_to_encode(video: Video | None, length_s: float) -> float:
    """How long it takes on a quiet machine with two cores; a still picture is no `video`."""
    if video is None:
        return round(1 + length_s * _OWN_WORK / _THREADS_HELP, 1)
    frames = min(video.frames_a_second or 30.0, 120.0)
    decoding = video.pixels * frames * _DECODING.get(video.codec, _DECODING_ELSE)
    mapping = _TONE_MAPPING if video.light is not Light.SDR else 0.0
    return round(1 + length_s * (_OWN_WORK + mapping + decoding) / _THREADS_HELP, 1)


def seconds_to_repack(size_bytes: int) -> float:
    """How long copying the streams takes."""
    return round(0.5 + size_bytes / _BYTES_A_SECOND, 1)


def limit_s(length_s: float) -> float:
    """When work on so much video is given up."""
    return LIMIT_BASE_S + LIMIT_A_SECOND * length_s
