"""Asking again for what failed: at once if nothing can exist, else look upstream first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from config.settings import Settings
from storyclip.domain import moves, refusals, wish
from storyclip.domain.batch import Batch
from storyclip.domain.clip import Clip, Event, State
from storyclip.domain.dates.mode import Mode
from storyclip.domain.dates.schedule import first_step, seconds
from storyclip.domain.errors import ActionRefused, LostRace, NotFound, RetrySafety
from storyclip.domain.identity import Fate, proves_absence
from storyclip.domain.reach import Reach
from storyclip.domain.send import Send, by_their_clock, open_sends
from storyclip.domain.story import Post, PostStatus, Upstream
from storyclip.domain.wish import Again
from storyclip.flow.asking import HeldByOthers, Query, Search, ask, everywhere, run
from storyclip.flow.calls import ListDeleted
from storyclip.flow.find import Deleted, anywhere, lying_deleted, of_lost, under_its_id
from storyclip.flow.settle import FAR_SETTLE
from storyclip.store.once_more import once_more
from storyclip.store.publishing import clips, wishes
from storyclip.store.publishing import situation as situations


@dataclass(frozen=True, slots=True)
class Retried:
    """What was done, by index of the clip; `refused` are (index, why) that were left alone."""

    sent_again: tuple[int, ...]
    found_live: tuple[int, ...]
    refused: tuple[tuple[int, ActionRefused], ...]
    is_late: bool


@dataclass(frozen=True, slots=True)
class Retry:
    """What asking again needs: Metricool to look at, the settings, the time of the request, how far
    who asks for it reaches, and whether they still do when all was looked at.
    """

    upstream: Upstream
    settings: Settings
    now: datetime
    reach: Reach
    still: wishes.Still | None

    def __call__(
        self,
        batch: Batch,
        index: int | None,
        *,
        order_may_change: bool,
        absence_confirmed: bool = False,
    ) -> Retried:
        """Ask again for one failed clip, or for all of them.

        All looks come before the first change, so a look that fails has changed nothing.

        Args:
            absence_confirmed: a person has looked at the account, and says that it is not there.

        Raises:
            NotFound: the batch has no such clip.
            ActionRefused: nothing can be asked for again, with the reason of the first clip.
            LostRace: a clip was moved while Metricool was looked at.
            UpstreamError: Metricool could not be looked at; nothing was changed.
            StoreUnavailable: nothing was changed.
        """
        wish.refuse_if_cancelled(batch, "retried")
        again, refused = list[Again](), list[tuple[int, ActionRefused]]()
        for clip in _failed(clips.of_batch(batch.batch_id), index):
            sends = situations.read(clip.id).sends
            asked = _asked_again(clip, sends, self, batch, confirmed=absence_confirmed)
            try:
                again.append(run(asked, self._give))
            except ActionRefused as refusal:
                refused.append((clip.index, refusal))
        if not again:
            raise refused[0][1]
        _, is_late = once_more(
            lambda: wishes.retry(
                batch.batch_id,
                self.reach,
                self.now,
                again,
                self.still,
                order_may_change=order_may_change,
            ),
            LostRace,
        )
        live = tuple(one.clip.index for one in again if one.move.event is Event.SEEN_LIVE)
        sent = tuple(one.clip.index for one in again if one.move.event is not Event.SEEN_LIVE)
        return Retried(sent, live, tuple(refused), is_late)

    def _give(self, asked: Query) -> Any:
        if isinstance(asked, HeldByOthers):
            return situations.held_by_others(asked.clip, asked.posts)
        return asked.make(self.upstream, None)


def _asked_again(
    clip: Clip, sends: tuple[Send, ...], retry: Retry, batch: Batch, *, confirmed: bool
) -> Search[Again]:
    """Return what is to become of a failed clip.

    Raises:
        ActionRefused: asking again now could make a second story.
        UpstreamError: Metricool could not be looked at.
    """
    anew = _anew(clip, retry, batch)
    if clip.retry_safety is RetrySafety.NEVER:
        raise refusals.never(clip, clip.error)
    if clip.retry_safety is not RetrySafety.CHECK_FIRST:
        return anew
    if clip.post_id is None:
        return (yield from _of_lost(clip, sends, anew, retry, batch, confirmed=confirmed))
    seen: Post | Deleted | None = yield from under_its_id(clip)
    if seen is None:
        seen = yield from anywhere(clip)
    if isinstance(seen, Deleted):
        return _of_deleted(clip, seen.post, seen.fate, anew, retry, confirmed=confirmed)
    if seen is not None:
        return _of_post(clip, seen, anew, retry, confirmed=confirmed)
    if confirmed:
        return anew
    raise refusals.gone(clip)


def _of_lost(
    clip: Clip,
    sends: tuple[Send, ...],
    anew: Again,
    retry: Retry,
    batch: Batch,
    *,
    confirmed: bool,
) -> Search[Again]:
    """Return what becomes of a clip whose answer was lost, and that was never seen."""
    still_open = open_sends(sends)
    if not still_open:
        return anew
    look = yield from ask(everywhere(clip, [send.planned_for for send in still_open]))
    there = look.upstream_now or retry.upstream.now() or retry.now
    known = by_their_clock(sends, there - retry.now)
    if found := (yield from of_lost(clip, known, look.posts)):
        return _of_post(clip, found, anew, retry, confirmed=confirmed)
    deleted = yield from ask(ListDeleted(clip.lane))
    if lies := (yield from lying_deleted(clip, known, deleted.posts)):
        return _of_deleted(clip, lies.post, lies.fate, anew, retry, confirmed=confirmed)
    if (over_at := _over_at(still_open, there, retry)) is not None:
        raise refusals.too_early(clip, over_at)
    if confirmed:
        return anew
    fence_at = max(send.planned_for for send in still_open) + seconds(retry.settings.settle_s)
    is_past = look.upstream_now is not None and look.upstream_now >= fence_at
    if is_past and look.is_whole and proves_absence(still_open, clip.lane):
        move = moves.rechecked(clip, retry.now, _wished_for(clip, retry), order_waived=False)
        return Again(move, _soonest(clip, retry, batch))
    raise refusals.untold(clip)


def _over_at(sends: Sequence[Send], there: datetime, retry: Retry) -> datetime | None:
    """Return until when a POST of those may still make a story, None where none can any more.

    Its date is over then, or it has been on the way for longer than anything is: a date that is
    far ahead need not be waited for.
    """
    settings, over_at = retry.settings, []
    on_the_way = seconds(FAR_SETTLE * settings.settle_s)
    for send in sends:
        refused_from = send.planned_for + seconds(settings.settle_s)
        arrived_by = send.intended_at + on_the_way
        if there < refused_from and retry.now < arrived_by:
            over_at.append(min(refused_from, arrived_by))
    return max(over_at, default=None)


def _of_post(clip: Clip, post: Post, anew: Again, retry: Retry, *, confirmed: bool) -> Again:
    if post.status is PostStatus.PUBLISHED:
        return Again(moves.seen_live(clip, post, retry.now), None)
    if post.status is PostStatus.ERROR and post.retry_safety is RetrySafety.SAFE:
        return anew
    if post.status is PostStatus.ERROR and post.retry_safety is RetrySafety.CHECK_FIRST:
        if confirmed:
            return anew
        raise refusals.left_open(clip, post.words)
    if post.status is PostStatus.ERROR:
        raise refusals.never(clip, post.words)
    raise refusals.is_draft(clip, post) if post.is_draft else refusals.is_there(clip, post)


def _of_deleted(
    clip: Clip, post: Post, fate: Fate, anew: Again, retry: Retry, *, confirmed: bool
) -> Again:
    if fate is Fate.OUT:
        return Again(moves.seen_live(clip, post, retry.now), None)
    if fate is Fate.NOT_OUT or confirmed:
        return anew
    raise refusals.deleted_when_due(clip)


def _anew(clip: Clip, retry: Retry, batch: Batch) -> Again:
    """From the start, with a copy of the file of its own: nothing of before can be confused."""
    move = moves.retried(clip, _wished_for(clip, retry), order_waived=False)
    return Again(move, _soonest(clip, retry, batch))


def _wished_for(clip: Clip, retry: Retry) -> datetime:
    """Return when it is wanted: on its own date if that is still ahead, else now."""
    return max(clip.wished_for or retry.now, retry.now)


def _soonest(clip: Clip, retry: Retry, batch: Batch) -> datetime | None:
    """Return the date that it would get if all went well, None where it goes out in its turn."""
    if batch.mode is Mode.NOW:
        return None
    settings = retry.settings
    lead_s = clip.lane.lead_or(settings.lead_s, retry.now)
    first = first_step(retry.upstream.now() or retry.now, lead_s, settings.date_step_s)
    return max(first, clip.wished_for) if clip.wished_for is not None else first


def _failed(all_clips: Sequence[Clip], index: int | None) -> Sequence[Clip]:
    if index is None:
        failed = [clip for clip in all_clips if clip.state is State.FAILED]
        if not failed:
            raise refusals.none_failed()
        return failed
    clip = next((clip for clip in all_clips if clip.index == index), None)
    if clip is None:
        raise NotFound(f"no clip {index}")
    if clip.state is not State.FAILED:
        raise refusals.not_failed(clip.index, clip.state)
    return [clip]
