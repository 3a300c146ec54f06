"""A move, when it is due next, and the columns that several moves have in common."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from storyclip.domain.changing import replace
from storyclip.domain.clip import Clip, Event, State, after
from storyclip.domain.clip_words import Told
from storyclip.domain.errors import ErrorCode, RetrySafety
from storyclip.domain.incident import Incident
from storyclip.domain.lane import Lane
from storyclip.domain.story import Post


@dataclass(frozen=True, slots=True)
class Move:
    """A clip before and after, over which event; None for a note, which moves nothing.

    `lane` is how the lane is from then on, None where it stays. `is_void`: the intent surely made
    no post. `is_gone`: the post that the clip lets go of was seen among the deleted.
    """

    before: Clip
    after: Clip
    event: Event | None
    lane: Lane | None = None
    incident: Incident | None = None
    is_void: bool = False
    is_gone: bool = False

    @property
    def lets_go(self) -> bool:
        """Return whether the clip held a post that it does not hold any more."""
        old, new = self.before, self.after
        if old.post_id is None:
            return False
        is_other = None not in (old.post_uuid, new.post_uuid) and old.post_uuid != new.post_uuid
        return new.post_id is None or is_other


class Due(NamedTuple):
    """When the next step is due, and since when its bell need not ring."""

    next_at: datetime | None
    rung_at: datetime | None


def mine(now: datetime) -> Due:
    """Go on at once, in this worker's hand; the clock rings should it die."""
    return Due(now, now)


def later(at: datetime) -> Due:
    """Have the clock ring at that time."""
    return Due(at, None)


NEVER = Due(None, None)


def stepped(clip: Clip, event: Event, due: Due) -> Clip:
    """Move a clip along its edge; only who has it in hand keeps it.

    Raises:
        NoSuchEdge: its state has no such edge.
    """
    state = after(clip.state, event)
    worker = clip.worker if state is State.UPLOADING else None
    return replace(clip, state=state, next_at=due.next_at, rung_at=due.rung_at, worker=worker)


def ended(
    clip: Clip, event: Event, words: Told, code: ErrorCode, safety: RetrySafety, due: Due = NEVER
) -> Clip:
    """Move a clip to an end that says why, and what asking again may do."""
    moved = stepped(clip, event, due)
    return replace(moved, error=words, error_code=code.value, retry_safety=safety)


def uncounted(clip: Clip) -> Clip:
    """Forget for how long Metricool did not take it: something else holds it up, or nothing."""
    return replace(clip, postponed_since=None, postponements=0)


def without_error(clip: Clip) -> Clip:
    """Forget what went wrong before."""
    return replace(clip, error=None, error_code=None, retry_safety=None)


def anew(clip: Clip) -> Clip:
    """Forget what a clip forgets when it begins anew; its sends stay, and are watched.

    The media goes too: nobody may take the old post for the new one.
    """
    return replace(
        uncounted(without_error(clip)),
        attempts=0,
        media_url=None,
        intended_at=None,
        plans=(),
        planned_for=None,
        post_id=None,
        post_uuid=None,
        shown_media=(),
        network_post_id=None,
        public_url=None,
        uploaded_at=None,
        checks=0,
        seen_at=None,
        missing_since=None,
        recall_wished_at=None,
        taken_back_at=None,
    )


def holding(clip: Clip, post: Post) -> Clip:
    """Take over what Metricool shows of a post that was proven to be this clip's."""
    return replace(
        clip,
        post_id=post.id,
        post_uuid=post.uuid or clip.post_uuid,
        shown_media=post.media_urls or clip.shown_media,
        planned_for=date_of(clip, post),
        network_post_id=post.network_post_id,
        public_url=post.public_url,
    )


def told_if_let_go(move: Move) -> Move:
    """Have a person told of a post that is from now on so far ahead that nothing waits for it."""
    before, after = move.before, move.after
    if before.is_let_go or not after.is_let_go:
        return move
    subject = f"{after.batch_id}/{after.index}"
    words = f"post {after.post_id} was moved in Metricool to {after.planned_for}: not waited for"
    return replace(move, incident=Incident("moved_far", subject, words))


def date_of(clip: Clip, post: Post) -> datetime | None:
    """Return when a post is planned; in the hour that comes twice, the reading we asked for."""
    if post.other_reading is not None and post.other_reading in clip.plans:
        return post.other_reading
    return post.planned_for or clip.planned_for
