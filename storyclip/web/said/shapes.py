"""What clients are told, field by field: the routes fill it in, the OpenAPI document shows it.

More fields may come. Clips and batches are in `storyclip.domain.shown`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal, NotRequired, TypedDict

from storyclip.domain.batch import OnFailure, Status
from storyclip.domain.dates.shown import Count, Dated, Instant
from storyclip.domain.dates.timetable import PublishSpeed
from storyclip.domain.errors import RefusalCode
from storyclip.domain.holder import Scope
from storyclip.domain.network import Network
from storyclip.domain.refusal_facts import RefusalFacts
from storyclip.domain.shown import ClipNamed, ClipView, StrangerView, Summary, Whole
from storyclip.domain.user import Role

Checks = dict[str, Literal["up", "down"]]
Document = dict[str, Any]  # what OpenAPI says of itself


class Fault(TypedDict):
    """One place of the request, by JSON pointer, and what is wrong with it."""

    pointer: str
    detail: str


class Sentence(TypedDict):
    """The same for people in each language."""

    es: str
    en: str


class ProblemFacts(RefusalFacts):
    """What some problems tell besides: what is down, what a quota has left, how much runs.

    Of a refused wish: `reason`, finer than the code, and what its words depend on. Where a person
    may repeat it with a query parameter, `confirm` names that; without it no confirmation counts.

    `words` are for people, of files alone; the rest of them is in English.
    """

    checks: NotRequired[Checks]
    down: NotRequired[list[str]]
    limit: NotRequired[int]
    left: NotRequired[int]
    running: NotRequired[int]
    asked: NotRequired[int]
    received: NotRequired[int]
    words: NotRequired[Sentence]
    enoughAt: NotRequired[Instant | None]


class ProblemDetails(ProblemFacts):
    """What went wrong (RFC 9457); `code` is for programs and stays, `error` repeats the title."""

    type: str
    title: str
    status: Annotated[int, ("minimum", 400), ("maximum", 599)]
    detail: str
    code: str
    error: str
    errors: NotRequired[list[Fault]]


class OneBatch(TypedDict):
    """One batch."""

    success: Literal[True]
    batch: Whole


class ManyBatches(TypedDict):
    """Several batches, newest first."""

    success: Literal[True]
    batches: list[Summary]
    count: Count


class ActiveBatch(Summary):
    """A batch that is not finished; `clips` are left out of the older ones where there are many."""

    clips: NotRequired[Sequence[ClipView]]


class ActiveBatches(TypedDict):
    """All batches that are not finished, newest first."""

    success: Literal[True]
    batches: list[ActiveBatch]
    count: Count


class Acted(Summary):
    """A batch after somebody's wish, with all of its summary at the top level too."""

    success: Literal[True]
    batch: Summary


class Paused(Acted):
    """A paused batch, and the clips that may go out all the same."""

    mayGoOut: Sequence[int]


class Outcome(TypedDict):
    """The clips of a cancelled batch by index; `unknown` may be out, or may still come out."""

    published: Sequence[int]
    cancelled: Sequence[int]
    failed: Sequence[int]
    unknown: Sequence[int]


class Cancelled(Acted):
    """A cancelled batch, and what is out of it."""

    outcome: Outcome


class HeldLane(TypedDict):
    """An account and network on which nothing is sent until somebody says whose these are.

    `clips` are those of the asker's that a story may have come of.
    """

    accountId: str
    network: Network
    heldAt: Instant | None
    strangers: Sequence[StrangerView]
    clips: Sequence[ClipNamed]


class HeldLanes(TypedDict):
    """Everything that waits for such a word."""

    success: Literal[True]
    held: list[HeldLane]


class Recovered(TypedDict):
    """The clips that have their stories again; with nothing left, the account goes on."""

    success: Literal[True]
    adopted: list[ClipNamed]
    left: Sequence[StrangerView]


class NotRetried(RefusalFacts):
    """A failed clip that was left alone, and why; its facts are those of a problem."""

    clip: int
    code: RefusalCode
    detail: str


class Again(Acted):
    """What was sent again, what was found live instead, and where they come in the order."""

    order: Literal["kept", "appended"]
    retried: Sequence[int]
    foundLive: Sequence[int]
    notRetried: list[NotRetried]


class Queued(TypedDict):
    """How many clips were recorded."""

    total: Count
    queued: Count


class Links(TypedDict):
    """Where to look."""

    status: str
    stream: str
    ws: str


class CreatedSettings(TypedDict):
    """Where it goes out, and how."""

    accountId: str
    network: Network
    onFailure: OnFailure
    publishSpeed: NotRequired[PublishSpeed]
    webhookUrl: NotRequired[str]


class Created(TypedDict):
    """A batch that was recorded; nothing of it has been sent yet."""

    batchId: str
    tenant: str
    status: Literal[Status.PROCESSING]
    posts: Queued
    schedule: Dated
    settings: CreatedSettings
    createdAt: Instant
    links: Links


class Ticket(TypedDict):
    """What a browser shows as `?ticket=` where it can send no header."""

    ticket: str
    expiresInS: int


class SessionShape(TypedDict):
    """Who is signed in; `accounts` is null where every one is allowed."""

    userId: str
    role: Role
    scopes: list[Scope]
    accounts: list[str] | None


class Alive(TypedDict):
    """The process answers."""

    status: Literal["alive"]


class Ready(TypedDict):
    """All that the process stands on answers."""

    status: Literal["ready"]
    checks: Checks
