"""What is told of a user's file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypedDict

from storyclip.domain.dates.shown import Count, Instant
from storyclip.domain.user_file import FileState, Trouble
from storyclip.media.facts import Kind, Light
from storyclip.media.plan import Fit
from storyclip.media.problem import Code, Weight
from storyclip.web.said.shapes import Sentence


class FileFacts(TypedDict):
    """What was measured of a file; null is what it does not tell."""

    kind: Kind
    container: str | None
    seconds: float | None
    width: int | None
    height: int | None
    framesASecond: float | None
    rotation: int | None
    light: Light | None
    codec: str | None
    audioCodec: str | None


class FileProblem(TypedDict):
    """What keeps a file from being a story as it is: `code` for programs, `words` for people."""

    code: Code
    weight: Weight
    facts: dict[str, str | int | float]
    words: Sentence


class FileOptions(TypedDict):
    """How a file was wished to be made; `cutMarks` in seconds, null where StoryClip chose them."""

    fit: Fit
    prepare: bool
    stillAsVideo: bool
    cutMarks: Sequence[float] | None


class PieceView(TypedDict):
    """One story that a file becomes: what it takes of it, and how large it came out."""

    number: Count
    startsAt: float
    seconds: float | None
    isReady: bool
    bytes: int | None


class SendingView(TypedDict):
    """A clip of a file whose bytes are on their way to Metricool: `sent` of `bytes` have left."""

    batchId: str
    clip: Count
    sent: Count
    bytes: Count


class FileWaits(TypedDict):
    """What keeps a file waiting, and is no fault of its own: it goes on once that is over."""

    code: Trouble
    words: Sentence


class FileView(TypedDict):
    """A file of the caller's: how far it is, and what became of it.

    `received` of its `bytes` are there; `progress` is the part of the preparing that is done,
    `sending` what goes to Metricool at the moment, ahead of its turn, `waits` why nothing goes on.
    Announced anew with its `sha256` and other options, it is made anew, and no byte comes again.
    """

    id: str
    name: str
    state: FileState
    sha256: str | None
    options: FileOptions
    bytes: Count
    received: Count
    progress: float
    waits: FileWaits | None
    facts: FileFacts | None
    problems: Sequence[FileProblem]
    poster: str | None
    strip: str | None
    pieces: Sequence[PieceView]
    sending: Sequence[SendingView]
    createdAt: Instant
