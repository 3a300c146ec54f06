"""The hashes that Metricool wants before the first byte of a file is sent."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from typing import BinaryIO

from storyclip.domain.upload import MeasuredFile, Part, runs_of
from storyclip.domain.upload_errors import FileChanged

BLOCK_BYTES = 1 << 20


def measured(source: BinaryIO, size: int, content_type: str, extension: str) -> MeasuredFile:
    """Return what has to be known of a file of `size` bytes; it is read once, a block at a time.

    Raises:
        FileChanged: it has fewer bytes.
        OSError: the disk does not give them, and may again.
    """
    runs = enumerate(runs_of(size), 1)
    parts = tuple(
        Part(number, start, end, _hash(source, start, end)) for number, (start, end) in runs
    )
    return MeasuredFile(content_type, extension, parts)


def _hash(source: BinaryIO, start: int, end: int) -> str:
    digest, left = hashlib.sha256(), end - start
    source.seek(start)
    while left:
        block = source.read(min(BLOCK_BYTES, left))
        if not block:
            raise FileChanged(f"the file ends {left:,} bytes too soon")
        digest.update(block)
        left -= len(block)
    return b64encode(digest.digest()).decode()
