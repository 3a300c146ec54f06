"""Everything that can go wrong, grouped by what the caller can do about it.

StoryClipError
├── fix the request    RequestInvalid ── ClipsUnusable, NotFound, Forbidden, IdempotencyKeyReused
├── come back then     QuotaExceeded, TooManyRunning
├── decide again       ActionRefused, StillNeeded
├── drop it quietly    LostRace, NotItsTurn
├── ask again later    StoreUnavailable ── CommitUnanswered (look first),
│                      UpstreamBusy ── OverBudget, UpstreamUnreachable, MediaUnavailable,
│                      IdempotencyKeyBusy, UpstreamLookFailed ── UpstreamLookTooLarge
├── look first         UpstreamUnanswered
├── upgrade first      SchemaTooNew, a StoreUnavailable
├── tell it first      SecretMissing, a StoreUnavailable
└── nothing helps      UpstreamRefused ── UpstreamDateInPast, UpstreamDenied (until reconnected)

Those of a file on its way into Metricool: `storyclip/domain/upload_errors.py`.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TypedDict

from storyclip.domain.refusal_facts import RefusalFacts

MAX_WORDS = 500  # of Metricool's words we keep: enough to understand, short enough for a row


class RetrySafety(StrEnum):
    """Whether a failed clip may be asked for again without risking a second story."""

    SAFE = "safe"  # nothing exists upstream and nothing can appear
    CHECK_FIRST = "check_first"  # it may be out there
    NEVER = "never"  # asking again makes a second story, or is refused for good


class ErrorCode(StrEnum):
    """Stable reasons of a failed or cancelled clip, for programs."""

    REFUSED = "refused"  # Metricool said no to the post
    MEDIA_REFUSED = "media_refused"  # Metricool said no to the file
    MEDIA_UNAVAILABLE = "media_unavailable"  # Metricool could not fetch the file, attempts spent
    NETWORK_ERROR = "network_error"  # Metricool had it, Instagram or Facebook refused
    NOT_CREATED = "not_created"  # lost on the way every time, attempts spent
    UPSTREAM_UNAVAILABLE = "upstream_unavailable"  # not reachable or busy for too long
    MISSED = "missed"  # its turn came later than STORYCLIP_MAX_LATE_S after its date: not sent
    ACCOUNT_NOT_ALLOWED = "account_not_allowed"  # its user may not publish there any more: not sent
    ORDER_LOST = "order_lost"  # later clips of its batch are out: not sent
    UNCONFIRMED = "unconfirmed"  # accepted, but never seen live within the checks
    AWAITING_CONFIRMATION = "awaiting_confirmation"  # somebody has to confirm it in Metricool
    DELETED_IN_METRICOOL = "deleted_in_metricool"


class RefusalCode(StrEnum):
    """Stable reasons why a batch cannot be paused, resumed, cancelled or retried, for programs."""

    BATCH_ENDED = "batch_ended"  # nothing is left that could be stopped or go on
    BATCH_CANCELLED = "batch_cancelled"  # the user ended it for good
    NOT_PAUSED = "not_paused"  # it goes on already
    NOTHING_TO_RETRY = "nothing_to_retry"  # no clip has failed, or not this one
    RETRY_REFUSED = "retry_refused"  # asking again makes a second story, or is refused for good
    STILL_PENDING = "still_pending"  # Metricool has it and may yet publish it
    ORDER_WOULD_CHANGE = "order_would_change"  # later clips are live: it would come after them
    IN_DOUBT = "in_doubt"  # rows may be lost: a person has to say whose some stories are


class StoryClipError(Exception):
    """Anything that StoryClip itself reports."""


class RequestInvalid(StoryClipError):
    """The request cannot be accepted as it is; `problems` are (JSON pointer, detail) pairs."""

    def __init__(self, *problems: tuple[str, str]) -> None:
        super().__init__("; ".join(f"{pointer}: {detail}" for pointer, detail in problems))
        self.problems = problems


class ClipsUnusable(RequestInvalid):
    """The request is well said, but files it names were looked at and cannot become stories."""


class NotFound(StoryClipError):
    """No such thing for this caller, whether or not it exists for somebody else."""


class Forbidden(StoryClipError):
    """The key is good, but not for this."""


class UserDisabled(StoryClipError):
    """The user may do nothing, so there is nothing to let them in for."""


class IdempotencyKeyReused(StoryClipError):
    """The same `Idempotency-Key` came with another body."""


class IdempotencyKeyBusy(StoryClipError):
    """The first request with this `Idempotency-Key` is still being written."""


class QuotaFacts(TypedDict):
    """What an account has left of its 24 hours, and when there is room for all that is asked."""

    limit: int
    left: int
    asked: int
    enoughAt: str | None


class QuotaExceeded(StoryClipError):
    """Instagram takes no more of this account for now; `facts` are the numbers and the time."""

    def __init__(self, words: str, facts: QuotaFacts) -> None:
        super().__init__(words)
        self.facts = facts


class RunningFacts(TypedDict):
    """How much of a user's may run at once, how much does, and how much more is asked for."""

    limit: int
    running: int
    asked: int


class TooManyRunning(StoryClipError):
    """So much of this user's runs that no more is taken for now; `facts` are the numbers."""

    def __init__(self, words: str, facts: RunningFacts) -> None:
        super().__init__(words)
        self.facts = facts


class ActionRefused(StoryClipError):
    """What was asked for makes no sense for the batch as it is; nothing was changed.

    Each is made in `storyclip/domain/refusals.py`; `facts` are what its words depend on.
    """

    def __init__(self, code: RefusalCode, words: str, facts: RefusalFacts) -> None:
        super().__init__(words)
        self.code = code
        self.facts = facts


class StillNeeded(StoryClipError):
    """What was to be taken away is in use; the message says by what."""


class LostRace(StoryClipError):
    """Somebody else moved the row since we read it: theirs counts."""


class NotItsTurn(StoryClipError):
    """Another clip holds the lane, or the batch is paused, cancelled, or not allowed any more."""


class StoreUnavailable(StoryClipError):
    """The database cannot be used right now; nothing was recorded, so nothing is sent."""


class SchemaTooNew(StoreUnavailable):
    """A newer program has changed the tables: this one could write what is wrong there."""


class SecretMissing(StoreUnavailable):
    """The keys are sealed with a secret that this process was not told: it can know nobody."""


class CommitUnanswered(StoreUnavailable):
    """The database went away while it was asked to commit: what was said may be written."""


class MayBeDone(StoryClipError):
    """The database went away in the middle of a wish: nobody can tell whether it is written."""


class UpstreamError(StoryClipError):
    """Anything that goes wrong between us and Metricool."""


class UpstreamRefused(UpstreamError):
    """Metricool said no in its own envelope: surely nothing was created."""

    def __init__(self, words: str, status: int) -> None:
        super().__init__(words)
        self.words = words[:MAX_WORDS]
        self.status = status


class UpstreamDateInPast(UpstreamRefused):
    """The date asked for was over when Metricool handled the POST: plan again, further ahead."""


class UpstreamDenied(UpstreamRefused):
    """401 or 403: nothing goes through for this account until somebody reconnects it."""


class UpstreamBusy(UpstreamError):
    """429: surely nothing was created; ask again after `retry_after_s` seconds."""

    def __init__(self, retry_after_s: float) -> None:
        super().__init__(f"Metricool asks to wait {retry_after_s:.0f} s")
        self.retry_after_s = retry_after_s


class OverBudget(UpstreamBusy):
    """Metricool was not asked: so many are waiting that StoryClip asks no more of it for now."""

    def __init__(self, retry_after_s: float) -> None:
        super().__init__(retry_after_s)
        self.args = (f"StoryClip has asked Metricool enough for the next {retry_after_s:.1f} s",)


class UpstreamUnreachable(UpstreamError):
    """No byte of the request left this machine: surely nothing was created."""


class UpstreamUnanswered(UpstreamError):
    """The line went dead after we spoke: the story may exist. Look before asking again."""


class UpstreamLookFailed(UpstreamError):
    """A question without side effects got no usable answer; it may simply be asked again."""


class UpstreamLookTooLarge(UpstreamLookFailed):
    """The answer is longer than we read: ask for less at a time."""


class MediaUnavailable(UpstreamError):
    """Metricool could not copy the clip's file; preparing it may be repeated."""
