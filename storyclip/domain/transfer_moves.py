"""What becomes of a transfer over what was observed: each move with all its columns.

A mishap that is not the transfer's own (the account is denied, Metricool busy or not to be
reached) moves nothing here: it means the lane, as with every other call.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import get_args

from storyclip.domain.changing import replace
from storyclip.domain.errors import (
    MAX_WORDS,
    ErrorCode,
    MediaUnavailable,
    UpstreamDenied,
    UpstreamLookFailed,
    UpstreamRefused,
    UpstreamUnanswered,
)
from storyclip.domain.transfer import Stage, Transfer
from storyclip.domain.upload import MeasuredFile, Part, Upload
from storyclip.domain.upload_errors import (
    FileChanged,
    PartNotSent,
    PartRefused,
    SourceNotFetched,
    UploadGone,
    UploadMisdirected,
    UploadsOff,
)

MOST_REFUSALS = 1  # a new upload is signed anew; who refuses that as well means the file

Mishap = (
    MediaUnavailable
    | PartNotSent
    | PartRefused
    | SourceNotFetched
    | UploadGone
    | UploadMisdirected
    | UpstreamLookFailed
    | UpstreamRefused
    | UpstreamUnanswered
    | FileChanged
)
MISHAPS: tuple[type[Mishap], ...] = get_args(Mishap)


def fetched(transfer: Transfer, file: MeasuredFile) -> Transfer:
    """Go on with a file that was fetched from its address."""
    return replace(transfer, file=file, setbacks=0, again_at=None)


def opened(transfer: Transfer, upload: Upload, at: datetime) -> Transfer:
    """Go on with a new upload: nothing is sent to it yet. `at` is when it was asked for."""
    return replace(
        transfer,
        stage=Stage.OPENED,
        upload=upload,
        expires_at=at + timedelta(seconds=upload.lives_s),
        etags=(None,) * len(transfer.file.parts),
        patches=0,
        uploads=transfer.uploads + 1,
        again_at=None,
        denied=None,
        lacks_uploads=False,
    )


def put_off(transfer: Transfer, again_at: datetime) -> Transfer:
    """Wait for what is no fault of the transfer: Metricool is away, or busy."""
    return replace(transfer, again_at=again_at, denied=None, lacks_uploads=False, is_unread=False)


def unread(transfer: Transfer, again_at: datetime) -> Transfer:
    """Wait for the disk that has the bytes, and say so; however long that takes."""
    return replace(put_off(transfer, again_at), is_unread=True)


def denied(transfer: Transfer, again_at: datetime, denial: UpstreamDenied) -> Transfer:
    """Wait for what the account is denied, or its plan lacks."""
    lacks_uploads = isinstance(denial, UploadsOff)
    return replace(transfer, again_at=again_at, denied=denial.words, lacks_uploads=lacks_uploads)


def part_sent(transfer: Transfer, part: Part, etag: str) -> Transfer:
    """Note that S3 has a part."""
    etags = (*transfer.etags[: part.number - 1], etag, *transfer.etags[part.number :])
    return replace(transfer, etags=etags, setbacks=0, again_at=None, is_unread=False)


def completing(transfer: Transfer) -> Transfer:
    """Note that a PATCH goes out now: from here on Metricool may have moved the file."""
    return replace(transfer, stage=Stage.COMPLETING, patches=transfer.patches + 1, again_at=None)


def completed(transfer: Transfer, media_url: str) -> Transfer:
    """End well: Metricool has the file, and this is its marker."""
    ended = _without_upload(transfer)
    return replace(ended, stage=Stage.STORED, media_url=media_url, setbacks=0, again_at=None)


def looked(transfer: Transfer, size: int | None, again_at: datetime, most: int) -> Transfer:
    """Take what lies under the key: the whole file is completed again, else it is sent anew."""
    if size == transfer.file.size:
        return replace(transfer, stage=Stage.OPENED, again_at=None)
    return _lost(transfer, transfer.patches, again_at, most)


def gone(transfer: Transfer, again_at: datetime, most: int) -> Transfer:
    """Send the file anew: the PATCH in hand found no such upload; one before it may have."""
    return _lost(transfer, transfer.patches - 1, again_at, most)


def set_back(transfer: Transfer, words: str, again_at: datetime, most: int) -> Transfer:
    """Do the same again later; not more than `most` times in a row, nor with ever new uploads."""
    setbacks = transfer.setbacks + 1
    if setbacks >= most or transfer.uploads > most:
        return failed(transfer, words, ErrorCode.UPSTREAM_UNAVAILABLE)
    return replace(transfer, setbacks=setbacks, again_at=again_at)


def refused(transfer: Transfer, words: str) -> Transfer:
    """Open another upload, once; refused again, it is the file that nobody takes."""
    anew = _without_upload(transfer, unanswered=transfer.patches - 1)
    if transfer.refusals >= MOST_REFUSALS:
        return failed(anew, words, ErrorCode.MEDIA_REFUSED)
    return replace(anew, stage=Stage.WANTED, refusals=transfer.refusals + 1, again_at=None)


def failed(transfer: Transfer, words: str, code: ErrorCode) -> Transfer:
    """End without a URL for the file; nothing of it can ever be published."""
    ended = _without_upload(transfer, unanswered=transfer.patches)
    return replace(
        ended, stage=Stage.FAILED, again_at=None, error=words[:MAX_WORDS], error_code=code
    )


def let_go(transfer: Transfer) -> Transfer:
    """Forget the open upload, aborted or left to expire: the clip is paused or cancelled.

    Whoever resumes it begins anew: what went wrong before is not counted.
    """
    return replace(
        _without_upload(transfer, unanswered=transfer.patches),
        stage=Stage.WANTED,
        uploads=0,
        setbacks=0,
        refusals=0,
        again_at=None,
    )


def after(transfer: Transfer, mishap: Mishap, again_at: datetime, most: int) -> Transfer:
    """Return what becomes of a transfer whose step went wrong.

    Args:
        again_at: when to try again, by the caller's backoff.
        most: setbacks in a row after which it fails.

    Raises:
        ValueError: the mishap means the lane, and not this transfer.
    """
    match mishap:
        case UpstreamDenied():
            raise ValueError("a denied account moves no transfer: its lane is held")
        case FileChanged():
            return failed(transfer, str(mishap), ErrorCode.MEDIA_UNAVAILABLE)
        case PartRefused() | UploadMisdirected():
            return refused(transfer, str(mishap))
        case UpstreamRefused() if transfer.stage is Stage.COMPLETING:
            return refused(transfer, str(mishap))
        case UpstreamRefused():
            return failed(transfer, str(mishap), ErrorCode.MEDIA_REFUSED)
        case UploadGone():
            return gone(transfer, again_at, most)
        case _:
            return set_back(transfer, str(mishap), again_at, most)


def _lost(transfer: Transfer, unanswered: int, again_at: datetime, most: int) -> Transfer:
    anew = replace(_without_upload(transfer, unanswered), stage=Stage.WANTED)
    return set_back(anew, "Metricool lost the upload, or its answer", again_at, most)


def _without_upload(transfer: Transfer, unanswered: int = 0) -> Transfer:
    """Forget the open upload; one of its PATCHes that nobody heard answered may have moved it."""
    orphans = transfer.orphans + (unanswered > 0)
    return replace(transfer, upload=None, expires_at=None, etags=(), patches=0, orphans=orphans)
