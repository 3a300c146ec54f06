"""Batches as every answer shows them, and the ids by which they are asked for."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from storyclip.domain.batch import BATCH_ID
from storyclip.domain.clip import Clip
from storyclip.domain.errors import NotFound
from storyclip.domain.shown import BatchStatus, StrangerView, Summary
from storyclip.domain.views import clip_views, status_view, stranger_view, summary_view
from storyclip.store.publishing import adoption, batches, strangers
from storyclip.store.publishing.batches import Overview
from storyclip.store.publishing.wholes import Whole
from storyclip.store.service import newest
from storyclip.web.front import front
from storyclip.web.said.shapes import ActiveBatch, ActiveBatches, ManyBatches

_BATCH_ID = re.compile(BATCH_ID)


def batch_id_of(asked: str) -> str:
    """Return the id that is asked for.

    What cannot be one is not looked up.

    Raises:
        NotFound: it cannot be one.
    """
    if not _BATCH_ID.fullmatch(asked):
        raise NotFound("no such batch")
    return asked


def many(found: Sequence[Overview]) -> ManyBatches:
    """Return several batches as a list."""
    stopped = newest.find().why_nothing_is_sent
    shown = [_summary(one, one.blocked or stopped) for one in found]
    return {"success": True, "batches": shown, "count": len(found)}


def running(found: Sequence[Whole]) -> ActiveBatches:
    """Return several batches as a list, with the clips of those that have them."""
    stopped = newest.find().why_nothing_is_sent
    shown: list[ActiveBatch] = []
    for one, clips in found:
        known: ActiveBatch = {
            **_summary(one, one.blocked or stopped),
            "clips": clip_views(clips or (), one.batch.mode),
        }
        if clips is None:
            del known["clips"]
        shown.append(known)
    return {"success": True, "batches": shown, "count": len(shown)}


def whole(found: Overview, clips: Sequence[Clip]) -> BatchStatus:
    """Return a batch's status with all its clips, and the stories that hold it up.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    held_up_by: Sequence[StrangerView] = ()
    if found.batch.held_at is not None:
        held_up_by = strangers_on(found.batch.lane_id, found.batch.user_id)
    now, total_s = front().now(), front().wait_total_s
    blocked = found.blocked or newest.find().why_nothing_is_sent
    return status_view(found.batch, clips, now, total_s, blocked, held_up_by)


def strangers_on(lane_id: int, user_id: str | None) -> Sequence[StrangerView]:
    """Return the stories that hold up a lane, each with the clip that it would be.

    Args:
        user_id: whose clips are named; None for everybody's.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    clips = {stranger.name: clip for stranger, clip in adoption.proposed(lane_id)}
    theirs = others_of(user_id, (clip.batch_id for clip in clips.values()))
    return [
        stranger_view(
            one, clip := clips.get(one.name), is_others=clip is not None and clip.batch_id in theirs
        )
        for one in strangers.of_lane(lane_id)
    ]


def others_of(user_id: str | None, batch_ids: Iterable[str]) -> frozenset[str]:
    """Return those of the batches that are not the user's; of None all are.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    if user_id is None:
        return frozenset()
    ids = frozenset(batch_ids)
    return ids - frozenset(batches.of_user(user_id, ids))


def summary(found: Overview) -> Summary:
    """Return a batch's summary."""
    return _summary(found, found.blocked or newest.find().why_nothing_is_sent)


def _summary(found: Overview, blocked: str | None) -> Summary:
    now, total_s = front().now(), front().wait_total_s
    return summary_view(found.batch, found.current, now, total_s, blocked)
