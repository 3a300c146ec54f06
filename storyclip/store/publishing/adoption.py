"""What a person says of the strangers on a held lane: ours, each for its clip, or none of ours."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from storyclip.domain import doubt, moves
from storyclip.domain.act import Action
from storyclip.domain.batch import Batch
from storyclip.domain.changing import replace
from storyclip.domain.clip import Clip, State
from storyclip.domain.dates.mode import Mode
from storyclip.domain.doubt import Stranger
from storyclip.domain.moves import Move
from storyclip.domain.story import PostStatus
from storyclip.store import acts
from storyclip.store.database import lock_row, reading, run, writing
from storyclip.store.history import events
from storyclip.store.instants import to_text
from storyclip.store.publishing import lanes, sends, strangers, writer
from storyclip.store.publishing.doubts import let_go_on
from storyclip.store.publishing.rows import SELECT_CLIP, clip_of

_NOT_ENDED = (
    f"('{State.PENDING}', '{State.UPLOADING}', '{State.VERIFYING}',"
    f" '{State.WAITING_CONFIRMATION}', '{State.FAILED}')"
)
_OF_LANE = f"{SELECT_CLIP} JOIN publish_batches b ON b.batch_id = c.batch_id WHERE c.lane_id = ?"
_MOST_FAILED = 100  # of batches that have ended: more than a person looks through

ClipName = tuple[str, int]  # batch id and index
NOTHING_GIVEN: Mapping[str, ClipName] = {}


@dataclass(frozen=True, slots=True)
class Said:
    """What became of it: which clip each stranger belongs to, and which are still unclear.

    The lane goes on once none is left.
    """

    adopted: Sequence[tuple[Stranger, Clip]]
    left: Sequence[Stranger]


def proposed(lane_id: int, ours: Collection[str] | None = None) -> Sequence[tuple[Stranger, Clip]]:
    """Return which clip each stranger of a lane would belong to.

    Args:
        ours: the names of those that are ours; None for all.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    with reading():
        found = strangers.here(lane_id)
        return _pairs(lane_id, [one for one in found if ours is None or one.name in ours])


def takers(lane_id: int) -> Sequence[Clip]:
    """Return the clips of a lane that a stranger may have come of, as they go out.

    Last those that failed in batches which had ended: they may have been asked for again since.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    with reading():
        clips = _clips(lane_id)
        failed = run(
            f"{_OF_LANE} AND c.status = '{State.FAILED}' ORDER BY b.completed_at DESC, c.clip_index"
            f" LIMIT {_MOST_FAILED}",
            (lane_id,),
        ).fetchall()
    seen = {clip.id for clip in clips}
    return [*clips, *(clip for clip in map(clip_of, failed) if clip.id not in seen)]


def decide(
    lane_id: int,
    ours: Collection[str],
    not_ours: Collection[str],
    at: datetime,
    given: Mapping[str, ClipName] = NOTHING_GIVEN,
) -> Said:
    """Adopt the strangers that are ours, leave the others alone, and let the lane go on.

    Args:
        ours, not_ours: names of strangers, as `Stranger.name`; what is in neither stays unclear.
            One that is ours and belongs to no clip stays unclear too: its batch is lost, and may
            be asked for again by its client.
        given: the clip that a person says one came of, by its name. One that has a post of its own
            already has one too many now, which the audit sees to.

    Raises:
        NotFound: no such lane.
        StoreUnavailable: nothing was written.
    """
    with writing():
        lock_row("lanes", lane_id)
        strangers.forget_known(lane_id)
        found = strangers.here(lane_id)
        named = _named(lane_id, found, given)
        told = [batch for pair in named for batch in _give(*pair, at)]
        mine = [one for one in found if one.name in ours and one.name not in given]
        guessed = _pairs(lane_id, mine)
        told += [batch for pair in guessed for batch in _give(*pair, at)]
        adopted = [*named, *guessed]
        for stranger, _ in adopted:
            strangers.forget(stranger)
        for one in found:
            if one.name in not_ours:
                strangers.leave_alone(one)
        left = strangers.here(lane_id)
        if len(left) < len(found):
            lane = lanes.here(lane_id)
            acts.write(Action.LANE_RECOVER, f"{lane.account_id}/{lane.network}", at)
        due = [] if left else let_go_on(lane_id, at)
    latest = dict[str, tuple[Batch, int | None]]()
    latest |= {batch.batch_id: (batch, None) for batch in told}
    latest |= {batch.batch_id: (batch, opened) for batch, opened in due}
    for batch, opened in latest.values():
        events.announce(events.Change(batch.batch_id, batch.last_seq, None, opened))
    return Said(adopted, left)


def _named(
    lane_id: int, found: Sequence[Stranger], given: Mapping[str, ClipName]
) -> Sequence[tuple[Stranger, Clip]]:
    """Return which clip each stranger came of that a person has named one for.

    First the live, and the last that was made: a clip holds the first that it is given.
    """
    pairs = list[tuple[Stranger, Clip]]()
    last_first = reversed(found)
    for one in sorted(last_first, key=lambda one: one.post.status is not PostStatus.PUBLISHED):
        if one.name in given:
            row = run(
                f"{_OF_LANE} AND c.batch_id = ? AND c.clip_index = ?", (lane_id, *given[one.name])
            ).fetchone()
            pairs += [(one, clip_of(row))] if row else []
    return pairs


def _give(stranger: Stranger, clip: Clip, at: datetime) -> list[Batch]:
    """Have a clip hold a post, or know it as one that came of it beside the one that it has."""
    current = _current(clip)
    if doubt.can_take_one(current):
        return _adopt(stranger, current, at)
    sends.keep_given(current, stranger.post, at)
    return []


def _current(clip: Clip) -> Clip:
    return clip_of(run(f"{SELECT_CLIP} WHERE c.id = ?", (clip.id,)).fetchone())


def _pairs(lane_id: int, mine: Sequence[Stranger]) -> Sequence[tuple[Stranger, Clip]]:
    """Match them with the clips of a lane that they may belong to, in the order those go out."""
    dated = run(
        "SELECT c.id FROM publish_batch_clips c JOIN publish_batches b"
        f" ON b.batch_id = c.batch_id WHERE c.lane_id = ? AND b.publish_mode <> '{Mode.NOW}'",
        (lane_id,),
    ).fetchall()
    return doubt.pairs(mine, _clips(lane_id), {clip_id for (clip_id,) in dated})


def _clips(lane_id: int) -> list[Clip]:
    """Return what is not ended of a lane, or ended since it is held, as it goes out."""
    rows = run(
        f"{_OF_LANE} AND c.status IN {_NOT_ENDED}"
        " AND (b.completed_at IS NULL OR b.completed_at > ?) ORDER BY b.place, c.clip_index",
        (lane_id, to_text(lanes.here(lane_id).held_at)),
    ).fetchall()
    return [clip_of(row) for row in rows]


def _adopt(stranger: Stranger, clip: Clip, at: datetime) -> list[Batch]:
    """Have a clip hold a post that a person says is its own, as if it had just been found."""
    told = []
    for move in _moves(stranger, clip, at):
        batch = writer.locked_batch(clip.batch_id)
        now, _ = writer.moved_in(batch, replace(move, before=_current(clip)), at)
        told.append(now)
    return told


def _moves(stranger: Stranger, clip: Clip, at: datetime) -> list[Move]:
    """Return the edges by which a clip comes to hold a post, each as decided on the one before."""
    steps = list[Move]()
    if clip.state is State.UPLOADING:
        steps.append(moves.postponed(clip, moves.later(at), None, None))
    elif clip.state is State.WAITING_CONFIRMATION:
        steps.append(moves.recalled(clip, at))
    elif clip.state is State.FAILED:
        steps.append(moves.rechecked(clip, at, clip.wished_for or at, order_waived=False))
    ready = steps[-1].after if steps else clip
    post = stranger.post
    date = post.planned_for or post.created_at or at
    # A send like any other: what came of it is watched, also once it is taken back
    sent = replace(
        ready,
        sends=ready.sends + 1,
        media_url=post.media_urls[0] if post.media_urls else ready.media_url or ready.source_url,
        planned_for=date,
        intended_at=post.created_at or at,
    )
    found = moves.found(sent, post, at, [date])
    return [*steps, replace(found, before=ready)]
