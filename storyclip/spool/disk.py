"""Files on this machine's disk."""

from __future__ import annotations

import hashlib
import stat
from pathlib import Path

from storyclip.domain.upload_errors import FileChanged


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file in hexadecimal digits, read a block at a time.

    Raises:
        FileNotFoundError
    """
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def gone() -> FileChanged:
    """Return what is said of bytes that are not there."""
    return FileChanged("the file is not in StoryClip any more")


def size_of(path: Path) -> int:
    """Return how many bytes a file has; none of a folder, or of what is gone."""
    try:
        found = path.stat()
    except FileNotFoundError:  # it was named, or removed, a moment ago
        return 0
    return found.st_size if stat.S_ISREG(found.st_mode) else 0


def written_s(path: Path) -> float:
    """Return when a file was last written, in Unix time; of what is gone, a time still to come."""
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return float("inf")
