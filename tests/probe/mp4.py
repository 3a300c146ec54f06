"""Builds MP4 files small enough to read: all the boxes that say what a film is, and no film."""

from __future__ import annotations

import struct

TIMESCALE = 1000
UNTURNED = (0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
TURNED = (0, 0x10000, 0, -0x10000, 0, 0, 0, 0, 0x40000000)


def box(name: bytes, *parts: bytes) -> bytes:
    body = b"".join(parts)
    return struct.pack(">I4s", len(body) + 8, name) + body


def full_box(name: bytes, *parts: bytes, flags: int = 0) -> bytes:
    return box(name, struct.pack(">I", flags), *parts)


def film(
    seconds: float = 10,
    size: tuple[int, int] = (1080, 1920),
    codec: bytes = b"avc1",
    brand: bytes = b"isom",
    turned: bool = False,
    has_video: bool = True,
    external: bytes = b"",
) -> bytes:
    """An MP4 that claims to be this; `external` is where its data is said to be instead."""
    duration = round(seconds * TIMESCALE)
    matrix = struct.pack(">9i", *(TURNED if turned else UNTURNED))
    mvhd = full_box(
        b"mvhd",
        struct.pack(">4IIHHQ", 0, 0, TIMESCALE, duration, 0x10000, 0x100, 0, 0),
        struct.pack(">9i", *UNTURNED),
        b"\0" * 24,
        struct.pack(">I", 2),
    )
    track = _track(duration, size, codec, matrix, external) if has_video else b""
    ftyp = box(b"ftyp", brand, struct.pack(">I", 512), brand, b"mp41" if brand != b"qt  " else b"")
    return ftyp + box(b"moov", mvhd, track) + box(b"mdat", b"\0" * 64)


def _track(duration, size, codec, matrix, external) -> bytes:
    width, height = size
    tkhd = full_box(
        b"tkhd",
        struct.pack(">5I", 0, 0, 1, 0, duration),
        b"\0" * 16,
        matrix,
        struct.pack(">2I", width << 16, height << 16),
        flags=3,
    )
    mdhd = full_box(b"mdhd", struct.pack(">4IHH", 0, 0, TIMESCALE, duration, 0x55C4, 0))
    hdlr = full_box(b"hdlr", struct.pack(">I4s12x", 0, b"vide"), b"\0")
    where = full_box(b"url ", external, flags=0 if external else 1)
    dref = full_box(b"dref", struct.pack(">I", 1), where)
    entry = box(
        codec,
        struct.pack(">6xH16xHHIIIH32sHh", 1, width, height, 0x480000, 0x480000, 0, 1, b"", 24, -1),
    )
    stbl = box(
        b"stbl",
        full_box(b"stsd", struct.pack(">I", 1), entry),
        full_box(b"stts", struct.pack(">3I", 1, 10, duration // 10)),
        full_box(b"stsc", struct.pack(">4I", 1, 1, 10, 1)),
        full_box(b"stsz", struct.pack(">2I", 4, 10)),
        full_box(b"stco", struct.pack(">2I", 1, 0)),
    )
    minf = box(b"minf", full_box(b"vmhd", b"\0" * 8, flags=1), box(b"dinf", dref), stbl)
    return box(b"trak", tkhd, box(b"mdia", mdhd, hdlr, minf))
