"""The user's hand on a batch: pause, resume, cancel, and what is out when they are answered."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from config.settings import Settings
from storyclip.domain.batch import Batch
from storyclip.domain.clip import IN_FLIGHT, Clip, State
from storyclip.domain.dates.mode import Mode
from storyclip.domain.dates.schedule import first_step, seconds
from storyclip.domain.errors import LostRace
from storyclip.domain.reach import Reach
from storyclip.flow.visit import SLACK_S
from storyclip.store.once_more import once_more
from storyclip.store.publishing import clips, lanes, wishes

SETTLED_WITHIN_S = 10.0  # what Metricool has is deleted and read back in far less, if it answers
LOOK_AGAIN_S = 0.05


@dataclass(frozen=True, slots=True)
class Patience:
    """How to wait: seconds that never run back, and letting some of them pass."""

    monotonic: Callable[[], float]
    sleep: Callable[[float], None]

    def until(self, holds: Callable[[], bool], within_s: float) -> None:
        """Return when it holds, or after `within_s` seconds."""
        end = self.monotonic() + within_s
        while not holds() and self.monotonic() < end:
            self.sleep(LOOK_AGAIN_S)


@dataclass(frozen=True, slots=True)
class Outcome:
    """The clips of a cancelled batch by index; `unknown` may be out, or may still come out."""

    published: tuple[int, ...]
    cancelled: tuple[int, ...]
    failed: tuple[int, ...]
    unknown: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Hand:
    """What stopping and going on need: the settings, the time, how long to wait for news, how far
    who asks for it reaches, and whether they still do when the wish is written.
    """

    settings: Settings
    now: Callable[[], datetime]
    patience: Patience
    reach: Reach
    still: wishes.Still | None

    def pause(self, batch: Batch) -> tuple[int, ...]:
        """Start no other clip; return when nothing of the batch is on its way to Metricool.

        Clips with a date of their own that Metricool has already are deleted there by a worker,
        from the last to the first, so that what is there is always a beginning; for that it waits
        a while.

        Returns the clips that may go out all the same: those that Metricool still has or may have,
        also what was called failed without being known to be so; on a lane in doubt all that are
        not out.

        Raises:
            NotFound, ActionRefused, LostRace, StoreUnavailable: nothing was changed.
        """
        once_more(
            lambda: wishes.pause(batch.batch_id, self.reach, self.now(), self.still), LostRace
        )
        self._until_nothing_is_sent(batch.batch_id)
        if batch.mode is not Mode.NOW:
            self._until_none(batch.batch_id, self._is_being_recalled)
        self._until_none(batch.batch_id, self._is_to_be_looked_at)
        stopped = clips.of_batch(batch.batch_id)
        return tuple(clip.index for clip in stopped if _may_be_out(clip) or _is_not_known(clip))

    def resume(self, batch: Batch, *, order_may_change: bool = False) -> None:
        """Go on at the next clip, behind the batches that were let by.

        Raises:
            NotFound, ActionRefused, LostRace, StoreUnavailable: nothing was changed.
        """
        self.until_known(batch)
        now, settings = self.now(), self.settings
        lead_s = lanes.find(batch.lane_id).lead_or(settings.lead_s, now)
        first_date = first_step(now, lead_s, settings.date_step_s)
        once_more(
            lambda: wishes.resume(
                batch.batch_id,
                self.reach,
                now,
                first_date,
                self.still,
                order_may_change=order_may_change,
            ),
            LostRace,
        )

    def cancel(self, batch: Batch) -> Outcome:
        """End the rest; return what is out and what is not, as far as that can be known soon.

        What Metricool has and has not published yet is deleted there by a worker, also of what was
        called failed meanwhile, and of a batch that has ended with such a clip.

        Raises:
            NotFound, ActionRefused, LostRace, StoreUnavailable: nothing was changed.
        """
        self.until_known(batch)
        once_more(
            lambda: wishes.cancel(batch.batch_id, self.reach, self.now(), self.still), LostRace
        )
        self._until_nothing_is_sent(batch.batch_id)
        self._until_none(batch.batch_id, self._is_open)
        return outcome_of(clips.of_batch(batch.batch_id))

    def until_known(self, batch: Batch) -> None:
        """Wait a while for the look at a lane in doubt: before it nobody can say what is out."""
        self.patience.until(
            lambda: lanes.find(batch.lane_id).doubted_since is None, SETTLED_WITHIN_S
        )

    def _until_nothing_is_sent(self, batch_id: str) -> None:
        """Wait out a POST that began before the wish; its worker is called dead after that time."""
        within_s = self.settings.http_deadline_s + SLACK_S
        self._until_none(batch_id, self._may_leave, within_s)

    def _may_leave(self, clip: Clip) -> bool:
        """Return whether a worker may still send a clip; one that was called dead may be slow."""
        if clip.state is not State.VERIFYING or clip.intended_at is None:
            return clip.was_sent
        return self.now() < clip.intended_at + seconds(SLACK_S)

    def _until_none(
        self, batch_id: str, is_so: Callable[[Clip], bool], within_s: float = SETTLED_WITHIN_S
    ) -> None:
        self.patience.until(lambda: not any(map(is_so, clips.of_batch(batch_id))), within_s)

    def _is_being_recalled(self, clip: Clip) -> bool:
        is_ahead = clip.planned_for is not None and self.now() < clip.planned_for
        return clip.state is State.WAITING_CONFIRMATION and is_ahead

    def _is_to_be_looked_at(self, clip: Clip) -> bool:
        """Return whether what was called failed has yet to be looked at, or is being deleted."""
        is_being_deleted = clip.taken_back_at is not None and clip.next_at is not None
        return clip.state is State.FAILED and (clip.is_due(self.now()) or is_being_deleted)

    def _is_open(self, clip: Clip) -> bool:
        return _may_come_out(clip) or self._is_to_be_looked_at(clip)


def outcome_of(all_clips: Sequence[Clip]) -> Outcome:
    """Return what is out of a cancelled batch and what is not."""
    published, cancelled, failed, unknown = [], [], [], []
    for clip in all_clips:
        if clip.state is State.PUBLISHED:
            published.append(clip.index)
        elif _may_be_out(clip):
            unknown.append(clip.index)
        elif clip.state is State.FAILED:
            failed.append(clip.index)
        else:
            cancelled.append(clip.index)
    return Outcome(tuple(published), tuple(cancelled), tuple(failed), tuple(unknown))


def _may_be_out(clip: Clip) -> bool:
    """Return whether a clip of a stopped batch may go out, or be out, for all that is known."""
    return clip.is_unconfirmed or _may_come_out(clip)


def _is_not_known(clip: Clip) -> bool:
    """Return whether rows may be lost that say that a clip was sent, or sent anew."""
    return clip.lane.is_in_doubt and clip.state is not State.PUBLISHED


def _may_come_out(clip: Clip) -> bool:
    """Return whether Metricool has a clip, or may have it; without an intent it has none."""
    return clip.state in IN_FLIGHT and (clip.state is not State.UPLOADING or clip.was_sent)
