"""A bucket of an S3 that has users' files, so that web and media may be on different hosts.

    <prefix>/arriving/<file id>/<start>-<end>-<word>    bytes as they were noted, one run an object
    <prefix>/whole/<sha256>                             what arrived, or was made

Of a file that arrives no object is ever written over: two requests that bring the same bytes each
write their own, and the row counts one of them. What is worked on lies in a folder of this machine
meanwhile, and may be lost with it.
"""

from __future__ import annotations

import hashlib
import secrets
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import BinaryIO

from storyclip.domain.crashpoint import crashpoint
from storyclip.spool.arriving import Arriving
from storyclip.spool.disk import gone, sha256_of
from storyclip.spool.local import Known, Spool
from storyclip.spool.objects import Found, Objects
from storyclip.spool.runs import Run, chain_of

ARRIVING, WHOLE = "arriving/", "whole/"
WRITE_BYTES = 256 << 10  # what is read at a time of a file that goes into parts of 5 MB
BOUNDLESS = 1 << 60  # bytes: a bucket is never full, what we may use of it is a setting


class BucketSpool(Spool):
    """The bucket; may be shared by threads, processes and machines.

    Args:
        folder: of this machine, for what is worked on.
    """

    def __init__(self, folder: Path, objects: Objects) -> None:
        super().__init__(folder)
        self._objects = objects

    @property
    def place(self) -> None:
        """Return that any folder does: what is in there may be lost."""
        return

    @contextmanager
    def arriving_of(self, file_id: str) -> Iterator[Arriving]:
        """Open what has arrived of a file; the rows say which of two writers counts.

        Raises:
            OSError: the bucket cannot be reached.
        """
        with tempfile.TemporaryFile(dir=self._made) as scratch:
            yield _Arriving(self._objects, file_id, scratch)

    def name(self, file_id: str, sha256: str) -> None:
        """Put what has arrived together under its lasting name; done before is fine.

        Raises:
            FileChanged: it is not there, and was not named before.
            OSError: the bucket cannot be reached.
        """
        runs = [Run(one) for one in self._objects.list(f"{ARRIVING}{file_id}/")]
        chain = chain_of(runs, max((run.end for run in runs), default=0))
        if chain and self._put_together(chain, sha256):
            crashpoint("file_named")
        elif sha256 == hashlib.sha256().hexdigest():
            self._objects.put(WHOLE + sha256, [b""])
        elif self._objects.find(WHOLE + sha256) is None:
            raise gone()
        self._objects.remove([run.name for run in runs])

    def _put_together(self, chain: Sequence[Run], sha256: str) -> bool:
        """Write the runs as one; written anew though it is there, it is young again."""
        digest = hashlib.sha256()

        def blocks() -> Iterator[bytes]:
            for run in chain:
                for block in self._objects.read(run.name, run.end - run.start):
                    digest.update(block)
                    yield block

        with tempfile.TemporaryFile(dir=self._made) as whole:
            for block in blocks():
                whole.write(block)
            if digest.hexdigest() != sha256:
                return False
            whole.seek(0)
            self._objects.put(WHOLE + sha256, iter(partial(whole.read, WRITE_BYTES), b""))
        return True

    def keep(self, made: Path) -> str:
        """Take a file into the bucket under its hash, and return that; a copy stays at hand.

        Raises:
            FileChanged: it is not there.
            OSError: the bucket cannot be reached.
        """
        try:
            sha256 = sha256_of(made)
            with made.open("rb") as file:
                self._objects.put(WHOLE + sha256, iter(partial(file.read, WRITE_BYTES), b""))
            made.replace(self.path(sha256))
        except FileNotFoundError:
            raise gone() from None
        return sha256

    def has_lost(self, sha256: str, file_id: str | None = None) -> bool:
        """Return whether the bucket says that the bytes with this hash are not there."""
        try:
            if file_id is not None and self._objects.list(f"{ARRIVING}{file_id}/"):
                return False
            return self._objects.find(WHOLE + sha256) is None
        except OSError:  # it says nothing
            return False

    def at_hand(self, sha256: str) -> Path:
        """Return a path of this machine where the bytes with this hash are.

        Raises:
            FileChanged: they are gone.
            OSError: the bucket cannot be reached, or this machine's disk is full.
        """
        path = self.path(sha256)
        if not path.exists():
            part = self.making(f"{sha256}.{secrets.token_hex(4)}.part")
            try:
                with part.open("wb") as file:
                    self._fetch(sha256, file)
                part.replace(path)
            finally:
                part.unlink(missing_ok=True)
        return path

    @contextmanager
    def open(self, sha256: str) -> Iterator[BinaryIO]:
        """Open the bytes with this hash for reading, from this machine if it has them."""
        with suppress(FileNotFoundError), self.path(sha256).open("rb") as file:
            yield file
            return
        with tempfile.TemporaryFile(dir=self._made) as file:
            self._fetch(sha256, file)
            file.seek(0)
            yield file

    def _fetch(self, sha256: str, into: BinaryIO) -> None:
        found = self._objects.find(WHOLE + sha256)
        if found is None:
            raise gone()
        for block in self._objects.read(found.name, found.size):
            into.write(block)

    def sweep(self, is_known: Callable[[], Known], before_s: float) -> int:
        """Remove what no row knows, from the bucket, and this machine's copies of before."""
        arriving = self._objects.list(ARRIVING)  # before the rows: a file follows its row
        old = [one for one in self._objects.list(WHOLE) if one.written_s < before_s]
        known = is_known()
        over = [one for one in arriving if one.name.split("/")[1] not in known.arriving]
        over += [
            one
            for one in old
            if one.name.removeprefix(WHOLE) not in known.whole and self._is_old(one, before_s)
        ]
        self._objects.remove([one.name for one in over])
        for path in (*self._whole.iterdir(), *self._made.iterdir()):
            with suppress(FileNotFoundError):
                if path.stat().st_mtime < before_s:
                    path.unlink()
        return len(over)

    def _is_old(self, one: Found, before_s: float) -> bool:
        """Return whether nobody wrote it anew since it was listed: its row is written by then."""
        found = self._objects.find(one.name)
        return found is not None and found.written_s < before_s

    def used_bytes(self) -> int:
        """Return how many bytes all of it has."""
        return sum(one.size for one in (*self._objects.list(ARRIVING), *self._objects.list(WHOLE)))

    def free_bytes(self) -> int:
        """Return how many bytes are left for us, besides what the settings allow."""
        return BOUNDLESS


class _Arriving(Arriving):
    """What arrives goes to this machine's disk, and with each `sync` to the bucket."""

    def __init__(self, objects: Objects, file_id: str, scratch: BinaryIO) -> None:
        self._objects = objects
        self._folder = f"{ARRIVING}{file_id}/"
        self._scratch = scratch
        self._start = self.end = 0
        self._stale: list[str] = []

    def go_on_at(self, offset: int) -> None:
        """Write behind `offset` next; what else lies there does not count."""
        runs = [Run(one) for one in self._objects.list(self._folder)]
        if offset and not chain_of(runs, offset):
            raise gone()
        self._stale = [run.name for run in runs if run.start >= offset]
        self._start = self.end = offset

    def noted(self) -> None:
        """Remove what others wrote from where we went on: the row counts ours."""
        self._objects.remove(self._stale)
        self._stale = []

    def write(self, block: bytes) -> None:
        """Add bytes."""
        self._scratch.write(block)
        self.end += len(block)

    def sync(self) -> None:
        """Have all of it in the bucket."""
        if self.end > self._start:
            self._scratch.seek(0)
            name = f"{self._folder}{self._start}-{self.end}-{secrets.token_hex(4)}"
            self._objects.put(name, self._scratch)
            self._scratch.seek(0)
            self._scratch.truncate()
            self._start = self.end
        crashpoint("file_block")

    def forget(self) -> None:
        """Remove all of it."""
        self._objects.remove([one.name for one in self._objects.list(self._folder)])
        self._start = self.end = 0

    def sha256(self) -> str:
        """Return the SHA-256 of all of it, in hexadecimal digits."""
        digest = hashlib.sha256()
        runs = [Run(one) for one in self._objects.list(self._folder)]
        for run in chain_of([run for run in runs if run.name not in self._stale], self.end):
            for block in self._objects.read(run.name, run.end - run.start):
                digest.update(block)
        return digest.hexdigest()
