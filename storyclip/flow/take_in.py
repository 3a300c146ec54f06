"""Taking a user's file in: announced, brought in pieces, whole, and then looked into by others.

What is told to be there is on the disk, and its row says so. Who is killed loses what came since
the last note; who is killed at the end leaves a row from which the media process goes on.
"""

from __future__ import annotations

import hashlib
from base64 import b64encode
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from storyclip.domain.file_errors import (
    ChecksumWrong,
    FileFull,
    FileTooBig,
    OffsetWrong,
    SpoolFull,
    TooManyFiles,
)
from storyclip.domain.upload_errors import FileChanged
from storyclip.domain.user_file import FileState, UserFile
from storyclip.media.judging import gone
from storyclip.spool.local import Arriving, Spool
from storyclip.store.files import brought, files, pieces

NOTED_BYTES = 4 << 20  # what a kill may lose of a fast line
NOTED_S = 2.0  # and of a slow one
NAMED_WITHIN = timedelta(seconds=15)  # then the media process does it
MOST_ARRIVING = 200  # files of one user that are begun and not whole
DISK_KEPT_BYTES = 500_000_000  # that we leave free: databases and logs live on the same disk

CHECKSUMS: dict[str, Callable[[], Any]] = {
    "sha1": lambda: hashlib.sha1(usedforsecurity=False),  # every tus client has it
    "sha256": hashlib.sha256,
}


@dataclass(frozen=True, slots=True)
class Room:
    """How many bytes one file, all of them together, and all of one user's may have."""

    of_one: int
    of_all: int
    of_user: int


@dataclass(frozen=True, slots=True)
class Announced:
    """A file whose bytes are to come; `sha256` in hexadecimal digits, where the client knows it."""

    name: str
    size: int
    options: dict[str, Any]
    sha256: str | None = None


@dataclass(frozen=True, slots=True)
class Checksum:
    """What the bytes of one request are to be; `value` in base64."""

    kind: str
    value: str


def begin(user_id: str, wanted: Announced, at: datetime, spool: Spool, room: Room) -> UserFile:
    """Return a new file whose bytes may come, or the user's own with the same bytes.

    Raises:
        FileTooBig, TooManyFiles, SpoolFull, StoreUnavailable: nothing was written.
        FileChanged, OSError: the user's bytes are gone, or the disk is.
    """
    if wanted.size > room.of_one:
        raise FileTooBig(wanted.size, room.of_one)
    if wanted.sha256 is not None:
        _forget_lost(user_id, wanted.sha256, wanted.options, spool)
        there = files.same(user_id, wanted.sha256, wanted.options)
        if there is not None and there.size == wanted.size:
            return there
        _require_share(user_id, wanted.size, room)
        is_brought = brought.has(user_id, wanted.sha256, wanted.size)
        if is_brought and not spool.has_lost(wanted.sha256):  # and is to be made otherwise
            return _begin_anew(user_id, wanted, at, spool)
        if begun := files.begun(user_id, wanted.sha256, wanted.size, wanted.options):
            return begun  # whoever began it was interrupted, or does so now
    if (running := files.arriving(user_id)) >= MOST_ARRIVING:
        raise TooManyFiles(running, MOST_ARRIVING)
    _require_share(user_id, wanted.size, room)
    left = min(room.of_all - spool.used_bytes(), spool.free_bytes() - DISK_KEPT_BYTES)
    left -= brought.announced_bytes()
    if wanted.size > left:
        raise SpoolFull(wanted.size, left)
    return files.begin(user_id, wanted.name, wanted.size, wanted.options, at, wanted.sha256)


def _require_share(user_id: str, size: int, room: Room) -> None:
    """Leave room for others: what a user announced is theirs before a byte of it came.

    Bytes that are made into several files count with each: every one is about as large again.

    Raises:
        SpoolFull: it is more than a user may have.
    """
    if size > (left := room.of_user - brought.bytes_of(user_id)):
        raise SpoolFull(size, left)


def _begin_anew(user_id: str, wanted: Announced, at: datetime, spool: Spool) -> UserFile:
    """Return a new file of bytes that the user brought before: none of them need come again."""
    assert wanted.sha256 is not None
    file = files.begin(user_id, wanted.name, wanted.size, wanted.options, at)
    files.all_received(file.id, 0, wanted.sha256, at, at + NAMED_WITHIN)
    finish(files.find(file.id), spool, lambda: at)
    return files.find(file.id)


def receive(
    file_id: str,
    offset: int,
    blocks: Iterable[bytes],
    checksum: Checksum | None,
    spool: Spool,
    now: Callable[[], datetime],
    monotonic: Callable[[], float],
) -> UserFile:
    """Take bytes of a file in from `offset` on, and return it as it is then.

    What raises in `blocks` leaves what came before it, unless there is a checksum for all of them.

    Raises:
        FileInHand, OffsetWrong, FileFull, ChecksumWrong: see there; nothing more was taken in.
        NotFound: there is no such file any more.
        FileChanged: what was noted is gone; it begins with the first byte again.
        OSError, StoreUnavailable, LostRace: the disk is gone, or full; what was noted stays.
    """
    with spool.arriving_of(file_id) as arriving:
        file = files.find(file_id)
        if file.received != offset:
            raise OffsetWrong(file.received)
        if file.state is not FileState.RECEIVING or file.sha256 is not None:
            return file  # a repeat of what was the last request
        try:
            arriving.go_on_at(offset)
        except FileChanged:  # it comes from the beginning, also by who has the same row again
            files.received(file_id, offset, 0, now())
            raise
        taking = _Taking(file, arriving, now, monotonic)
        if checksum is None:
            taking.take(blocks)
        else:
            taking.take_checked(blocks, checksum)
        if arriving.end < file.size:
            return files.find(file_id)
        taking.note_all()
    finish(files.find(file_id), spool, now)
    return files.find(file_id)


def finish(file: UserFile, spool: Spool, now: Callable[[], datetime]) -> None:
    """Name a file of which everything is there, and have it looked into; done before is fine.

    Raises:
        FileChanged, OSError, StoreUnavailable: it is done again.
    """
    assert file.sha256 is not None
    spool.name(file.id, file.sha256)
    _forget_lost(file.user_id, file.sha256, file.options, spool)
    files.arrived(file, file.sha256, now())


def _forget_lost(user_id: str, sha256: str, options: dict[str, Any], spool: Spool) -> None:
    """Refuse the user's ready files of these bytes of which the disk has a piece no more.

    Who brings them again has them made anew, instead of being told that they are there.
    """
    while (there := files.same(user_id, sha256, options)) is not None:
        if not any(spool.has_lost(piece.name) for piece in pieces.of_file(there.id)):
            return
        brought.lost(there.id, [asdict(gone())])


class _Taking:
    """The bytes of one request on their way to the disk, and the row that follows them."""

    def __init__(
        self,
        file: UserFile,
        arriving: Arriving,
        now: Callable[[], datetime],
        monotonic: Callable[[], float],
    ) -> None:
        self._file = file
        self._arriving = arriving
        self._now = now
        self._monotonic = monotonic
        self._noted = file.received
        self._noted_at = monotonic()

    def take(self, blocks: Iterable[bytes]) -> None:
        """Take bytes in, and note them as they come."""
        try:
            for block in blocks:
                self._write(block)
                is_much = self._arriving.end - self._noted >= NOTED_BYTES
                if is_much or self._monotonic() - self._noted_at >= NOTED_S:
                    self._note()
        finally:
            self._note()

    def take_checked(self, blocks: Iterable[bytes], checksum: Checksum) -> None:
        """Take bytes in, and note them when all are those that were sent."""
        found = CHECKSUMS[checksum.kind]()
        for block in blocks:
            self._write(block)
            found.update(block)
        if b64encode(found.digest()).decode() != checksum.value:
            raise ChecksumWrong("the bytes are others than those that were sent")
        self._note()

    def note_all(self) -> None:
        """Note what the whole file is.

        Raises:
            ChecksumWrong: another one than was announced; it is to be sent anew.
        """
        sha256, at = self._arriving.sha256(), self._now()
        if self._file.promised not in (None, sha256):
            self._arriving.forget()
            files.received(self._file.id, self._noted, 0, at)
            raise ChecksumWrong("the whole file is another one than was announced")
        files.all_received(self._file.id, self._noted, sha256, at, at + NAMED_WITHIN)
        self._arriving.noted()

    def _write(self, block: bytes) -> None:
        if self._arriving.end + len(block) > self._file.size:
            raise FileFull(f"the file was announced with {self._file.size:,} bytes")
        self._arriving.write(block)

    def _note(self) -> None:
        self._noted_at = self._monotonic()
        if self._arriving.end == self._noted:
            return
        self._arriving.sync()
        if self._arriving.end < self._file.size:  # the last is noted with what the whole is
            files.received(self._file.id, self._noted, self._arriving.end, self._now())
            self._arriving.noted()
            self._noted = self._arriving.end
