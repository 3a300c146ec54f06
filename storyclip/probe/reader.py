"""A program of its own: reads a clip from stdin with MediaInfo, and prints what it found as JSON.

MediaInfo is C++ that reads what strangers wrote, so it runs where it can do no harm: in a process
without environment, with little time and memory, and unable to open any file or connection (an MP4
may point to others, and MediaInfo would follow). It imports nothing of ours.
"""

from __future__ import annotations

import json
import resource
import sys
from typing import Any
from xml.etree.ElementTree import ParseError

from pymediainfo import MediaInfo, Track

CPU_S = 20
MEMORY_BYTES = 1 << 30


def main() -> None:
    """Print the facts; `{}` where MediaInfo could make nothing of the file."""
    if not MediaInfo.can_parse():  # loads it, while files can still be opened
        sys.exit("MediaInfo's library cannot be loaded")
    _seal()
    try:
        facts = _facts(MediaInfo.parse(sys.stdin.buffer))
    except (ParseError, RuntimeError):
        facts = {}
    print(json.dumps(facts))


def _seal() -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))  # what is open stays open


def _facts(media: Any) -> dict[str, Any]:
    general = media.general_tracks[0] if media.general_tracks else None
    if general is None or not general.format:
        return {}
    facts = {"container": general.format, "profile": general.format_profile, "codec": None}
    facts["length_s"] = _number(general, "duration", 1000)
    if media.video_tracks:
        video = media.video_tracks[0]
        width, height = _number(video, "width"), _number(video, "height")
        if width is not None:
            width *= _number(video, "pixel_aspect_ratio") or 1.0
        if round(_number(video, "rotation") or 0) % 180 == 90:
            width, height = height, width
        facts |= {"codec": video.format or "unknown", "width": width, "height": height}
    return facts


def _number(track: Track, name: str, unit: float = 1) -> float | None:
    value = getattr(track, name)
    try:
        return None if value is None else float(value) / unit
    except ValueError:
        return None


if __name__ == "__main__":
    main()
