"""The way of one clip's bytes into Metricool, and what to do next about it.

    wanted -> opened -> completing -> stored
       ^________|___________|             each may also end failed

Nothing on it publishes, so every step may be repeated; each is written before the next is taken.
`completing` is written before the PATCH: who finds it there does not know whether Metricool has
done it. A simple upload is asked for by its key then; of one in parts S3 shows nothing before they
are joined, so the PATCH itself is the question. Moves: `storyclip/domain/transfer_moves.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from storyclip.domain.errors import ErrorCode
from storyclip.domain.upload import MeasuredFile, Part, Upload

EXPIRY_MARGIN = timedelta(seconds=60)  # the head of a PUT has to reach S3 before its URL dies


class Stage(StrEnum):
    """How far a transfer is."""

    WANTED = "wanted"  # no upload is open for it
    OPENED = "opened"  # its parts go up, or have
    COMPLETING = "completing"  # a PATCH goes out, or went out and nobody knows what came of it
    STORED = "stored"  # Metricool has the file, under a URL of its own
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Transfer:
    """One clip's file on its way into Metricool; all that a row has to keep between two steps.

    `etags` are S3's names of the parts, None for those not sent to the open upload. `setbacks`
    count since something last went well, `refusals` never begin anew. `orphans` are files that
    Metricool may have under URLs that nobody was told: harmless, but in its library. A `file`
    without parts has to be fetched first.
    """

    account_id: str
    file: MeasuredFile
    stage: Stage = Stage.WANTED
    upload: Upload | None = None
    expires_at: datetime | None = None  # by our time
    etags: tuple[str | None, ...] = ()
    patches: int = 0  # how often completing the open upload was begun
    uploads: int = 0  # opened so far
    setbacks: int = 0
    refusals: int = 0
    orphans: int = 0
    again_at: datetime | None = None  # nothing is done before
    media_url: str | None = None
    denied: str | None = None  # what the account or its plan does not allow, until it does
    lacks_uploads: bool = False  # what is denied is uploads: the plan has none
    is_unread: bool = False  # the disk, or bucket, does not give the bytes
    error: str | None = None
    error_code: ErrorCode | None = None

    @property
    def sent_bytes(self) -> int:
        """Return how many bytes S3 has of the open upload."""
        sent = zip(self.file.parts, self.etags, strict=False)
        return sum(part.size for part, etag in sent if etag is not None)

    @property
    def is_sent(self) -> bool:
        """Return whether S3 has every part."""
        return bool(self.etags) and None not in self.etags


@dataclass(frozen=True, slots=True)
class Fetch:
    """Fetch the file from its address: nothing is known of it yet."""


@dataclass(frozen=True, slots=True)
class Open:
    """Open an upload; another one where there is one that lives no more."""


@dataclass(frozen=True, slots=True)
class SendPart:
    """Send this part to the open upload."""

    part: Part


@dataclass(frozen=True, slots=True)
class Complete:
    """Write `completing`, then complete the open upload."""


@dataclass(frozen=True, slots=True)
class LookByKey:
    """Ask whether the simple upload still lies where it was sent."""


@dataclass(frozen=True, slots=True)
class Wait:
    """Do nothing before."""

    until: datetime


@dataclass(frozen=True, slots=True)
class Ended:
    """Do nothing any more: it is stored or failed."""


Step = Fetch | Open | SendPart | Complete | LookByKey | Wait | Ended


def next_step(transfer: Transfer, now: datetime) -> Step:
    """Return what is to be done about a transfer, given what has been observed of it."""
    if transfer.stage in (Stage.STORED, Stage.FAILED):
        return Ended()
    if transfer.again_at is not None and now < transfer.again_at:
        return Wait(transfer.again_at)
    if not transfer.file.parts:
        return Fetch()
    if transfer.stage is Stage.WANTED or transfer.upload is None:
        return Open()
    if transfer.stage is Stage.COMPLETING:
        return LookByKey() if transfer.upload.is_simple else Complete()
    if transfer.is_sent:
        return Complete()  # the URLs may be dead by now; what was sent under them is not
    if transfer.expires_at is None or now >= transfer.expires_at - EXPIRY_MARGIN:
        return Open()
    return SendPart(_first_unsent(transfer))


def _first_unsent(transfer: Transfer) -> Part:
    parts = zip(transfer.file.parts, transfer.etags, strict=True)
    return next(part for part, etag in parts if etag is None)
