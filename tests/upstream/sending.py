"""Files to send, and who sends them: what the flow does with a transfer, without its rows."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from storyclip.domain.errors import (
    MediaUnavailable,
    UpstreamDenied,
    UpstreamLookFailed,
    UpstreamRefused,
    UpstreamUnanswered,
)
from storyclip.domain.transfer import (
    Ended,
    LookByKey,
    Open,
    SendPart,
    Step,
    Transfer,
    Wait,
    next_step,
)
from storyclip.domain.transfer_kept import kept, restored
from storyclip.domain.transfer_moves import (
    after,
    completed,
    completing,
    looked,
    opened,
    part_sent,
)
from storyclip.domain.upload import MeasuredFile, Part, Uploads
from storyclip.domain.upload_errors import (
    FileChanged,
    PartNotSent,
    PartRefused,
    UploadGone,
    UploadMisdirected,
)
from storyclip.upstream.metricool import Metricool
from storyclip.upstream.uploads import BLOCK_BYTES
from tests.sandbox.uploading import FIVE_MIB, checksum, halves

ACCOUNT = "2000001"
SMALL = b"one story" * 100
LARGE = bytes(range(256)) * (FIVE_MIB // 256) + b"the rest"
MOST = 5
MISHAPS = (
    FileChanged,
    MediaUnavailable,
    PartNotSent,
    PartRefused,
    UploadGone,
    UploadMisdirected,
    UpstreamLookFailed,
    UpstreamRefused,
    UpstreamUnanswered,
)


class Blockwise(io.BytesIO):
    """A file that is read in blocks or not at all."""

    def read(self, size: int | None = -1, /) -> bytes:
        assert size is not None
        assert 0 < size <= BLOCK_BYTES
        return super().read(size)


def file_of(*bodies: bytes) -> MeasuredFile:
    """A file in these parts; S3 joins none under 5 MiB but the last."""
    parts, start = [], 0
    for number, body in enumerate(bodies, 1):
        parts.append(Part(number, start, start + len(body), checksum(body)))
        start += len(body)
    return MeasuredFile("video/mp4", "mp4", tuple(parts))


def transfer_of(body: bytes) -> Transfer:
    return Transfer(ACCOUNT, file_of(*(halves(body) if len(body) > FIVE_MIB else [body])))


class Sender:
    """Takes one step after the other, through a row each time; waits by moving its own clock."""

    def __init__(self, metricool: Metricool, body: bytes, transfer: Transfer | None = None) -> None:
        self.uploads: Uploads = metricool.uploads
        self.body = body
        self.transfer = transfer or transfer_of(body)
        self.now = datetime.now(UTC)
        self.steps: list[str] = []

    def run(self, until: Callable[[Transfer], bool] = lambda _: False) -> Transfer:
        """Go on to the end, or until it is as wished.

        Raises:
            UpstreamDenied, UpstreamBusy, UpstreamUnreachable, UploadStopped
        """
        while not until(self.transfer):
            step = next_step(self.transfer, self.now)
            if isinstance(step, Ended):
                break
            self.steps.append(type(step).__name__)
            if isinstance(step, Wait):
                self.now = step.until
            else:
                self._take(step)
            self.transfer = restored(kept(self.transfer))
        return self.transfer

    def _take(self, step: Step) -> None:
        again_at = self.now + timedelta(seconds=1)
        try:
            self.transfer = self._done(step, again_at)
        except UpstreamDenied:
            raise
        except MISHAPS as mishap:
            self.transfer = after(self.transfer, mishap, again_at, MOST)

    def _done(self, step: Step, again_at: datetime) -> Transfer:
        transfer, upload = self.transfer, self.transfer.upload
        if isinstance(step, Open):
            return opened(transfer, self.uploads.open(ACCOUNT, transfer.file), self.now)
        assert upload is not None
        if isinstance(step, SendPart):
            source = Blockwise(self.body)
            etag = self.uploads.send_part(upload, transfer.file, step.part, source)
            return part_sent(transfer, step.part, etag)
        if isinstance(step, LookByKey):
            return looked(transfer, self.uploads.size_of(ACCOUNT, upload), again_at, MOST)
        self.transfer = completing(transfer)
        etags = [etag or "" for etag in transfer.etags]
        return completed(self.transfer, self.uploads.complete(ACCOUNT, upload, etags))
