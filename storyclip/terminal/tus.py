"""Bringing a file to the service by tus 1.0; what was cut off goes on where the service has it."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import BinaryIO

from storyclip.terminal.clips import LocalFile, NoClip, require_still
from storyclip.terminal.patience import Patience, Reconnecting, wait
from storyclip.terminal.service import Gone, Service, Unreachable

HASH_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Wishes:
    """How a file is to be prepared: `fit` is blurred or crop, where it is not 9:16."""

    fit: str = "blurred"
    prepare: bool = True


class Sending:
    """One file on its way; a broken line costs what the service does not have yet.

    `told` hears how many bytes have left for the service; less than before once it turns out
    that some did not arrive. `on_loss` hears of each lost connection.
    """

    def __init__(
        self,
        service: Service,
        patience: Patience,
        told: Callable[[int], None],
        on_loss: Callable[[Reconnecting], None],
    ) -> None:
        self._service = service
        self._patience = patience
        self._told = told
        self._on_loss = on_loss

    def send(self, file: LocalFile, sha256: str, wishes: Wishes) -> str:
        """Have the whole file be at the service, and return what it calls it.

        The same bytes sent before, or begun, are gone on with, whoever began.

        Raises:
            Refused: the service does not take it.
            GaveUp: no connection for too long.
            NoClip: the file is not what it was any more.
        """
        words = _words(file, sha256, wishes)
        place: str | None = None
        while True:
            require_still(file)
            try:
                if place is None:
                    place, offset = self._service.announce(file.size, words)
                else:
                    offset = self._service.received(place)
                self._patience.connected()
                self._told(offset)
                while offset < file.size:
                    offset = self._bring(file, place, offset)
                    self._patience.connected()
                return place.rpartition("/")[2]
            except Gone:
                if place is None:
                    raise
                place = None  # it was kept for a day, or removed: begin anew
            except Unreachable as failure:
                later = self._patience.after(failure)
                self._on_loss(later)
                wait(later.wait_s)

    def _bring(self, file: LocalFile, place: str, offset: int) -> int:
        try:
            with file.path.open("rb") as source:
                source.seek(offset)
                rest = _Rest(source, offset, file.size, self._told)
                return self._service.bring(place, offset, rest)
        except OSError as why:  # of the disk; those of the line have become Unreachable
            raise NoClip(f"{file.path}: {why.strerror}.") from None


class _Rest:
    """What is left of a file, read as it is sent: never the whole of it in memory."""

    def __init__(
        self, source: BinaryIO, offset: int, size: int, told: Callable[[int], None]
    ) -> None:
        self._source = source
        self._at, self._size = offset, size
        self._told = told

    def __len__(self) -> int:
        return self._size - self._at

    def __iter__(self) -> Iterator[bytes]:
        while block := self.read():
            yield block

    def read(self, most: int = 65536) -> bytes:
        """Return the next bytes, none behind those that were announced."""
        self._told(self._at)
        block = self._source.read(min(most, self._size - self._at))
        self._at += len(block)
        return block


def sha256_of(file: LocalFile, told: Callable[[int], None]) -> str:
    """Return the SHA-256 of a file in hexadecimal digits; `told` hears how far it is.

    Raises:
        NoClip: the file changed meanwhile.
    """
    digest, read = hashlib.sha256(), 0
    with file.path.open("rb") as source:
        while block := source.read(HASH_BYTES):
            digest.update(block)
            read += len(block)
            told(read)
    require_still(file)
    return digest.hexdigest()


def _words(file: LocalFile, sha256: str, wishes: Wishes) -> str:
    said: Mapping[str, str] = {
        "filename": file.path.name,
        "sha256": sha256,
        "fit": wishes.fit,
        "prepare": "true" if wishes.prepare else "false",
    }
    pairs = (f"{key} {base64.b64encode(_text(word)).decode()}" for key, word in said.items())
    return ",".join(pairs)


def _text(word: str) -> bytes:
    return word.encode(errors="replace")  # a name need not be UTF-8 on a disk
