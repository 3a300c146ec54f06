"""Taking a user's file in: announced, brought in pieces, whole, and then looked into by others.

What is told to be there is on the disk, and its row says so. Who is killed loses what came since
the last note; who is killed at the end leaves a row from which the media process goes on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from storyclip.domain.file_errors import (
    FileTooBig,
    OffsetWrong,
    SpoolFull,
    TooManyFiles,
)
from storyclip.domain.upload_errors import FileChanged
from storyclip.domain.user_file import FileState, UserFile
from storyclip.flow.disk_room import DISK_KEPT_BYTES
from storyclip.flow.taking import NAMED_WITHIN, Checksum, Taking
from storyclip.media.judging import gone
from storyclip.spool.local import Spool
from storyclip.store.files import brought, files, pieces

MOST_ARRIVING = 200  # files of one user that are begun and not whole


@dataclass(frozen=True, slots=True)
class Room:
    """How many bytes one file, all of them together, and all of one user's may have."""

    of_one: int
    of_all: int
    of_user: int


@dataclass(frozen=True, slots=True)
class Announced:
    """A file whose bytes are to come; `sha256` in hexadecimal digits, where the client knows it.

    `metadata` are the client's words about it, which it may ask for again.
    """

    name: str
    size: int
    options: dict[str, Any]
    sha256: str | None = None
    metadata: str | None = None


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
    return files.begin(
        user_id,
        wanted.name,
        wanted.size,
        wanted.options,
        at,
        promised=wanted.sha256,
        metadata=wanted.metadata,
    )


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
    file = files.begin(
        user_id, wanted.name, wanted.size, wanted.options, at, metadata=wanted.metadata
    )
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
        SpoolFull: others filled the disk meanwhile; what was noted stays.
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
        taking = Taking(file, arriving, now, monotonic, spool.free_bytes)
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
