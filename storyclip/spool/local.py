"""A folder that has users' files while they arrive, and what was made of them.

    <folder>/arriving/<file id>     bytes so far; what is on disk is what was told
    <folder>/whole/<sha256>         what arrived, or was made: its name is what it holds
    <folder>/made/<anything>        while something is made; of nobody, once its maker is dead

Who is killed leaves a file too many at most, and never a row without one: rows are written after.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from storyclip.domain.crashpoint import crashpoint
from storyclip.domain.upload_errors import FileChanged

BLOCK_BYTES = 1 << 20
_OWNER_ALONE = 0o700


class Spool:
    """The folder; may be shared by threads and processes of one machine."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._arriving, self._whole = folder / "arriving", folder / "whole"
        self._made = folder / "made"

    def prepare(self) -> None:
        """Make the folders, for their owner alone."""
        for folder in (self._folder, self._arriving, self._whole, self._made):
            folder.mkdir(parents=True, exist_ok=True, mode=_OWNER_ALONE)

    def append(self, file_id: str, offset: int, blocks: Iterable[bytes]) -> int:
        """Write blocks from `offset` on, whatever lay behind it, and return where they end.

        All of it is on disk when this returns; what raises in `blocks` leaves what came before it.

        Raises:
            OSError: the disk is full, or gone.
        """
        end = offset
        with self._open_at(file_id, offset) as file:
            try:
                for block in blocks:
                    file.write(block)
                    end += len(block)
            finally:
                file.flush()
                os.fsync(file.fileno())
        crashpoint("file_block")
        return end

    def cut(self, file_id: str, size: int) -> None:
        """Forget what arrived behind `size`.

        Raises:
            OSError: the disk is gone.
        """
        with self._open_at(file_id, size) as file:
            os.fsync(file.fileno())

    def name(self, file_id: str) -> str:
        """Give what has arrived its lasting name, which is its SHA-256 in hexadecimal digits.

        Raises:
            FileChanged: it is not there, and was not named before.
            OSError: the disk is gone.
        """
        return self.keep(self._arriving / file_id)

    def keep(self, made: Path) -> str:
        """Take a file into the spool under its hash, and return that.

        Raises:
            FileChanged: it is not there.
            OSError: the disk is gone.
        """
        try:
            sha256 = sha256_of(made)
            made.replace(self._whole / sha256)
        except FileNotFoundError:
            raise FileChanged("the file is not in StoryClip any more") from None
        _sync(self._whole)
        crashpoint("file_named")
        return sha256

    def path(self, sha256: str) -> Path:
        """Return where the bytes with this hash are, if they are."""
        return self._whole / sha256

    def making(self, name: str) -> Path:
        """Return where something may be made that `keep` takes in afterwards."""
        return self._made / name

    @contextmanager
    def open(self, sha256: str) -> Iterator[BinaryIO]:
        """Open the bytes with this hash for reading.

        Raises:
            FileChanged: they are gone.
        """
        try:
            file = self.path(sha256).open("rb")
        except FileNotFoundError:
            raise FileChanged("the file is not in StoryClip any more") from None
        with file:
            yield file

    def forget(self, file_id: str) -> None:
        """Remove what has arrived of a file, if anything has."""
        (self._arriving / file_id).unlink(missing_ok=True)

    def drop(self, sha256: str) -> None:
        """Remove the bytes with this hash, if they are there."""
        self.path(sha256).unlink(missing_ok=True)

    def arriving(self) -> list[str]:
        """Return the ids of files of which something has arrived."""
        return [entry.name for entry in self._arriving.iterdir()]

    def whole(self) -> list[str]:
        """Return the hashes of all that is whole."""
        return [entry.name for entry in self._whole.iterdir()]

    def used_bytes(self) -> int:
        """Return how many bytes all of it has."""
        return sum(path.stat().st_size for path in self._folder.rglob("*") if path.is_file())

    def free_bytes(self) -> int:
        """Return how many bytes the disk has left for us."""
        return shutil.disk_usage(self._folder).free

    @contextmanager
    def _open_at(self, file_id: str, offset: int) -> Iterator[BinaryIO]:
        path = self._arriving / file_id
        with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+b") as file:
            file.truncate(offset)
            file.seek(offset)
            yield file


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file in hexadecimal digits, read a block at a time.

    Raises:
        FileNotFoundError
    """
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
