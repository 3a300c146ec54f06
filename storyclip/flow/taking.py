"""The bytes of one request on their way to the disk, and the row that follows them."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from storyclip.domain.file_errors import ChecksumWrong, FileFull, SpoolFull
from storyclip.domain.user_file import UserFile
from storyclip.flow.disk_room import DISK_FLOOR_BYTES
from storyclip.spool.arriving import Arriving
from storyclip.store.files import files

NOTED_BYTES = 4 << 20  # what a kill may lose of a fast line
NOTED_S = 2.0  # and of a slow one
NAMED_WITHIN = timedelta(seconds=15)  # then the media process does it

CHECKSUMS: dict[str, Callable[[], Any]] = {
    "sha1": lambda: hashlib.sha1(usedforsecurity=False),  # every tus client has it
    "sha256": hashlib.sha256,
}


@dataclass(frozen=True, slots=True)
class Checksum:
    """What the bytes of one request are to be; `value` in base64."""

    kind: str
    value: str


class Taking:
    """One request's taking in.

    Args:
        monotonic: seconds that never run back.
        free_bytes: of the disk, for all that is on it; raises OSError where that is gone.
    """

    def __init__(
        self,
        file: UserFile,
        arriving: Arriving,
        now: Callable[[], datetime],
        monotonic: Callable[[], float],
        free_bytes: Callable[[], int],
    ) -> None:
        self._file = file
        self._arriving = arriving
        self._now = now
        self._monotonic = monotonic
        self._free_bytes = free_bytes
        self._room_until = 0  # up to where the disk was seen to have room
        self._noted = file.received
        self._noted_at = monotonic()

    def take(self, blocks: Iterable[bytes]) -> None:
        """Take bytes in, and note them as they come.

        Raises:
            FileFull, SpoolFull: more came than was announced, or than there is room for.
            OSError, LostRace, StoreUnavailable: what was noted before stays.
        """
        try:
            for block in blocks:
                self._write(block)
                is_much = self._arriving.end - self._noted >= NOTED_BYTES
                if is_much or self._monotonic() - self._noted_at >= NOTED_S:
                    self._note()
        finally:
            self._note()

    def take_checked(self, blocks: Iterable[bytes], checksum: Checksum) -> None:
        """Take bytes in, and note them when all are those that were sent.

        Raises:
            ChecksumWrong: they are not; as whatever `take` raises, it leaves nothing of them.
        """
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
        if self._arriving.end >= self._room_until:
            self._require_room()
        self._arriving.write(block)

    def _require_room(self) -> None:
        """See that the databases keep their room; for as much as is noted at a time.

        Raises:
            SpoolFull: less than that is left above their floor.
        """
        left = self._free_bytes() - DISK_FLOOR_BYTES
        if left < NOTED_BYTES:
            raise SpoolFull(self._file.size - self._arriving.end, left)
        self._room_until = self._arriving.end + NOTED_BYTES

    def _note(self) -> None:
        self._noted_at = self._monotonic()
        if self._arriving.end == self._noted:
            return
        self._arriving.sync()
        if self._arriving.end < self._file.size:  # the last is noted with what the whole is
            files.received(self._file.id, self._noted, self._arriving.end, self._now())
            self._arriving.noted()
            self._noted = self._arriving.end
