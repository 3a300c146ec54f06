"""The objects of a bucket, as far as the spool needs them; the one place that knows obstore.

Whatever goes wrong there is an OSError, without a word of how we are known there.
"""

from __future__ import annotations

import ctypes
import sys
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import IO, TYPE_CHECKING

import obstore
from obstore.exceptions import BaseError
from obstore.store import S3Store

if TYPE_CHECKING:
    from obstore.store import S3Config  # there for types alone

READ_BYTES = 1 << 20  # of one request: what lies in memory at a time, and fits its time
PART_BYTES = 5 << 20  # the smallest part of S3; one of each writer lies in memory
CARRIED_AT_ONCE = 2  # blocks in one process: each takes some 10 MB of memory meanwhile
KEPT_BLOCK_BYTES = 256 << 10  # larger ones the C library gives back at once
_M_MMAP_THRESHOLD = -3  # of glibc
REQUEST_S = "60s"
CONNECT_S = "5s"
RETRIES = 3


@dataclass(frozen=True, slots=True)
class Place:
    """Which bucket, and where in it; without an `endpoint` it is Amazon's."""

    bucket: str
    prefix: str
    endpoint: str | None
    region: str


@dataclass(frozen=True, slots=True)
class Found:
    """An object: its name below the prefix, and when it was written; Unix time."""

    name: str
    size: int
    written_s: float


class Objects:
    """The objects below one prefix."""

    def __init__(self, place: Place, key: str, secret: str) -> None:
        self._place = place
        self._key, self._secret = key, secret
        self._carrying = threading.BoundedSemaphore(CARRIED_AT_ONCE)

    @cached_property
    def _store(self) -> S3Store:
        _give_memory_back()
        place = self._place  # made by who uses it first: it has threads, which no fork carries
        config: S3Config = {
            "access_key_id": self._key,
            "secret_access_key": self._secret,
            "region": place.region,
        }
        if place.endpoint is not None:
            config["endpoint"] = place.endpoint
        is_plain = place.endpoint is not None and place.endpoint.startswith("http:")
        return S3Store(
            place.bucket,
            prefix=place.prefix or None,
            config=config,
            client_options={
                "timeout": REQUEST_S,
                "connect_timeout": CONNECT_S,
                "allow_http": is_plain,
            },
            retry_config={"max_retries": RETRIES},
        )

    def put(self, name: str, data: IO[bytes] | Iterable[bytes]) -> None:
        """Write an object, over one that is there.

        Raises:
            OSError: it is not written.
        """
        with self._carrying, _spoken():
            obstore.put(self._store, name, data, chunk_size=PART_BYTES, max_concurrency=1)

    def find(self, name: str) -> Found | None:
        """Return an object, None where there is none.

        Raises:
            OSError: nobody can tell.
        """
        try:
            with _spoken():
                meta = obstore.head(self._store, name)
        except FileNotFoundError:
            return None
        return Found(name, meta["size"], meta["last_modified"].timestamp())

    def read(self, name: str, size: int) -> Iterator[bytes]:
        """Yield the bytes of an object of this size, some at a time.

        Raises:
            OSError: they cannot be read; FileNotFoundError: it is not there.
        """
        for start in range(0, size, READ_BYTES):
            with self._carrying, _spoken():
                block = bytes(
                    obstore.get_range(
                        self._store, name, start=start, length=min(READ_BYTES, size - start)
                    )
                )
            yield block

    def list(self, below: str) -> Sequence[Found]:
        """Return the objects whose names begin with a folder.

        Raises:
            OSError: nobody can tell.
        """
        with _spoken():
            return [
                Found(str(one["path"]), one["size"], one["last_modified"].timestamp())
                for page in obstore.list(self._store, below)
                for one in page
            ]

    def remove(self, names: Sequence[str]) -> None:
        """Remove objects; what is gone already is fine.

        Raises:
            OSError: some may be left.
        """
        if names:
            with _spoken():
                obstore.delete(self._store, list(names))


@contextmanager
def _spoken() -> Iterator[None]:
    """Raise what went wrong as the disk's errors are; the first line of its words is enough."""
    try:
        yield
    except FileNotFoundError:
        raise FileNotFoundError("there is no such object") from None
    except (BaseError, OSError) as failure:
        words = str(failure).split("\n", 1)[0][:200]
        raise OSError(f"the bucket of users' files: {words}") from None


def _give_memory_back() -> None:
    """Have large blocks go back when they are free; by itself glibc keeps those of each thread.

    Of ten files at once that were 200 MB. Where there is no glibc nothing is done.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if sys.platform == "linux" and mallopt is not None:
        mallopt(_M_MMAP_THRESHOLD, KEPT_BLOCK_BYTES)
