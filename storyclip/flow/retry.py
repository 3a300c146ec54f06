"""Asking again for what failed: at once if nothing can exist, else look upstream first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from config.settings import Settings
from storyclip.domain.batch import Batch
from storyclip.domain.clip import Clip, Event, State
from storyclip.domain.errors import ActionRefused, NotFound, RefusalCode, RetrySafety
from storyclip.domain.schedule import seconds
from storyclip.domain.story import Post, PostStatus, Upstream
from storyclip.flow.look import ours, window
from storyclip.store import clips, wishes
from storyclip.store.wishes import Again


@dataclass(frozen=True, slots=True)
class Retried:
    """What was done, by index of the clip; `refused` are (index, why) that were left alone."""

    sent_again: tuple[int, ...]
    found_live: tuple[int, ...]
    refused: tuple[tuple[int, ActionRefused], ...]
    is_late: bool


@dataclass(frozen=True, slots=True)
class Retry:
    """What asking again needs: Metricool to look at, the settings, and the time of the request."""

    upstream: Upstream
    settings: Settings
    now: datetime

    def __call__(self, batch: Batch, index: int | None, *, order_may_change: bool) -> Retried:
        """Ask again for one failed clip, or for all of them.

        All looks come before the first change, so a look that fails has changed nothing.

        Raises:
            NotFound: the batch has no such clip.
            ActionRefused: nothing can be asked for again, with the reason of the first clip.
            LostRace: a clip was moved while Metricool was looked at.
            UpstreamError: Metricool could not be looked at; nothing was changed.
            StoreUnavailable: nothing was changed.
        """
        wishes.refuse_if_cancelled(batch, "retried")
        again, refused = list[Again](), list[tuple[int, ActionRefused]]()
        for clip in _failed(clips.of_batch(batch.batch_id), index):
            try:
                again.append(self._again(clip))
            except ActionRefused as refusal:
                refused.append((clip.index, refusal))
        if not again:
            raise refused[0][1]
        _, is_late = wishes.retry(
            batch.batch_id, batch.user_id, self.now, again, order_may_change=order_may_change
        )
        live = tuple(one.clip.index for one in again if one.event is Event.SEEN_LIVE)
        sent = tuple(one.clip.index for one in again if one.event is not Event.SEEN_LIVE)
        return Retried(sent, live, tuple(refused), is_late)

    def _again(self, clip: Clip) -> Again:
        if clip.retry_safety is RetrySafety.NEVER:
            raise _never(clip, clip.error)
        if clip.retry_safety is RetrySafety.CHECK_FIRST:
            return self._looked_at(clip)
        return self._anew(clip)

    def _looked_at(self, clip: Clip) -> Again:
        lane, upstream = clip.lane, self.upstream
        post = None
        if clip.post_id is not None:
            post = upstream.post(lane.account_id, lane.network, clip.post_id)
        if post is not None:
            return self._of_post(clip, post)
        look = upstream.posts_between(lane.account_id, lane.network, *window(clip))
        if found := ours(clip, look.posts):
            return self._of_post(clip, found)
        if ours(clip, upstream.deleted_posts(lane.account_id, lane.network).posts):
            return self._anew(clip)
        fence_at, upstream_now = clip.fence_at, look.upstream_now
        is_over = fence_at is None or (
            upstream_now is not None and upstream_now >= fence_at + seconds(self.settings.settle_s)
        )
        if not is_over or not look.is_whole:
            raise _still_pending(clip, "Metricool does not show it, but it may still appear")
        return self._settled_first(clip)

    def _of_post(self, clip: Clip, post: Post) -> Again:
        if post.status is PostStatus.PUBLISHED:
            return self._adopted(clip, post)
        if post.status is PostStatus.ERROR and post.retry_safety is RetrySafety.SAFE:
            return self._anew(clip)
        if post.status is PostStatus.ERROR:
            raise _never(clip, post.words)
        raise _still_pending(clip, f"Metricool has it as {post.status} (post {post.id})")

    def _adopted(self, clip: Clip, post: Post) -> Again:
        changes = {
            "post_id": post.id,
            "published_at": self.now,
            "network_post_id": post.network_post_id,
            "public_url": post.public_url,
            "next_at": None,
            "rung_at": None,
            **_WITHOUT_ERROR,
        }
        return Again(clip, Event.SEEN_LIVE, changes)

    def _anew(self, clip: Clip) -> Again:
        """From the start, with a copy of the file of its own: nothing of before can be confused."""
        changes = {
            "next_at": None,
            "media_url": None,
            "plans": (),
            "planned_for": None,
            "intended_at": None,
            "uploaded_at": None,
            **self._afresh(),
        }
        return Again(clip, Event.RETRIED, changes)

    def _settled_first(self, clip: Clip) -> Again:
        """Nowhere to be seen: sent again when two more looks have shown the same."""
        return Again(clip, Event.RECHECKED, {"next_at": self.now, **self._afresh()})

    def _afresh(self) -> dict[str, Any]:
        return {
            "rung_at": None,
            "wished_for": self.now,
            "attempts": 0,
            "post_id": None,
            "checks": 0,
            "missing_since": None,
            "taken_back_at": None,
            "postponed_since": None,
            "postponements": 0,
            **_WITHOUT_ERROR,
        }


_WITHOUT_ERROR = {"error": None, "error_code": None, "retry_safety": None}


def _failed(all_clips: Sequence[Clip], index: int | None) -> Sequence[Clip]:
    if index is None:
        failed = [clip for clip in all_clips if clip.state is State.FAILED]
        if not failed:
            raise ActionRefused(RefusalCode.NOTHING_TO_RETRY, "No clip of this batch has failed.")
        return failed
    clip = next((clip for clip in all_clips if clip.index == index), None)
    if clip is None:
        raise NotFound(f"no clip {index}")
    if clip.state is not State.FAILED:
        words = f"Clip {index} has not failed: it is {clip.state}."
        raise ActionRefused(RefusalCode.NOTHING_TO_RETRY, words)
    return [clip]


def _never(clip: Clip, words: str | None) -> ActionRefused:
    return ActionRefused(
        RefusalCode.RETRY_REFUSED,
        f"Clip {clip.index} may not be asked for again: {words or 'it would be refused again'}.",
    )


def _still_pending(clip: Clip, words: str) -> ActionRefused:
    return ActionRefused(
        RefusalCode.STILL_PENDING,
        f"Clip {clip.index}: {words}. Asking again now could make a second story. Ask again when"
        " it is live or gone, or delete it in Metricool first.",
    )
