"""What a refused wish tells besides its words: why, of which clips, and what would help."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal, NotRequired, TypedDict

# The same as in `storyclip.domain.dates.shown`, which imports the errors
_Instant = Annotated[str, ("format", "date-time")]

Confirm = Literal["confirmOrder", "confirmAbsent"]  # the query parameters of a repeat
Action = Literal["paused", "resumed", "cancelled", "retried"]


class Reason(StrEnum):
    """Why a wish is refused, finer than its code: each has advice of its own."""

    CANCELLED = "cancelled_for_good"
    ENDED = "has_ended"
    NOT_PAUSED = "not_paused"
    NONE_FAILED = "none_failed"
    NOT_FAILED = "not_failed"
    REFUSED_AGAIN = "refused_again"  # asking again would be refused again
    REFUSED_FOR = "refused_for"  # the same, and it is known for what
    GONE = "gone"  # Metricool does not show it any more
    UNTOLD = "untold"  # what Metricool shows does not tell whether it was made
    LEFT_OPEN = "left_open"  # Metricool's words leave it open whether it is out
    LEFT_UNSAID = "left_unsaid"  # the same, and there are no words
    DELETED_WHEN_DUE = "deleted_when_due"
    TOO_EARLY = "too_early"  # what was sent may still arrive
    IS_DRAFT = "is_draft"
    IS_THERE = "is_there"
    ORDER_WOULD_CHANGE = "order_would_change"
    HELD = "held"  # somebody has to say whose some stories are
    NOBODY_LIVES = "nobody_lives"  # no worker runs
    LOOKING = "looking"  # Metricool is being asked what it has


class RefusalFacts(TypedDict):
    """The facts that stand in a refusal's words.

    `confirm` names the query parameter with which a person may repeat it; without it no
    confirmation counts. `clips` are those that it is about, `said` somebody else's words.
    """

    reason: NotRequired[Reason]
    confirm: NotRequired[Confirm]
    clips: NotRequired[list[int]]
    until: NotRequired[_Instant]
    plannedFor: NotRequired[_Instant | None]
    postId: NotRequired[str]
    said: NotRequired[str]
    endedAs: NotRequired[str]
    clipStatus: NotRequired[str]
    action: NotRequired[Action]
    strangers: NotRequired[int]
