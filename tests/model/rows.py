"""The rows as a value: what the store does in SQL, as small as it can be said in Python.

One lane with one batch. Columns that no decision reads stay as they were (`rung_at`, `last_seq`,
`started_at`, `current_index`): they would make two states out of one. Nothing holds
this twin against the store yet but the reader's eye.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from typing import Any

from storyclip.domain import moves
from storyclip.domain.batch import MODE_NOW, Batch, Status
from storyclip.domain.clip import IN_FLIGHT, Clip, Event, State
from storyclip.domain.errors import LostRace, NotItsTurn
from storyclip.domain.identity import name_of, sent_as
from storyclip.domain.moves import Move
from storyclip.domain.order import Verdict, sibling_of, verdict
from storyclip.domain.send import Send
from storyclip.domain.situation import Situation
from storyclip.domain.story import Post
from storyclip.store import situation as situations
from storyclip.store import turns, writer
from storyclip.store.lanes import BEFORE_THE_NEXT

_COLUMNS = tuple(field.name for field in fields(Clip) if field.name not in ("lane", "revision"))


@dataclass(frozen=True, slots=True)
class Rows:
    """A batch, its clips in order, their sends, and who holds the lane, by id of the clip."""

    batch: Batch
    clips: tuple[Clip, ...]
    sends: tuple[Send, ...] = ()
    holder: int | None = None

    def clip(self, clip_id: int) -> Clip:
        """Return a clip; ids are places in the batch, from 1."""
        return self.clips[clip_id - 1]

    def having(self, clip: Clip) -> Rows:
        """Return the rows with one clip changed."""
        clips = list(self.clips)
        clips[clip.id - 1] = clip
        return replace(self, clips=tuple(clips))

    def of_batch(self, batch: Batch) -> Rows:
        """Return the rows with the batch changed, without what only a reader of events sees."""
        return replace(self, batch=replace(batch, last_seq=0, started_at=None, current_index=0))


Change = Callable[[Clip], Clip]


def situation(rows: Rows, clip_id: int) -> Situation:
    """Return what `store.situation.read` does."""
    clip, batch = rows.clip(clip_id), rows.batch
    looks_around = clip.state is State.PENDING or batch.pause_requested_at is not None
    around = looks_around and batch.mode != MODE_NOW
    own = tuple(send for send in rows.sends if send.clip_id == clip_id)
    return Situation(
        clip=clip,
        batch=batch,
        siblings=tuple(map(sibling_of, rows.clips)) if around else (),
        sends=own if clip.state in situations._SOUGHT else (),
        holds_lane=rows.holder == clip_id,
    )


def write(rows: Rows, move: Move, at: datetime) -> tuple[Rows, Clip]:
    """Do what `store.writer.write` does.

    Raises:
        LostRace, NotItsTurn: nothing was written.
    """
    if writer._is_silent(move):
        return _update(rows, move), replace(move.after, revision=move.before.revision + 1)
    before = rows.batch
    rows, moved = moved_in(rows, move, at)
    if moved.state is State.PENDING and rows.batch.cancel_requested_at is not None:
        rows, moved = moved_in(rows, moves.withdrawn(moved), at)
    changed = rows.batch.status is not before.status
    if writer._pauses_itself(before, rows.batch) or move.event is Event.RECALLED:
        rows = look_at_last(rows, at)
    rows, opened = pass_on(rows, move.before, moved, at, changed=changed)
    return rows, rows.clip(moved.id) if opened == moved.id else moved


def moved_in(rows: Rows, move: Move, at: datetime) -> tuple[Rows, Clip]:
    """Write one move with its counters, sends and lane; as `store.writer.moved_in`."""
    moved = replace(move.after, revision=move.before.revision + 1)
    batch = rows.batch
    if move.event in writer._SENDING:
        check_turn(rows, move, at)
    rows = _update(_lane_held(rows, move, at), move)
    rows = replace(rows, sends=_sends(rows.sends, move, at))
    if move.lane is not None:
        lane = move.lane
        rows = replace(rows, clips=tuple(replace(clip, lane=lane) for clip in rows.clips))
        moved = replace(moved, lane=lane)
    return (
        rows if move.event is None else rows.of_batch(batch.after(move.before, moved, at))
    ), moved


def _update(rows: Rows, move: Move) -> Rows:
    row, before, after = rows.clip(move.before.id), move.before, move.after
    if _is_stale(row, before):
        raise LostRace(f"clip {row.index} was changed by somebody else")
    changes = {
        name: getattr(after, name)
        for name in _COLUMNS
        if getattr(after, name) != getattr(before, name)
    }
    return rows.having(replace(row, **{**changes, "rung_at": None}, revision=row.revision + 1))


def _is_stale(row: Clip, read: Clip) -> bool:
    return row.revision != read.revision


def _lane_held(rows: Rows, move: Move, at: datetime) -> Rows:
    """Take the lane, or leave it; that only one clip holds it is an index of the table."""
    before, after = move.before, move.after
    if after.state not in IN_FLIGHT or after.is_let_go:
        return replace(rows, holder=None) if rows.holder == before.id else rows
    if move.event in writer._SENDING and turns.needs_turn(before, rows.batch, at):
        taken = _is_held(rows) and rows.holder != before.id
        if taken and not _is_stale(rows.clip(before.id), before):
            raise NotItsTurn("another clip is in flight on the lane")
        return replace(rows, holder=before.id)
    if before.state is State.PENDING and not _is_held(rows):
        return replace(rows, holder=before.id if rows.batch.mode == MODE_NOW else None)
    return rows


def _sends(sends: tuple[Send, ...], move: Move, at: datetime) -> tuple[Send, ...]:
    """Do what `store.sends.keep` does."""
    before, after = move.before, move.after
    if after.sends > before.sends:
        assert after.media_url is not None
        assert after.planned_for is not None
        assert after.intended_at is not None
        new = Send(
            after.id,
            after.sends,
            after.source_url,
            after.media_url,
            after.planned_for,
            after.intended_at,
        )
        return (*sends, new)
    if move.is_void and before.was_sent:
        last = (before.id, before.sends)
        return tuple(send for send in sends if (send.clip_id, send.number) != last)
    if not (move.is_gone or (before.post_id is not None and after.post_id is None)):
        return sends
    let_go = before if before.post_id is not None else after
    number = sent_as(let_go, [send for send in sends if send.clip_id == let_go.id])
    gone_at = at if move.is_gone else None
    facts = {"post_id": let_go.post_id, "post_uuid": let_go.post_uuid, "gone_at": gone_at}
    return _noted(sends, let_go.id, number, facts)


def check_turn(rows: Rows, move: Move, at: datetime) -> None:
    """Do what `store.turns.check_turn` does.

    Raises:
        NotItsTurn: nobody wishes it to be sent now, or another comes first.
    """
    clip, batch = move.before, rows.batch
    if _is_stopped(batch):
        raise NotItsTurn(f"the batch is {batch.status}")
    if move.event is Event.CLAIMED and turns.needs_turn(clip, batch, at):
        first = _head(rows, at)
        if first is None or first.id != clip.id:
            raise NotItsTurn(f"clip {clip.index} is not the next of its lane")
    if batch.mode == MODE_NOW or clip.order_waived:
        return
    date = move.after.planned_for if move.after.sends > clip.sends else clip.wished_for
    siblings = [sibling_of(one) for one in rows.clips]
    if date is not None and date > at and verdict(clip.index, date, siblings) is not Verdict.FREE:
        raise NotItsTurn(f"clip {clip.index} would not come in its place")


def _is_stopped(batch: Batch) -> bool:
    wished = batch.pause_requested_at or batch.cancel_requested_at
    return batch.status is not Status.PROCESSING or wished is not None


def _is_held(rows: Rows) -> bool:
    return rows.holder is not None


def _head(rows: Rows, at: datetime) -> Clip | None:
    """Return the clip whose turn it is; as `store.lanes.head`."""
    batch = rows.batch
    if batch.status is not Status.PROCESSING or batch.cancel_requested_at is not None:
        return None
    following = _next_of_batch(rows)
    if batch.mode != MODE_NOW and (
        following is None or following.wished_for is None or following.wished_for > at
    ):
        return None
    return next((clip for clip in rows.clips if clip.state is State.PENDING), None)


def _next_of_batch(rows: Rows) -> Clip | None:
    for clip in rows.clips:
        if clip.state is State.PENDING:
            return clip
        waits = clip.state is State.WAITING_CONFIRMATION
        going = clip.taken_back_at is not None or clip.recall_wished_at is not None
        if clip.state in BEFORE_THE_NEXT or (waits and (clip.seen_at is None or going)):
            return None
    return None


def pass_on(
    rows: Rows, old: Clip | None, new: Clip | None, at: datetime, *, changed: bool
) -> tuple[Rows, int | None]:
    """Do what `store.turns.pass_on` does."""
    batch = rows.batch
    gone = old is not None and new is not None and turns._is_gone(old, new)
    if not (gone or changed or batch.mode != MODE_NOW):
        return rows, None
    planned, opened = None, None
    if batch.mode != MODE_NOW:
        rows, planned = _open_planned(rows, at)
    if changed or batch.mode != MODE_NOW or (new is not None and turns._frees_lane(new)):
        gap_s = 0.0 if old and old.state is State.PENDING else batch.gap_s
        rows, opened = open_next(rows, at, turns._due_at(old, new, at), gap_s)
    return rows, planned or opened


def open_next(
    rows: Rows, at: datetime, due_at: datetime | None = None, gap_s: float = 0.0
) -> tuple[Rows, int | None]:
    """Do what `store.lanes.open_next` does."""
    first = None if _is_held(rows) else _head(rows, at)
    if first is None or first.next_at is not None:
        return rows, None
    next_at = at + timedelta(seconds=gap_s)
    due = replace(first, next_at=next_at)
    if rows.batch.mode == MODE_NOW:
        due = replace(due, wished_for=max(due_at or next_at, rows.batch.created_at))
    return rows.having(due), None if gap_s else first.id


def _open_planned(rows: Rows, at: datetime) -> tuple[Rows, int | None]:
    batch, clip = rows.batch, _next_of_batch(rows)
    runs = batch.status is Status.PROCESSING and batch.cancel_requested_at is None
    if clip is None or not runs or clip.next_at is not None:
        return rows, None
    if clip.wished_for is None or clip.wished_for <= at:
        return rows, None
    return rows.having(replace(clip, next_at=at)), clip.id


def rest(rows: Rows, clip: Clip, at: datetime) -> Rows:
    """Do what `store.writer.rest` does.

    Raises:
        LostRace: somebody else changed the clip.
    """
    rows = _update(rows, Move(clip, replace(clip, next_at=None), None))
    rows = rows.having(replace(rows.clip(clip.id), next_at=None))  # whatever it was
    rows, planned = _open_planned(rows, at) if rows.batch.mode != MODE_NOW else (rows, None)
    return rows if planned else open_next(rows, at)[0]


def look_at_last(rows: Rows, at: datetime) -> Rows:
    """Do what `store.writer.look_at_last` does."""
    if rows.batch.pause_requested_at is None:
        return rows
    there = [clip.index for clip in rows.clips if clip.state is State.WAITING_CONFIRMATION]
    return _due(
        rows, at, lambda clip: clip.state is State.VERIFYING or clip.index == max(there, default=0)
    )


def look_at_once(rows: Rows, at: datetime) -> Rows:
    """Do what `store.writer.look_at_once` does."""
    return _due(rows, at, lambda clip: clip.state in (State.WAITING_CONFIRMATION, State.VERIFYING))


def make_way(rows: Rows, clip: Clip, at: datetime) -> Rows:
    """Do what `store.writer.make_way` does."""

    def is_in_the_way(one: Clip) -> bool:
        wished = one.recall_wished_at is None and one.taken_back_at is None
        ahead = one.planned_for is not None and one.planned_for > at
        waits = one.state is State.WAITING_CONFIRMATION
        return one.index > clip.index and waits and wished and ahead

    wished = {one.id for one in rows.clips if is_in_the_way(one)}
    rows = _due(rows, at, is_in_the_way)
    for clip_id in wished:
        rows = rows.having(replace(rows.clip(clip_id), recall_wished_at=at))
    return rows


def _due(rows: Rows, at: datetime, is_meant: Callable[[Clip], bool]) -> Rows:
    for clip in filter(is_meant, rows.clips):
        rows = rows.having(replace(clip, next_at=at, revision=clip.revision + 1))
    return rows


def bury(rows: Rows, worker: str, at: datetime) -> Rows:
    """Do what `store.workers.bury` does."""
    for clip in rows.clips:
        if clip.worker == worker:
            rows = rows.having(replace(clip, next_at=at))
    return rows


def held_by_others(rows: Rows, clip: Clip, posts: tuple[Post, ...]) -> frozenset[str]:
    """Do what `store.situation.held_by_others` does."""
    held = {(one.post_id, one.post_uuid) for one in rows.clips if one.id != clip.id}
    held |= {(one.post_id, one.post_uuid) for one in rows.sends if one.clip_id != clip.id}
    uuids = {uuid for _, uuid in held if uuid is not None}
    ids = {post_id for post_id, uuid in held if uuid is None}
    return frozenset(name_of(post) for post in posts if post.uuid in uuids or post.id in ids)


def keep_late_id(rows: Rows, clip: Clip, number: int, post: Post) -> Rows:
    """Do what `store.sends.keep_late_id` does."""
    known = {"post_id": post.id, "post_uuid": post.uuid}
    return replace(rows, sends=_noted(rows.sends, clip.id, number, known))


def begin_removal(rows: Rows, send: Send, post: Post, at: datetime) -> Rows:
    """Do what `store.sends.begin_removal` does."""
    facts = {"post_id": post.id, "post_uuid": post.uuid, "removed_at": at}
    return replace(rows, sends=_noted(rows.sends, send.clip_id, send.number, facts))


def was_removed(rows: Rows, clip: Clip) -> bool:
    """Do what `store.sends.was_removed` does."""
    return any(
        send.clip_id == clip.id and send.removed_at and send.post_uuid == clip.post_uuid
        for send in rows.sends
    )


def mark_gone(rows: Rows, send: Send, at: datetime) -> Rows:
    """Do what `store.sends.mark_gone` does."""
    gone = {"gone_at": at}
    return replace(rows, sends=_noted(rows.sends, send.clip_id, send.number, gone))


def _noted(
    sends: tuple[Send, ...], clip_id: int, number: int, facts: dict[str, Any]
) -> tuple[Send, ...]:
    def is_meant(send: Send) -> bool:
        return send.clip_id == clip_id and send.number == number

    return tuple(replace(send, **facts) if is_meant(send) else send for send in sends)


def learn(rows: Rows) -> Rows:
    """Do what `store.lanes.learn` does."""
    lane = replace(rows.clips[0].lane, changes_media=True)
    return replace(rows, clips=tuple(replace(clip, lane=lane) for clip in rows.clips))
