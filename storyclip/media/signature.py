"""What the first bytes of a file say: enough to choose who reads the rest."""

from __future__ import annotations

SIGNATURE_BYTES = 12
_STARTS = (b"\xff\xd8\xff", b"\x89PNG", b"GIF8", b"II*\0", b"MM\0*")
# Pictures in the boxes of an MP4: HEIC, HEIF and AVIF.
_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1", b"avif", b"avis"}


def is_picture(start: bytes) -> bool:
    """Whether a file that begins like this is a picture, or a broken one."""
    if start.startswith(_STARTS):
        return True
    if start[:4] == b"RIFF":
        return start[8:12] == b"WEBP"
    if start[:2] == b"BM":
        return start[6:10] == b"\0\0\0\0"
    return start[4:8] == b"ftyp" and start[8:12] in _BRANDS
