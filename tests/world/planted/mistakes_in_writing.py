"""Mistakes in what is written, kept and reckoned with."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from storyclip.domain import moves
from storyclip.domain.clip import Event
from storyclip.domain.errors import LostRace
from storyclip.flow import engine, hand
from storyclip.store.database import run, writing
from storyclip.store.history import events
from storyclip.store.publishing import (
    ahead,
    batches,
    lanes,
    recalls,
    sends,
    turns,
    wishes,
    writer,
)
from tests.world import heart, workers
from tests.world.planted.plant import Plant, always, plant


@plant("kills", "lost answers")
def the_intent_is_not_written(instead: Plant) -> None:
    """Send first and write afterwards that it was to be sent."""
    kept = writer.write

    def write(move: Any, at: Any) -> Any:
        if move.after.sends > move.before.sends:
            return move.after
        return kept(move, at)

    instead.of(writer, "write", write)


@plant("kills", "everything")
def no_compare_and_set(instead: Plant) -> None:
    """Write over whatever the row has become meanwhile."""

    def update(clip: Any, columns: dict[str, Any], at: Any) -> None:
        del at
        columns = {**columns, "revision": clip.revision + 1}
        sql = writer._update_sql("publish_batch_clips", tuple(columns), "id = ?")
        run(sql, (*columns.values(), clip.id))

    instead.of(writer, "_update", update)


@plant("calm", "kills")
def no_turns_on_a_lane(instead: Plant) -> None:
    """Let every clip of a lane be in flight at once."""
    instead.of(turns, "needs_turn", always(False))
    instead.of(lanes, "is_held", always(False))


@plant("kills")
def the_event_after_the_commit(instead: Plant) -> None:
    """Write the event of a change in a transaction of its own, after the change."""
    kept, waiting = events.append, list[tuple[Any, ...]]()

    def flush(*_: Any) -> None:
        for one in waiting:
            with writing():
                kept(*one)
        waiting.clear()

    def after(telling: Any, *of: Any) -> None:
        flush()
        telling(*of)

    tell, told = writer.tell, wishes._tell
    instead.of(events, "append", lambda *one: waiting.append(one))
    instead.of(writer, "tell", lambda *of: after(tell, *of))
    instead.of(wishes, "_tell", lambda *of: after(told, *of))


@plant("wishes", "dates and wishes")
def the_wish_read_before(instead: Plant) -> None:
    """Look at the user's wish when the step begins, not when the intent is committed."""
    kept = turns.check_turn

    def check(move: Any, batch: Any, at: Any) -> None:
        if batch.pause_requested_at is None and batch.cancel_requested_at is None:
            kept(move, batch, at)

    instead.of(turns, "check_turn", check)


@plant("dates and wishes", "everything")
def on_failure_without_recall(instead: Plant) -> None:
    """Let a failed clip pause its batch, and leave upstream what waits there."""
    instead.of(writer, "_lets_go", lambda before, now, move: move.event is Event.RECALLED)


@plant("dates and wishes", "wishes")
def pause_without_recall(instead: Plant) -> None:
    """Leave upstream, until its own look, what a paused batch has there."""
    instead.of(recalls, "look_from_the_last", always([]))


@plant("wishes", "dates and wishes")
def cancel_without_a_look(instead: Plant) -> None:
    """Leave upstream, until its own look, what a cancelled batch has there."""
    instead.of(recalls, "look_at_once", always([]))


@plant("slow and odd")
def a_late_id_thrown_away(instead: Plant) -> None:
    """Drop the id that a worker called dead brings home."""

    def drop(sent: Any, post: Any, surroundings: Any) -> Any:
        raise LostRace(f"clip {sent.index} was changed by somebody else")

    instead.of(hand, "_bring_home", drop)


@plant("slow and wishes")
def sent_after_standing_still(instead: Plant) -> None:
    """Send though the intent was written long ago."""
    instead.of(hand, "SLACK_S", 1e9)


@plant("lost answers", "kills", "everything")
def sends_are_not_kept(instead: Plant) -> None:
    """Forget an intent as soon as its clip goes on."""
    instead.of(sends, "keep", always(None))


@plant("dates and wishes", "everything")
def recalled_keeps_the_old_media(instead: Plant) -> None:
    """Send a clip that was taken back with the copy that it had."""
    kept = moves.recalled

    def recalled(clip: Any, now: Any) -> Any:
        move = kept(clip, now)
        return replace(move, after=replace(move.after, media_url=clip.media_url))

    instead.of(moves, "recalled", recalled)


@plant("everything", "wishes")
def retried_keeps_the_old_media_and_plans(instead: Plant) -> None:
    """Send a retried clip with the copy and the dates that it had."""
    kept = moves.retried

    def retried(clip: Any, wished_for: Any, *, order_waived: bool) -> Any:
        move = kept(clip, wished_for, order_waived=order_waived)
        after = replace(move.after, media_url=clip.media_url, plans=clip.plans)
        return replace(move, after=after)

    instead.of(moves, "retried", retried)


@plant("lost answers", "everything")
def a_change_without_its_event(instead: Plant) -> None:
    """Let a reader see what no event told."""
    instead.of(writer, "_shows", always(False))
    kept = events.append

    def append(before: Any, after: Any, clip: Any, at: Any) -> None:
        if clip is None or before.last_seq != after.last_seq or clip.error is None:
            kept(before, after, clip, at)

    instead.of(events, "append", append)


@plant("habits")
def the_offset_ignored(instead: Plant) -> None:
    """Reckon dates by our own clock, whatever time it is at Metricool."""
    instead.of(engine.Engine, "_there", lambda self, now: now)


@plant("everything", "kills")
def the_wall_clock_believed(instead: Plant) -> None:
    """Believe a wall clock that jumps."""
    instead.of(heart, "SteadyClock", lambda wall, monotonic: wall)


class _OwnClock:
    """The time of one host, whatever the database's is."""

    def __init__(self, own: Any, monotonic: Any, server_time: Any) -> None:
        del monotonic, server_time
        self._own = own

    def __call__(self) -> Any:
        return self._own()

    def follow(self) -> None:
        """Ask nobody."""


@plant("clocks")
def each_host_by_its_own_clock(instead: Plant) -> None:
    """Write what is due by the clock of whichever host it is."""
    instead.of(heart, "SharedClock", _OwnClock)


@plant("clocks")
def the_future_believed(instead: Plant) -> None:
    """Wait for what a clock that was ahead put off, until that time has come."""
    instead.of(ahead, "make_due", always([]))


@plant("calm", "lost answers", "everything")
def a_key_that_nobody_remembers(instead: Plant) -> None:
    """Make a batch each time that a request with the same key is repeated."""
    instead.of(batches, "made_before", always(None))
    instead.of(batches, "_remember", always(None))


@plant("calm", "wishes")
def buried_after_a_blink(instead: Plant) -> None:
    """Call a worker dead that was silent for 0.05 s."""
    instead.of(workers, "SILENT_S", 0.05)


@plant("wishes")
def claimed_though_cancelled(instead: Plant) -> None:
    """Bring a pending clip of a cancelled batch back to life."""
    kept = writer.moved_in

    def moved_in(before: Any, move: Any, at: Any) -> Any:
        if move.event is Event.WITHDRAWN and move.before.post_id is None:
            move = replace(move, after=replace(move.before, next_at=at), event=None)
        return kept(before, move, at)

    instead.of(writer, "moved_in", moved_in)
