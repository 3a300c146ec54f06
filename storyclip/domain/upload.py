"""A file's bytes, the parts they are sent in, and what Metricool opens for them.

Nothing of an upload publishes: each of its calls may be repeated. Source: metricool.md §4.2.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import BinaryIO, Protocol

ONE_PART_BYTES = 50_000_000  # the web uploader's CHUNK_FILE: up to it a file goes in one part
MIN_PART_BYTES = 25_000_000  # its CHUNK_MIN_PART; S3 itself joins none under 5 MiB

START_S = 30.0
SLOWEST_BYTES_A_SECOND = 128_000  # a phone's hotspot at its worst


@dataclass(frozen=True, slots=True)
class Part:
    """A run of a file's bytes, `end` exclusive; `sha256` is the base64 that S3 wants."""

    number: int  # from 1
    start: int
    end: int
    sha256: str

    @property
    def size(self) -> int:
        """Return how many bytes it has."""
        return self.end - self.start


@dataclass(frozen=True, slots=True)
class MeasuredFile:
    """What has to be known of a file before its first byte is sent."""

    content_type: str  # "video/mp4", "image/jpeg"
    extension: str  # "mp4", "jpg"
    parts: tuple[Part, ...]  # one after the other from byte 0

    @property
    def size(self) -> int:
        """Return how many bytes it has."""
        return self.parts[-1].end if self.parts else 0


@dataclass(frozen=True, slots=True)
class Upload:
    """One transaction, open for as long as its URLs live; simple without an `upload_id`.

    Who has one of the URLs may write into Metricool's bucket: they are in no log and no answer.
    """

    key: str
    bucket: str
    upload_id: str | None
    file_url: str | None  # where it lies until it is completed; no credential
    urls: tuple[str, ...] = field(repr=False)  # one a part, in their order
    lives_s: float  # seconds that the URLs lived on when they came, by Metricool's own clock

    @property
    def is_simple(self) -> bool:
        """Return whether it has one part, that lies under its key as soon as it is sent."""
        return self.upload_id is None


def runs_of(size: int) -> tuple[tuple[int, int], ...]:
    """Return where the parts of a file of so many bytes begin and end.

    Even ones, of 25 MB at least: what is lost with a line is sent again, from its part on.
    """
    many = 1 if size <= ONE_PART_BYTES else size // MIN_PART_BYTES
    return tuple((size * n // many, size * (n + 1) // many) for n in range(many))


def deadline_s(size: int) -> float:
    """Return how many seconds sending so many bytes may take."""
    return START_S + size / SLOWEST_BYTES_A_SECOND


class Uploads(Protocol):
    """The calls that put a file into Metricool. Every one ends within a deadline of its own."""

    def open(self, account_id: str, file: MeasuredFile) -> Upload:
        """Have one URL signed for each part. What is not completed expires by itself.

        Raises:
            UploadsOff: the plan has no uploads. An UpstreamDenied, as all of 401, 402 and 403.
            UpstreamDenied, UpstreamBusy, UpstreamUnreachable
            UpstreamRefused: 4xx with Metricool's envelope.
            UploadMisdirected: it names a place that files are not sent to.
            MediaUnavailable: everything else; open another.
        """

    def send_part(
        self,
        upload: Upload,
        file: MeasuredFile,
        part: Part,
        source: BinaryIO,
        should_stop: Callable[[], bool] = ...,
        on_progress: Callable[[int], None] = ...,
    ) -> str:
        """Send one part in blocks, and return the ETag that S3 gave it ("" if it gave none).

        `should_stop` is asked before each block; `on_progress` is told how many bytes of the part
        left this process. Over after `deadline_s(part.size)`. `source` can be sought in.

        Raises:
            PartNotSent: it may be sent again under the same URL while that lives.
            PartRefused: S3 said no; `code` is its word for it.
            UploadMisdirected: the URL is none that files are sent to.
            UploadStopped: `should_stop` said so, or the process is stopping.
            FileChanged: the source has not the bytes that were measured.
        """

    def complete(self, account_id: str, upload: Upload, etags: Sequence[str]) -> str:
        """Have what was sent moved to where it lasts, and return its URL there: one of its own.

        Raises:
            UploadGone: Metricool knows no such upload (any more).
            UpstreamUnanswered: it may be done; for a simple one, look with `size_of`.
            UpstreamRefused: 4xx with Metricool's envelope.
            UpstreamDenied, UpstreamBusy, UpstreamUnreachable: surely not done.
        """

    def size_of(self, account_id: str, upload: Upload) -> int | None:
        """Return how many bytes lie under a simple upload's key; None: none, or moved already.

        Raises:
            UpstreamDenied, UpstreamBusy, UpstreamUnreachable, UpstreamLookFailed
        """

    def abort(self, account_id: str, upload: Upload) -> None:
        """Have what was sent forgotten; what is gone already is fine. Only a courtesy.

        Raises:
            UpstreamDenied, UpstreamBusy, UpstreamUnreachable, UpstreamLookFailed
        """
