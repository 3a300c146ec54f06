"""A file that arrives in a folder, in the hand of its one writer."""

from __future__ import annotations

import hashlib
import os
from io import BufferedRandom

from storyclip.domain.crashpoint import crashpoint
from storyclip.spool.disk import gone


class Arriving:
    """What has arrived of one file, in the hand of its one writer."""

    def __init__(self, file: BufferedRandom) -> None:
        self._file = file
        self.end = 0  # where the next bytes go to

    def go_on_at(self, offset: int) -> None:
        """Forget what lies behind `offset`, and write there next.

        Raises:
            FileChanged: less than that is there.
        """
        if os.fstat(self._file.fileno()).st_size < offset:
            raise gone()
        self._file.truncate(offset)
        self.end = self._file.seek(offset)

    def write(self, block: bytes) -> None:
        """Add bytes.

        Raises:
            OSError: the disk is full, or gone.
        """
        self._file.write(block)
        self.end += len(block)

    def sync(self) -> None:
        """Have all of it on the disk.

        Raises:
            OSError: the disk is full, or gone.
        """
        self._file.flush()
        os.fsync(self._file.fileno())
        crashpoint("file_block")

    def noted(self) -> None:
        """Hear that the row counts what was synced."""

    def forget(self) -> None:
        """Remove all of it.

        Raises:
            OSError: the disk is gone.
        """
        self.go_on_at(0)

    def sha256(self) -> str:
        """Return the SHA-256 of all of it, in hexadecimal digits."""
        self._file.flush()
        self._file.seek(0)
        return hashlib.file_digest(self._file, "sha256").hexdigest()
