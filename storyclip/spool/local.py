"""A folder that has users' files while they arrive, and what was made of them.

    <folder>/arriving/<file id>     bytes so far; behind what its row says, they do not count
    <folder>/whole/<sha256>         what arrived, or was made: its name is what it holds
    <folder>/made/<anything>        while something is made; of nobody, once its maker is dead
    <folder>/spool.mark             which folder it is: a disk that is not mounted has lost nothing

Who is killed leaves a file too many at most, and never a row without one: rows are written after.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from config.on_disk import sync
from storyclip.domain.crashpoint import crashpoint
from storyclip.domain.file_errors import FileInHand
from storyclip.spool.arriving import Arriving
from storyclip.spool.disk import gone, sha256_of, size_of, written_s
from storyclip.spool.marked import MarkedFolder

_OWNER_ALONE = 0o700
_OF_NOTHING = hashlib.sha256().hexdigest()


@dataclass(frozen=True, slots=True)
class Known:
    """What rows know of: the ids of files that arrive, and the hashes of what is whole."""

    arriving: Collection[str]
    whole: Collection[str]


class Spool(MarkedFolder):
    """The folder; may be shared by threads and processes of one machine."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._arriving, self._whole = folder / "arriving", folder / "whole"
        self._made = folder / "made"

    def prepare(self, mark: str | None = None) -> None:
        """Make the folders, for their owner alone, and have them be those with this mark.

        Raises:
            OSError: they cannot be made.
        """
        for folder in (self._folder, self._arriving, self._whole, self._made):
            folder.mkdir(parents=True, exist_ok=True, mode=_OWNER_ALONE)
        self.take_mark(mark, self._made)

    @contextmanager
    def arriving_of(self, file_id: str) -> Iterator[Arriving]:
        """Open what has arrived of a file, for one writer at a time of all processes.

        Raises:
            FileInHand: somebody else has it open.
            OSError: the disk is full, or gone.
        """
        self.require()
        opened = os.open(self._arriving / file_id, os.O_RDWR | os.O_CREAT, 0o600)
        with os.fdopen(opened, "r+b") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)  # ends with its process
            except BlockingIOError:
                raise FileInHand("another request brings bytes of this file") from None
            yield Arriving(file)

    def name(self, file_id: str, sha256: str) -> None:
        """Give what has arrived its lasting name; done before is fine.

        Raises:
            FileChanged: it is not there, and was not named before.
            OSError: the disk is gone.
        """
        arrived = self._arriving / file_id
        with self._unswept():
            if not self._has_arrived(file_id, sha256):
                arrived.unlink(missing_ok=True)
            self._take(arrived, sha256)
        crashpoint("file_named")

    def keep(self, made: Path) -> str:
        """Take a file into the spool under its hash, and return that.

        Raises:
            FileChanged: it is not there.
            OSError: the disk is gone.
        """
        with self._unswept():
            try:
                sha256 = sha256_of(made)
            except FileNotFoundError:
                raise gone() from None
            self._take(made, sha256)
        return sha256

    def _take(self, file: Path, sha256: str) -> None:
        """Give a file its lasting name; what has it already is the same, and young again."""
        whole = self.path(sha256)
        try:
            os.utime(whole)
            file.unlink(missing_ok=True)
        except FileNotFoundError:
            try:
                file.replace(whole)
            except FileNotFoundError:
                raise gone() from None
            sync(self._whole)

    def path(self, sha256: str) -> Path:
        """Return where the bytes with this hash are, if they are."""
        return self._whole / sha256

    def has_lost(self, sha256: str, file_id: str | None = None) -> bool:
        """Return whether the bytes with this hash are not there, though the folder for them is.

        Args:
            file_id: of what may not have that name yet.
        """
        is_arriving = file_id is not None and self._has_arrived(file_id, sha256)
        if is_arriving or self.path(sha256).exists():
            return False
        return self._whole.is_dir() and self.is_there()

    def _has_arrived(self, file_id: str, sha256: str) -> bool:
        """Return whether the bytes lie where they arrived; who only opened it left it empty."""
        arrived = self._arriving / file_id
        return size_of(arrived) > 0 or (sha256 == _OF_NOTHING and arrived.exists())

    def at_hand(self, sha256: str) -> Path:
        """Return a path of this machine where the bytes with this hash are.

        Raises:
            FileChanged: they are gone.
            OSError: they cannot be reached.
        """
        path = self.path(sha256)
        if not path.exists():
            self.require()
            raise gone()
        return path

    def making(self, name: str) -> Path:
        """Return where something may be made that `keep` takes in afterwards.

        Raises:
            OSError: the disk is gone.
        """
        self.require()
        return self._made / name

    @contextmanager
    def open(self, sha256: str) -> Iterator[BinaryIO]:
        """Open the bytes with this hash for reading.

        Raises:
            FileChanged: they are gone.
            OSError: the disk is gone.
        """
        try:
            file = self.path(sha256).open("rb")
        except FileNotFoundError:
            self.require()
            raise gone() from None
        with file:
            yield file

    def sweep(self, is_known: Callable[[], Known], before_s: float) -> int:
        """Remove what no row knows, and return how many files that were.

        Args:
            is_known: returns what rows know, asked while nothing is named.
            before_s: of what is whole or was being made, only what was last written before then;
                Unix time. A row follows its file.
        """
        with self._unswept(alone=True):
            arriving = list(self._arriving.iterdir())  # before the rows: a file follows its row
            known = is_known()
            gone = [path for path in arriving if path.name not in known.arriving]
            gone += [
                path
                for path in (*self._whole.iterdir(), *self._made.iterdir())
                if path.name not in known.whole and written_s(path) < before_s
            ]
            for path in gone:
                path.unlink(missing_ok=True)
        return len(gone)

    def used_bytes(self) -> int:
        """Return how many bytes all of it has."""
        return sum(map(size_of, self._folder.rglob("*")))

    def free_bytes(self) -> int:
        """Return how many bytes the disk has left for us.

        Raises:
            OSError: the disk is gone.
        """
        self.require()
        return shutil.disk_usage(self._folder).free

    @contextmanager
    def _unswept(self, alone: bool = False) -> Iterator[None]:
        """Name something while nobody sweeps; or sweep, `alone`, while nobody names anything."""
        self.require()
        with (self._folder / "sweep.lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX if alone else fcntl.LOCK_SH)
            yield
