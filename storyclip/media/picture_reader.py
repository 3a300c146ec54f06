"""A program of its own: reads a picture from stdin with Pillow, and prints what became of it.

Pillow and libheif read what strangers wrote, so they run where they can do no harm: in a process
without environment, with little time and memory, and unable to open any file or connection. It
imports nothing of ours.

`picture_reader.py facts` prints what was measured, as JSON.
`picture_reader.py jpeg WIDTH HEIGHT FIT MAX_BYTES` prints a plain JPEG.
Ends with BROKE_OVER_FILE where nothing can be made of the file.
"""

from __future__ import annotations

import io
import json
import resource
import sys
from typing import Any, BinaryIO

import pillow_heif

# All that Pillow would only load once a file asks for it, when no file can be opened any more.
from PIL import (  # noqa: F401
    AvifImagePlugin,
    Image,
    ImageCms,
    ImageFilter,
    ImageOps,
    MpoImagePlugin,
    TiffImagePlugin,
    WebPImagePlugin,
)

BROKE_OVER_FILE = 3  # the exit code
CPU_S = 40
MEMORY_BYTES = 2 << 30
MAX_PIXELS = 120_000_000
READABLE = ("JPEG", "PNG", "WEBP", "HEIF", "GIF", "BMP", "TIFF", "AVIF")
ORIENTATION = 0x0112
UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
METADATA = ("exif", "xmp", "XML:com.adobe.xmp", "photoshop", "iptc", "comment")
QUALITIES = (90, 80, 65, 40, 20, 5)


def main() -> None:
    """Print the facts, or the picture."""
    pillow_heif.register_heif_opener()
    Image.preinit()
    Image.MAX_IMAGE_PIXELS = None  # our own bound is asked before anything is decoded
    ImageCms.createProfile("sRGB")
    _seal()
    file = sys.stdin.buffer
    try:
        if sys.argv[1] == "facts":
            print(json.dumps(_facts(file)))
            return
        width, height, fit, most = sys.argv[2:]
        sys.stdout.buffer.write(_made(file, (int(width), int(height)), fit, int(most)))
    except Exception as mishap:  # whatever it is: all of ours is loaded, and only the file read
        print(repr(mishap), file=sys.stderr)
        raise SystemExit(BROKE_OVER_FILE) from mishap


def _seal() -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S + 5))  # SIGXCPU first: it says why
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))  # what is open stays open


def _facts(file: BinaryIO) -> dict[str, Any]:
    with Image.open(file, formats=READABLE) as image:
        turned = image.getexif().get(ORIENTATION, 1)
        width, height = image.size
        if turned in (5, 6, 7, 8):
            width, height = height, width
        if width * height <= MAX_PIXELS:
            image.load()
        return {
            "codec": image.format,
            "width": width,
            "height": height,
            "is_turned": turned not in (0, 1),
            "has_metadata": any(image.info.get(name) for name in METADATA),
            "mode": image.mode,
            "frames": getattr(image, "n_frames", 1),
        }


def _made(file: BinaryIO, size: tuple[int, int], fit: str, most: int) -> bytes:
    with Image.open(file, formats=READABLE) as image:
        if image.width * image.height > MAX_PIXELS:
            raise ValueError("too many pixels")
        image.draft("RGB", (size[1] * 2, size[1] * 2))  # a JPEG is decoded no larger than needed
        plain = _on_white(_in_srgb(_upright(image), image.info.get("icc_profile")))
    framed = ImageOps.fit(plain, size) if fit == "crop" else _on_blurred_ground(plain, size)
    for quality in QUALITIES:
        out = io.BytesIO()
        framed.save(out, "JPEG", quality=quality, optimize=True, subsampling="4:2:0")
        if out.tell() <= most:
            break
    return out.getvalue()


def _upright(image: Image.Image) -> Image.Image:
    """Turn it as its note says; Pillow's own way writes all notes anew, and some break over it."""
    turned = UPRIGHT.get(image.getexif().get(ORIENTATION, 1))
    return image if turned is None else image.transpose(turned)


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


if __name__ == "__main__":
    main()
