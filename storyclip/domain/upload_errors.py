"""What can go wrong with a file on its way into Metricool; nothing of it can publish anything.

StoryClipError
├── ask again later    PartNotSent (the same URL), UploadGone (a new upload), UploadStopped,
│                      SourceNotFetched, FileUnread
└── nothing helps      UploadsOff, an UpstreamDenied; PartRefused, UploadMisdirected (both: unless
                       a new upload does), FileChanged
"""

from __future__ import annotations

from storyclip.domain.errors import StoryClipError, UpstreamDenied, UpstreamError


class UploadsOff(UpstreamDenied):
    """Metricool's plan has no uploads: files wait until it has."""


class PartNotSent(UpstreamError):
    """A part did not wholly arrive, or nobody said so: it may be sent again under the same URL."""


class PartRefused(UpstreamError):
    """Amazon said no to a part; `code` is its own word, and all that is kept of its answer."""

    def __init__(self, code: str, status: int) -> None:
        super().__init__(f"Amazon refused the file: {code} (HTTP {status})")
        self.code = code
        self.status = status


class UploadMisdirected(UpstreamError):
    """Metricool named a place that files are not sent to; nothing was sent there."""


class UploadGone(UpstreamError):
    """Metricool knows no such upload: it expired, was aborted, or was completed before."""


class UploadStopped(UpstreamError):
    """Sending was stopped by ourselves, between two blocks."""


class SourceNotFetched(UpstreamError):
    """A clip's file could not be fetched from its address; the text says why."""


class FileUnread(StoryClipError):
    """The disk, or bucket, does not give a file's bytes now; it may again."""


class FileChanged(StoryClipError):
    """A file has not the bytes any more that were measured."""
