"""Films as phones and editors make them: short, small, at a low rate, each made once a run."""

from __future__ import annotations

import atexit
import subprocess
from functools import cache
from itertools import count
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp

from storyclip.media.ffmpeg import program

X264 = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-threads", "1")
HLG = "colorprim=bt2020:transfer=arib-std-b67:colormatrix=bt2020nc:log-level=none:pools=1"
HEVC_HLG = (
    *("-c:v", "libx265", "-preset", "ultrafast", "-x265-params", HLG, "-tag:v", "hvc1"),
    *("-pix_fmt", "yuv420p10le", "-colorspace", "bt2020nc", "-color_trc", "arib-std-b67"),
    *("-color_primaries", "bt2020"),
)
AAC = ("-c:a", "aac", "-b:a", "64k")
FITTING = ("-bf", "0", "-movflags", "+faststart", "-use_editlist", "0")
NO_PRIMING = ("-bsf:a", "setts=ts=TS+1024")  # or the first frame would last longer

_numbers = count()


@cache
def _folder() -> Path:
    folder = Path(mkdtemp(prefix="storyclip-films-"))
    atexit.register(rmtree, folder)
    return folder


def ffmpeg(*arguments: object) -> None:
    """Run it with one thread; it fails aloud."""
    quiet = (program(), "-loglevel", "error", "-nostdin", "-y", "-threads", "1")
    subprocess.run([*quiet, *map(str, arguments)], check=True)


@cache
def film(
    seconds: float = 3.1,
    size: str = "540x960",
    rate: str = "30",
    how: tuple[str, ...] = (*X264, *FITTING, *NO_PRIMING),
    sound: str | None = "sine=440:sample_rate=48000",
    channels: int = 2,
    name: str = "film.mp4",
    picture: str = "color=c=teal",
    then: str = "",
) -> Path:
    """A film of one colour, cheap to encode, with filters behind it if wished, and a tone."""
    out = _folder() / f"{next(_numbers)}-{name}"
    seen = ("-f", "lavfi", "-i", f"{picture}:size={size}:rate={rate}{then}")
    heard = ("-f", "lavfi", "-i", sound) if sound else ()
    coded = ("-ac", channels, *AAC) if sound else ("-an",)
    ffmpeg(*seen, *heard, *coded, *how, "-t", seconds, out)
    return out


@cache
def phone() -> Path:
    """Held upright: HEVC in 10 bits, HLG, 59.94 frames a second, MOV, turned by a note."""
    lying = film(3.05, "320x180", "60000/1001", HEVC_HLG, name="lying.mov")
    out = lying.with_name("phone.mov")
    ffmpeg("-display_rotation", "-90", "-i", lying, "-c", "copy", "-tag:v", "hvc1", out)
    return out


def fitting() -> Path:
    """What goes out as it is."""
    return film()
