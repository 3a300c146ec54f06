"""What the outside is told of clips and batches, field by field: `views` fills it in.

The web makes the OpenAPI document from these types: a field is named here and nowhere else.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal, NotRequired, TypedDict

from storyclip.domain.batch import Phase, Status
from storyclip.domain.clip import State
from storyclip.domain.clip_words import ErrorFacts
from storyclip.domain.dates.mode import Mode
from storyclip.domain.dates.shown import Count, Dated, Instant, Number
from storyclip.domain.errors import RetrySafety
from storyclip.domain.network import Network

Kind = Literal["progress", "paused", "resumed", "completed", "error", "cancelled"]
Percent = Annotated[int, ("minimum", 0), ("maximum", 100)]


class ClipView(TypedDict):
    """One clip. `retrySafety` says whether sending it again could show the story twice.

    `errorFacts`: which sentence `error` is, and what is filled in there; `said` are somebody else's
    words. Events of before 0.3 lack it.
    """

    index: Number
    id: str
    url: str
    title: str
    status: State
    metricoolPostId: str | None
    facebookPostId: str | None
    publicUrl: str | None
    error: str | None
    errorCode: str | None
    errorFacts: NotRequired[ErrorFacts]
    retrySafety: RetrySafety | None
    attempts: Count
    scheduledAt: Instant | None
    uploadedAt: Instant | None
    publishedAt: Instant | None


class EventView(TypedDict):
    """One committed change of a batch, and what it is like after it.

    `error`, of the type `error` alone: why nothing of the batch was published; `errorFacts` as of
    a clip.
    """

    type: Kind
    batchId: str
    seq: Number
    current: Count
    total: Count
    published: Count
    errors: Count
    unconfirmed: Count
    cancelled: Count
    currentStory: str | None
    status: Status
    clip: ClipView | None
    error: NotRequired[str | None]
    errorFacts: NotRequired[ErrorFacts]
    timestamp: Instant


class StreamEnd(TypedDict):
    """The last that a stream says of a batch: it has ended, with this event."""

    batchId: str
    lastSeq: Count


class Waiting(TypedDict):
    """For how many seconds the current clip has been checked, of how many."""

    elapsed: float
    total: float


class Counts(TypedDict):
    """The clips of a batch, counted by how they ended."""

    total: Count
    published: Count
    failed: Count
    unconfirmed: Count
    cancelled: Count


class Facts(TypedDict):
    """What a batch's status and its summary have in common. `errorCode` names the sentence."""

    batchId: str
    tenant: str
    jobId: str | None
    status: Status
    phase: Phase
    publishMode: Mode
    accountId: str
    network: Network
    progress: Percent
    currentIndex: Count
    currentStory: str | None
    currentStatus: State | None
    waitProgress: Waiting
    scheduledFor: Instant | None
    schedule: Dated
    createdAt: Instant
    startedAt: Instant | None
    completedAt: Instant | None
    error: str | None
    errorCode: str | None
    errorFacts: ErrorFacts
    lastSeq: Count


class StrangerView(TypedDict):
    """A story in Metricool that no row of StoryClip's knows: made while its database was another.

    `clip` is the one that it would be, by its minute or by its place, if it is StoryClip's; None
    too where that is somebody else's. `fits` tells whether there is one.
    """

    name: str
    postId: str
    status: str
    scheduledAt: Instant | None
    createdAt: Instant | None
    publicUrl: str | None
    media: Sequence[str]
    fits: bool
    clip: ClipNamed | None


class ClipNamed(TypedDict):
    """Which clip of which batch."""

    batchId: str
    index: Number
    title: str


class BatchStatus(Facts):
    """A batch with all its clips.

    `strangers`, where there are any: nothing more of it is sent until somebody says whether these
    stories are its own.
    """

    posts: Counts
    clips: Sequence[ClipView]
    strangers: NotRequired[Sequence[StrangerView]]


class Summary(Facts, Counts):
    """A batch without its clips."""


class Whole(Summary):
    """The same with all its clips."""

    clips: Sequence[ClipView]
