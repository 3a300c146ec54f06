"""Files of a real encoder, as phones and editors write them."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from imageio_ffmpeg import get_ffmpeg_exe

from storyclip.probe.check import ClipCheck
from tests.probe.test_check import problems

UPRIGHT, LYING = "270x480", "480x270"
H264 = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p")
HEVC = ("-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=none")
SOUND = ("-f", "lavfi", "-i", "sine=440")


def made(
    folder: Path,
    *how: str,
    size: str = UPRIGHT,
    seconds: float = 4,
    rate: str = "30",
    sound: bool = True,
    name: str = "clip.mp4",
) -> bytes:
    """What ffmpeg writes when asked to encode a test picture like this."""
    picture = ("-f", "lavfi", "-i", f"testsrc=size={size}:rate={rate}")
    out, given = folder / name, SOUND if sound else ()
    quiet = (get_ffmpeg_exe(), "-loglevel", "error", "-nostdin")
    subprocess.run([*quiet, *picture, *given, *how, "-t", str(seconds), out], check=True)
    return out.read_bytes()


def turned(folder: Path, film: bytes, degrees: int) -> bytes:
    """The same film with a note that it is to be shown turned, which is what a phone writes."""
    lying, out = folder / "lying.mp4", folder / "turned.mp4"
    lying.write_bytes(film)
    quiet = (get_ffmpeg_exe(), "-loglevel", "error", "-nostdin")
    turn = ("-display_rotation", str(degrees), "-i", lying, "-c", "copy", out)
    subprocess.run([*quiet, *turn], check=True)
    return out.read_bytes()


@pytest.mark.parametrize(
    "how",
    [
        (),
        ("-movflags", "+faststart"),
        ("-movflags", "+frag_keyframe+empty_moov"),
        ("-bf", "2", "-g", "250"),
        ("-vf", "setpts='PTS+0.01*random(0)/TB'", "-fps_mode", "vfr"),
        ("-ss", "1"),
    ],
    ids=["index last", "index first", "in fragments", "B frames", "uneven frames", "cut"],
)
def test_what_an_editor_writes_passes(clips, tmp_path, how):
    film = made(tmp_path, *H264, *how)

    ClipCheck(clips.fetcher()).check([clips.has("/a.mp4", film)], "ana")


@pytest.mark.parametrize("rate", ["30000/1001", "60000/1001"])
def test_a_whole_minute_at_televisions_rates_passes(clips, tmp_path, rate):
    film = made(tmp_path, *H264, seconds=60, rate=rate, sound=False, size="90x160")

    ClipCheck(clips.fetcher()).check([clips.has("/a.mp4", film)], "ana")


@pytest.mark.parametrize("degrees", [90, 270])
def test_what_a_phone_held_upright_writes_passes(clips, tmp_path, degrees):
    film = turned(tmp_path, made(tmp_path, *H264, size=LYING), degrees)

    ClipCheck(clips.fetcher()).check([clips.has("/a.mp4", film)], "ana")


def test_what_a_phone_held_level_writes_is_refused(clips, tmp_path):
    film = turned(tmp_path, made(tmp_path, *H264, size=UPRIGHT), 90)

    [(_, why)] = problems(clips, clips.has("/a.mp4", film))
    assert why.startswith("is 480 x 270, that is 1.778;")


@pytest.mark.parametrize(
    ("how", "name", "why"),
    [
        (HEVC, "clip.mp4", "holds HEVC video; H.264 is needed"),
        (H264, "clip.mov", "is a QuickTime file; MP4 is needed"),
        (H264, "clip.mkv", "is a Matroska file; MP4 is needed"),
        (("-c:v", "libvpx-vp9", "-deadline", "realtime"), "clip.mp4", "holds VP9 video; H.264"),
    ],
    ids=["HEVC", "QuickTime", "Matroska", "VP9"],
)
def test_what_instagram_does_not_take_is_named(clips, tmp_path, how, name, why):
    film = made(tmp_path, *how, name=name)

    [(_, said)] = problems(clips, clips.has("/a", film))
    assert said.startswith(why)


def test_a_file_of_sound_alone_holds_no_video(clips, tmp_path):
    film = made(tmp_path, "-vn", "-c:a", "aac")

    assert problems(clips, clips.has("/a.mp4", film)) == [
        ("/posts/0/url", "holds no video; H.264 is needed")
    ]


def test_a_download_that_was_cut_off_is_not_taken(clips, tmp_path):
    film = made(tmp_path, *H264)  # its index comes last

    assert problems(clips, clips.has("/a.mp4", film[: len(film) // 2]))
