"""Batches as every answer shows them, and the ids by which they are asked for."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TypeVar

from storyclip.domain.batch import BATCH_ID
from storyclip.domain.clip import Clip
from storyclip.domain.clip_words import told
from storyclip.domain.errors import NotFound
from storyclip.domain.holder import Holder
from storyclip.domain.reach import Reach
from storyclip.domain.shown import BatchStatus, ClipView, StrangerView, Summary
from storyclip.domain.stranger_view import stranger_view
from storyclip.domain.views import clip_views, status_view, summary_view
from storyclip.store.publishing import adoption, batches, strangers
from storyclip.store.publishing.batches import Overview
from storyclip.store.publishing.wholes import Whole
from storyclip.store.service import newest
from storyclip.web.front import front
from storyclip.web.said import spanish
from storyclip.web.said.shapes import ActiveBatch, ActiveBatches, ManyBatches, SessionShape

Worded = TypeVar("Worded", BatchStatus, Summary, ClipView)

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
            "clips": worded_clips(clip_views(clips or (), one.batch.mode)),
        }
        if clips is None:
            del known["clips"]
        shown.append(known)
    return {"success": True, "batches": shown, "count": len(shown)}


def whole(found: Overview, clips: Sequence[Clip], reach: Reach) -> BatchStatus:
    """Return a batch's status with all its clips, and the stories that hold it up.

    Args:
        reach: of who asks: of others' clips nothing is told.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    held_up_by: Sequence[StrangerView] = ()
    if found.batch.held_at is not None:
        held_up_by = strangers_on(found.batch.lane_id, reach)
    now, total_s = front().now(), front().wait_total_s
    blocked = found.blocked or newest.find().why_nothing_is_sent
    shown = status_view(found.batch, clips, now, total_s, blocked, held_up_by)
    shown["clips"] = worded_clips(shown["clips"])
    return worded(shown)


def strangers_on(lane_id: int, reach: Reach) -> Sequence[StrangerView]:
    """Return the stories that hold up a lane, each with the clip that it would be.

    Args:
        reach: whose clips are named.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    clips = {stranger.name: clip for stranger, clip in adoption.proposed(lane_id)}
    theirs = others_of(reach, (clip.batch_id for clip in clips.values()))
    return [
        stranger_view(
            one, clip := clips.get(one.name), is_others=clip is not None and clip.batch_id in theirs
        )
        for one in strangers.of_lane(lane_id)
    ]


def others_of(reach: Reach, batch_ids: Iterable[str]) -> frozenset[str]:
    """Return those of the batches that are out of reach.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    ids = frozenset(batch_ids)
    return ids - batches.those_within(reach, ids)


def summary(found: Overview) -> Summary:
    """Return a batch's summary."""
    return _summary(found, found.blocked or newest.find().why_nothing_is_sent)


def _summary(found: Overview, blocked: str | None) -> Summary:
    now, total_s = front().now(), front().wait_total_s
    return worded(summary_view(found.batch, found.current, now, total_s, blocked))


def worded_clips(clips: Sequence[ClipView]) -> Sequence[ClipView]:
    """Return clips with what is said of them in the language of who asks."""
    return [worded(clip) for clip in clips] if spanish.is_wanted() else clips


def worded(shown: Worded) -> Worded:
    """Return a batch, or a clip, with what is said of it in the language of who asks."""
    error = shown["error"]
    if error is not None and spanish.is_wanted():
        shown["error"] = told(error, "es")
    return shown


def signed_in(who: Holder) -> SessionShape:
    """Return who is signed in, as the page is told."""
    return {
        "userId": who.user_id,
        "role": who.role,
        "scopes": sorted(who.scopes),
        "accounts": None if who.accounts.is_every else sorted(who.accounts.named),
    }
