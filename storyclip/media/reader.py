"""A program of its own: reads a file from stdin and prints what it found as JSON.

MediaInfo, Pillow and libheif read what strangers wrote, so they run where they can do no harm: in
a process without environment, with little time and memory, and unable to open any file or
connection (an MP4 may point to others, and MediaInfo would follow). It imports nothing of ours.

`reader.py facts` prints what MediaInfo or, for a picture, Pillow measured.
`reader.py picture WIDTH HEIGHT FIT MAX_BYTES` prints the picture as a plain JPEG.
"""

from __future__ import annotations

import io
import json
import resource
import sys
from typing import Any, BinaryIO
from xml.etree.ElementTree import ParseError

import pillow_heif
from PIL import Image, ImageCms, ImageFilter, ImageOps, UnidentifiedImageError
from pymediainfo import MediaInfo, Track

CPU_S = 40
MEMORY_BYTES = 2 << 30
MAX_PIXELS = 120_000_000
READABLE = ("JPEG", "PNG", "WEBP", "HEIF", "GIF", "BMP", "TIFF", "AVIF")
BROKEN = (OSError, ValueError, SyntaxError, EOFError, MemoryError, Image.DecompressionBombError)
ORIENTATION = 0x0112
METADATA = ("exif", "xmp", "XML:com.adobe.xmp", "photoshop", "iptc", "comment")
QUALITIES = (90, 80, 65, 40, 20, 5)


def main() -> None:
    """Print the facts (`{}` where nothing can be made of the file), or the picture."""
    if not MediaInfo.can_parse():  # loads it, while files can still be opened
        sys.exit("MediaInfo's library cannot be loaded")
    pillow_heif.register_heif_opener()
    Image.init()
    Image.MAX_IMAGE_PIXELS = None  # our own bound is asked before anything is decoded
    ImageCms.createProfile("sRGB")
    _seal()
    file = sys.stdin.buffer
    if sys.argv[1] == "facts":
        print(json.dumps(_picture_facts(file) or _video_facts(file)))
        return
    width, height, fit, most = sys.argv[2:]
    try:
        sys.stdout.buffer.write(_made(file, (int(width), int(height)), fit, int(most)))
    except BROKEN as mishap:
        print(mishap, file=sys.stderr)


def _seal() -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))  # what is open stays open


def _picture_facts(file: Any) -> dict[str, Any]:
    try:
        with Image.open(file, formats=READABLE) as image:
            turned = image.getexif().get(ORIENTATION, 1)
            width, height = image.size
            if turned in (5, 6, 7, 8):
                width, height = height, width
            if width * height <= MAX_PIXELS:
                image.load()
            return {
                "picture": {
                    "codec": image.format,
                    "width": width,
                    "height": height,
                    "is_turned": turned not in (0, 1),
                    "has_metadata": any(image.info.get(name) for name in METADATA),
                    "mode": image.mode,
                    "frames": getattr(image, "n_frames", 1),
                }
            }
    except UnidentifiedImageError:
        return {}
    except BROKEN:
        return {"picture": None}
    finally:
        file.seek(0)


def _made(file: BinaryIO, size: tuple[int, int], fit: str, most: int) -> bytes:
    with Image.open(file, formats=READABLE) as image:
        if image.width * image.height > MAX_PIXELS:
            raise ValueError("too many pixels")
        image.draft("RGB", (size[1] * 2, size[1] * 2))  # a JPEG is decoded no larger than needed
        upright = ImageOps.exif_transpose(image)
        plain = _on_white(_in_srgb(upright, image.info.get("icc_profile")))
    framed = ImageOps.fit(plain, size) if fit == "crop" else _on_blurred_ground(plain, size)
    for quality in QUALITIES:
        out = io.BytesIO()
        framed.save(out, "JPEG", quality=quality, optimize=True, subsampling="4:2:0")
        if out.tell() <= most:
            break
    return out.getvalue()


def _in_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    if not profile or image.mode not in ("RGB", "CMYK", "L"):
        return image
    try:
        given, ours = ImageCms.ImageCmsProfile(io.BytesIO(profile)), ImageCms.createProfile("sRGB")
        changed = ImageCms.profileToProfile(image, given, ours, outputMode="RGB")
    except (ImageCms.PyCMSError, OSError):  # a broken profile: shown as if it had none
        return image
    return changed or image


def _on_white(image: Image.Image) -> Image.Image:
    if not image.has_transparency_data:
        return image.convert("RGB")
    ground = Image.new("RGBA", image.size, "white")
    return Image.alpha_composite(ground, image.convert("RGBA")).convert("RGB")


def _on_blurred_ground(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    small = (size[0] // 10, size[1] // 10)
    blurred = ImageOps.fit(image, small).filter(ImageFilter.GaussianBlur(6))
    ground = blurred.resize(size, Image.Resampling.BILINEAR)
    shown = ImageOps.contain(image, size)
    ground.paste(shown, ((size[0] - shown.width) // 2, (size[1] - shown.height) // 2))
    return ground


def _video_facts(file: Any) -> dict[str, Any]:
    try:
        media = MediaInfo.parse(file)
    except (ParseError, RuntimeError):
        return {}
    general = media.general_tracks[0] if media.general_tracks else None
    if general is None or not general.format:
        return {}
    return {
        "container": general.format,
        "profile": general.format_profile,
        "length_s": _number(general, "duration", 1000),
        "is_cut_off": general.istruncated == "Yes",
        "video": _video(media.video_tracks[0], media) if media.video_tracks else None,
        "audio": _audio(media.audio_tracks) if media.audio_tracks else None,
    }


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
