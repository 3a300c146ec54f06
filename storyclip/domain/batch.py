"""A batch: a sequence of clips for one account, its counters, its status and its phase."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from storyclip.domain.changing import replace
from storyclip.domain.clip import ENDED, IN_FLIGHT, Clip, State
from storyclip.domain.clip_words import say
from storyclip.domain.dates.mode import Mode
from storyclip.domain.dates.shown import Dated
from storyclip.domain.network import Network


class Status(StrEnum):
    """Computed from the clips and the user's wishes, and only by `Batch.after`."""

    PROCESSING = "processing"
    PAUSED = "paused"
    COMPLETED = "completed"  # ran to its end, at least one clip was seen live
    FAILED = "failed"  # ran to its end, none was
    CANCELLED = "cancelled"


class Phase(StrEnum):
    """What is being waited for right now, finer than the status."""

    QUEUED = "queued"
    PREPARING = "preparing"
    SENDING = "sending"
    RETRYING = "retrying"
    VERIFYING = State.VERIFYING.value
    SCHEDULED = "scheduled"
    CONFIRMING = "confirming"
    BLOCKED = "blocked"
    PAUSED = "paused"
    ENDED = "ended"


class OnFailure(StrEnum):
    """What a failed clip does to the rest of its batch."""

    CONTINUE = "continue"
    PAUSE = "pause"


BATCH_ID = "[!-~]{1,100}"  # what can be one: PostgreSQL refuses a NUL with an error of its own
RUNNING = frozenset({Status.PROCESSING, Status.PAUSED})


@dataclass(frozen=True, slots=True)
class Batch:
    """One batch as its row said when it was read; all times are aware UTC.

    `key_id` is the key that it was made with, None where that is not known.
    `turn` is its number in the lane and stays; `place` orders the batches there, and a resumed one
    goes to the back. `gap_s` is the least pause between two of its clips. `held_at`: stories were
    found that may be its own, and a person has to say so before it goes on.
    """

    batch_id: str
    job_id: str | None
    user_id: str
    key_id: str | None
    lane_id: int
    account_id: str
    network: Network
    mode: Mode
    on_failure: OnFailure
    gap_s: float
    turn: int
    place: int
    status: Status
    total: int
    published: int
    failed: int
    unconfirmed: int
    cancelled: int
    current_index: int
    last_seq: int
    error: str | None
    scheduled_for: datetime | None
    schedule: Dated | None
    pause_requested_at: datetime | None
    cancel_requested_at: datetime | None
    created_at: datetime
    started_at: datetime | None
    completed_at: datetime | None
    held_at: datetime | None = None

    @property
    def ended(self) -> int:
        """Return how many clips have come to an end, good or bad."""
        return self.published + self.failed + self.cancelled

    @property
    def is_running(self) -> bool:
        """Return whether something can still happen to its clips by itself or by a resume."""
        return self.status in RUNNING

    def after(self, old: Clip, new: Clip, at: datetime, still_failed: str | None = None) -> Batch:
        """Return this batch with one clip moved from `old` to `new`: counters, wishes, status.

        Args:
            still_failed: what another failed clip says, None if none is.
        """
        moved = replace(
            self,
            last_seq=self.last_seq + 1,
            published=self.published + _gain(old, new, _is_published),
            failed=self.failed + _gain(old, new, _is_failed),
            unconfirmed=self.unconfirmed + _gain(old, new, lambda clip: clip.is_unconfirmed),
            cancelled=self.cancelled + _gain(old, new, _is_cancelled),
            current_index=new.index if new.state is State.UPLOADING else self.current_index,
            started_at=self.started_at or at,
            error=self._error(old, new, still_failed),
        )
        failed_now = new.state is State.FAILED and old.state is not State.FAILED
        pauses = self.on_failure is OnFailure.PAUSE and not self.cancel_requested_at
        if failed_now and pauses and moved.ended < moved.total:
            moved = replace(moved, pause_requested_at=moved.pause_requested_at or at)
        return moved.settled(at)

    def _error(self, old: Clip, new: Clip, still_failed: str | None) -> str | None:
        """Return the words of a clip that is failed now, not of one that was seen live since."""
        if new.state is State.FAILED:
            return new.error or self.error
        if old.state is not State.FAILED:
            return self.error
        stays_paused = self.on_failure is OnFailure.PAUSE and self.pause_requested_at is not None
        return still_failed or (_paused_words(new) if stays_paused else None)

    def settled(self, at: datetime) -> Batch:
        """Return this batch with the status that its counters and wishes imply."""
        status = self._status()
        ended_at = None if status in RUNNING else (self.completed_at or at)
        error = self.error if self.failed or status is Status.PAUSED else None
        if (status, ended_at, error) == (self.status, self.completed_at, self.error):
            return self
        return replace(self, status=status, completed_at=ended_at, error=error)

    def _status(self) -> Status:
        if self.ended < self.total:
            stopped = self.pause_requested_at or self.held_at
            return Status.PAUSED if stopped else Status.PROCESSING
        if self.cancel_requested_at and self.cancelled:
            return Status.CANCELLED
        if self.published:
            return Status.COMPLETED
        return Status.FAILED if self.failed else Status.CANCELLED


def current_clip(clips: Sequence[Clip]) -> Clip | None:
    """Return the clip in hand, else the next one to come, else the last one that ended."""
    in_hand = [clip for clip in clips if clip.state in IN_FLIGHT]
    to_come = [clip for clip in clips if clip.state not in ENDED]
    return next(iter(in_hand or to_come or clips[-1:]), None)


def phase_of(batch: Batch, clip: Clip | None, now: datetime, *, blocked: bool) -> Phase:
    """Return what the batch waits for; `blocked` when Metricool refuses the whole account."""
    if not batch.is_running:
        return Phase.ENDED
    if blocked:
        return Phase.BLOCKED
    if clip is None or clip.state is State.PENDING:
        if batch.status is Status.PAUSED:
            return Phase.PAUSED
        tried = clip is not None and (clip.attempts or clip.postponements)
        return Phase.RETRYING if tried else Phase.QUEUED
    if clip.state is State.UPLOADING:
        return Phase.SENDING if clip.intended_at else Phase.PREPARING
    if clip.state is State.VERIFYING:
        return Phase.VERIFYING
    ahead = clip.planned_for is not None and now < clip.planned_for
    return Phase.SCHEDULED if ahead else Phase.CONFIRMING


def _paused_words(healed: Clip) -> str:
    """Return why a batch stands still though nothing of it is failed any more."""
    return say("paused_healed", index=healed.index)


def _gain(old: Clip, new: Clip, claim: Callable[[Clip], bool]) -> int:
    return int(claim(new)) - int(claim(old))


def _is_published(clip: Clip) -> bool:
    return clip.state is State.PUBLISHED


def _is_failed(clip: Clip) -> bool:
    return clip.state is State.FAILED


def _is_cancelled(clip: Clip) -> bool:
    return clip.state is State.CANCELLED
