"""What can keep the bytes of a user's file from being taken in; what was taken in stays.

StoryClipError
├── fix the request    FileTooBig, FileFull, OffsetWrong, ChecksumWrong
├── ask again later    SpoolFull, SpoolGone, TooManyFiles, FileInHand
└── stop it first      FileInUse
"""

from __future__ import annotations

from storyclip.domain.errors import StoryClipError


class FileTooBig(StoryClipError):
    """More bytes are announced than a file may have."""

    def __init__(self, size: int, most: int) -> None:
        super().__init__(f"the file has {size:,} bytes; at most {most:,} are taken")
        self.facts = {"asked": size, "limit": most}


class SpoolFull(StoryClipError):
    """There is no room for so many bytes now; some come free by themselves."""

    def __init__(self, size: int, left: int) -> None:
        super().__init__(f"there is room for {max(0, left):,} bytes now, and {size:,} are needed")
        self.facts = {"asked": size, "left": max(0, left)}


class SpoolGone(StoryClipError):
    """The disk of users' files does not answer."""


class TooManyFiles(StoryClipError):
    """As many files arrive already as may at once."""

    def __init__(self, running: int, limit: int) -> None:
        super().__init__(f"{running} files arrive already; at most {limit} may at once")
        self.facts = {"running": running, "limit": limit}


class FileInHand(StoryClipError):
    """Another request brings bytes of the same file."""


class FileFull(StoryClipError):
    """More bytes come than were announced."""


class OffsetWrong(StoryClipError):
    """The bytes would not come right behind those that are there; `received` of them are."""

    def __init__(self, received: int) -> None:
        super().__init__(f"{received:,} bytes are there: go on from there")
        self.facts = {"received": received}


class ChecksumWrong(StoryClipError):
    """The bytes are others than those that were sent; they are forgotten."""


class FileInUse(StoryClipError):
    """A batch that is not finished needs the file."""
