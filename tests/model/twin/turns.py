"""Who may be sent now, and who comes next when a clip has moved."""

from __future__ import annotations

from datetime import datetime

from storyclip.domain.batch import Batch, Status
from storyclip.domain.clip import Clip, Event, State
from storyclip.domain.errors import NotItsTurn
from storyclip.domain.moves import Move
from storyclip.domain.order import Verdict, sibling_of, verdict
from storyclip.store.publishing import turns
from storyclip.store.publishing.lanes import Ended
from tests.model.twin import lanes
from tests.model.twin.rows import Rows


def check_turn(rows: Rows, move: Move, at: datetime) -> None:
    """Refuse what `store.turns.check_turn` does.

    Raises:
        NotItsTurn: nobody wishes it to be sent now, or another comes first.
    """
    clip, batch = move.before, rows.batch(move.before.batch_id)
    wished = batch.pause_requested_at or batch.cancel_requested_at
    if batch.status is not Status.PROCESSING or wished:
        raise NotItsTurn(f"the batch is {batch.status}")
    if move.event is Event.CLAIMED and turns.needs_turn(clip, batch, at):
        first = lanes.head(rows, at)
        if first is None or first.id != clip.id:
            raise NotItsTurn(f"clip {clip.index} is not the next of its lane")
    if lanes.is_planned(batch) and not clip.order_waived:
        _check_order(rows, move, at)


def pass_on(
    rows: Rows, batch: Batch, old: Clip | None, new: Clip | None, at: datetime, *, changed: bool
) -> tuple[Rows, int | None]:
    """Open what `store.turns.pass_on` does; return the clip whose bell is to be rung, too."""
    gone = old is not None and new is not None and turns._is_gone(old, new)
    is_planned, is_back = lanes.is_planned(batch), turns._is_back(old, new)
    if not (gone or changed or is_planned or is_back):
        return rows, None
    rows, planned = lanes.open_planned(rows, batch.batch_id, at)
    opened = None
    if changed or is_planned or is_back or (new and turns._frees_lane(new)):
        was_sent = old is not None and old.state is not State.PENDING
        gap_s = batch.gap_s if was_sent else 0.0
        ended = Ended(batch.batch_id, gap_s, turns._due_at(old, new, at))
        rows, opened = lanes.open_next(rows, at, ended)
    return rows, planned or opened


def _check_order(rows: Rows, move: Move, at: datetime) -> None:
    clip = move.before
    is_intent = move.after.sends > clip.sends
    date = move.after.planned_for if is_intent else clip.wished_for
    if date is None or (not is_intent and date <= at):
        return
    siblings = [sibling_of(one) for one in rows.clips_of(clip.batch_id)]
    if verdict(clip.index, date, siblings) is not Verdict.FREE:
        raise NotItsTurn(f"clip {clip.index} would not come in its place")
