"""What a person says of the strangers on a held lane: ours, each for its clip, or none of ours."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from storyclip.domain import doubt, moves
from storyclip.domain.batch import Batch
from storyclip.domain.changing import replace
from storyclip.domain.clip import Clip, State
from storyclip.domain.dates.mode import Mode
from storyclip.domain.doubt import Stranger
from storyclip.domain.moves import Move
from storyclip.store.database import lock_row, reading, run, writing
from storyclip.store.history import events
from storyclip.store.instants import to_text
from storyclip.store.publishing import lanes, strangers, turns, writer
from storyclip.store.publishing.rows import BATCH_COLUMNS, SELECT_CLIP, batch_of, clip_of

_NOT_ENDED = (
    f"('{State.PENDING}', '{State.UPLOADING}', '{State.VERIFYING}',"
    f" '{State.WAITING_CONFIRMATION}', '{State.FAILED}')"
)


@dataclass(frozen=True, slots=True)
class Said:
    """What became of it: which clip each stranger belongs to, and which are still unclear.

    The lane goes on once none is left.
    """

    adopted: Sequence[tuple[Stranger, Clip]]
    left: Sequence[Stranger]


def proposed(lane_id: int) -> Sequence[tuple[Stranger, Clip]]:
    """Return which clip each stranger of a lane would belong to, if all of them are ours.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    with reading():
        return _pairs(lane_id, strangers.here(lane_id))


def decide(lane_id: int, ours: Collection[str], not_ours: Collection[str], at: datetime) -> Said:
    """Adopt the strangers that are ours, leave the others alone, and let the lane go on.

    Args:
        ours, not_ours: names of strangers, as `Stranger.name`; what is in neither stays unclear.
            One that is ours and belongs to no clip stays unclear too: its batch is lost, and may
            be asked for again by its client.

    Raises:
        NotFound: no such lane.
        StoreUnavailable: nothing was written.
    """
    with writing():
        lock_row("lanes", lane_id)
        found = strangers.here(lane_id)
        mine = [one for one in found if one.name in ours]
        adopted = _pairs(lane_id, mine)
        told = [batch for pair in adopted for batch in _adopt(*pair, at)]
        for stranger, _ in adopted:
            strangers.forget(stranger)
        for one in found:
            if one.name in not_ours:
                strangers.leave_alone(one)
        left = strangers.here(lane_id)
        due = [] if left else _let_go_on(lane_id, at, told)
    for batch in told:
        events.announce(events.Change(batch.batch_id, batch.last_seq, None, None))
    for batch, opened in due:
        events.announce(events.Change(batch.batch_id, batch.last_seq, None, opened))
    return Said(adopted, left)


def _pairs(lane_id: int, mine: Sequence[Stranger]) -> Sequence[tuple[Stranger, Clip]]:
    """Match them with the clips of a lane that they may belong to, in the order those go out."""
    rows = run(
        f"{SELECT_CLIP} JOIN publish_batches b ON b.batch_id = c.batch_id WHERE c.lane_id = ?"
        f" AND c.status IN {_NOT_ENDED} AND (b.completed_at IS NULL OR b.completed_at > ?)"
        " ORDER BY b.place, c.clip_index",
        (lane_id, to_text(lanes.here(lane_id).held_at)),
    ).fetchall()
    clips = [clip_of(row) for row in rows]
    dated = run(
        "SELECT c.id FROM publish_batch_clips c JOIN publish_batches b"
        f" ON b.batch_id = c.batch_id WHERE c.lane_id = ? AND b.publish_mode <> '{Mode.NOW}'",
        (lane_id,),
    ).fetchall()
    return doubt.pairs(mine, clips, {clip_id for (clip_id,) in dated})


def _adopt(stranger: Stranger, clip: Clip, at: datetime) -> list[Batch]:
    """Have a clip hold a post that a person says is its own, as if it had just been found."""
    told = []
    for move in _moves(stranger, clip, at):
        batch = writer.locked_batch(clip.batch_id)
        current = clip_of(run(f"{SELECT_CLIP} WHERE c.id = ?", (clip.id,)).fetchone())
        now, _ = writer.moved_in(batch, replace(move, before=current), at)
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


def _let_go_on(lane_id: int, at: datetime, told: list[Batch]) -> list[tuple[Batch, int | None]]:
    """Let a lane go on of which everything is known now; what it waited for does not count."""
    lane = lanes.here(lane_id)
    lanes.write(lane, replace(lane, held_at=None, reopened_at=at))
    run(
        "UPDATE publish_batch_clips SET next_at = ?, rung_at = NULL, noted_at = ?"
        " WHERE lane_id = ?"
        f" AND next_at > ? AND status IN ('{State.UPLOADING}', '{State.VERIFYING}')",
        (*[to_text(at)] * 2, lane_id, to_text(at)),
    )
    rows = run(
        f"SELECT {BATCH_COLUMNS} FROM publish_batches b WHERE b.lane_id = ?"
        " AND b.held_at IS NOT NULL ORDER BY b.place",
        (lane_id,),
    ).fetchall()
    freed = []
    for before in map(batch_of, rows):
        now = replace(before, held_at=None, last_seq=before.last_seq + 1)
        now = (replace(now, error=None) if not now.failed else now).settled(at)
        writer.save_batch(before, now)
        events.append(before, now, None, at)
        freed.append(now)
    opened = [turns.pass_on(batch, None, None, at, changed=True) for batch in freed]
    shown = {batch.batch_id for batch in freed}
    told[:] = [batch for batch in told if batch.batch_id not in shown]
    return list(zip(freed, opened, strict=True))
