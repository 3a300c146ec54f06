"""A program of its own: reads a film from stdin with MediaInfo, and prints what it found as JSON.

MediaInfo is C++ that reads what strangers wrote, so it runs where it can do no harm: in a process
without environment, with little time and memory, and unable to open any file or connection (an MP4
may point to others, and MediaInfo would follow). It imports nothing of ours.
"""

from __future__ import annotations

import json
import resource
import sys
from typing import Any

from pymediainfo import MediaInfo, Track

BROKE_OVER_FILE = 3  # the exit code
CPU_S = 40
MEMORY_BYTES = 1 << 30


def main() -> None:
    """Print the facts; `{}`, or BROKE_OVER_FILE, where MediaInfo made nothing of the file."""
    if not MediaInfo.can_parse():  # loads it, while files can still be opened
        sys.exit("MediaInfo's library cannot be loaded")
    _seal()
    try:
        print(json.dumps(_facts(sys.stdin.buffer)))
    except Exception as mishap:  # whatever it is: all of ours is loaded, and only the file read
        print(repr(mishap), file=sys.stderr)
        raise SystemExit(BROKE_OVER_FILE) from mishap


def _seal() -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S + 5))  # SIGXCPU first: it says why
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))  # what is open stays open


def _facts(file: Any) -> dict[str, Any]:
    media = MediaInfo.parse(file)
    general = media.general_tracks[0] if media.general_tracks else None
    if general is None or not general.format:
        return {}
    whole_s = _number(general, "duration", 1000)
    return {
        "container": general.format,
        "profile": general.format_profile,
        "whole_s": whole_s,
        "length_s": _length_s(media) or whole_s,
        "is_cut_off": general.istruncated == "Yes",
        "video": _video(media.video_tracks[0], media) if media.video_tracks else None,
        "audio": _audio(media.audio_tracks) if media.audio_tracks else None,
    }


def _length_s(media: Any) -> float | None:
    return _number(media.video_tracks[0], "duration", 1000) if media.video_tracks else None


def _video(video: Track, media: Any) -> dict[str, Any]:
    width, height = _number(video, "width") or 0, _number(video, "height") or 0
    square = _number(video, "pixel_aspect_ratio") or 1.0
    rotation = round(_number(video, "rotation") or 0) % 360
    shown = (round(width * square), round(height))
    hdr = " ".join(filter(None, (video.hdr_format, video.hdr_format_profile)))
    return {
        "codec": video.format or "unknown",
        "profile": video.format_profile,
        "bit_depth": _whole(video, "bit_depth"),
        "chroma": video.chroma_subsampling,
        "width": shown[rotation % 180 == 90],
        "height": shown[rotation % 180 != 90],
        "pixels": round(width * height),
        "has_square_pixels": abs(square - 1) < 0.01,
        "rotation": rotation,
        "frames_a_second": _number(video, "frame_rate")
        or _number(media.general_tracks[0], "frame_rate"),
        "is_variable": video.frame_rate_mode == "VFR",
        "is_interlaced": video.scan_type not in (None, "Progressive"),
        "light": {"HLG": "hlg", "PQ": "pq"}.get(video.transfer_characteristics or "", "sdr"),
        "is_dolby_alone": "Dolby Vision" in hdr and not video.hdr_format_compatibility,
        "bits_a_second": _whole(video, "bit_rate"),
    }


def _audio(tracks: list[Track]) -> dict[str, Any]:
    first = tracks[0]
    return {
        "codec": first.format or "unknown",
        "profile": first.format_additionalfeatures,
        "channels": _whole(first, "channel_s"),
        "rate_hz": _whole(first, "sampling_rate"),
        "tracks": len(tracks),
    }


def _whole(track: Track, name: str) -> int | None:
    value = _number(track, name)
    return None if value is None else round(value)


def _number(track: Track, name: str, unit: float = 1) -> float | None:
    value = getattr(track, name)
    try:
        return None if value is None else float(value) / unit
    except ValueError:
        return None


if __name__ == "__main__":
    main()
