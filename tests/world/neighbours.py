"""A neighbour that stands still inside a transaction: what it holds then, and who waits for it.

On a server it holds the row of its lane, until the server takes its locks away; on one host, where
the database is a file, it holds everything, until it goes on. Nothing of its transaction is
written before that, so it is taken back here, and begun anew when its holder wakes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import peewee
import psycopg

from storyclip.store import postgres, turnstile
from tests.world import rows
from tests.world.record import Hold
from tests.world.scheduler import Killed, Task
from tests.world.times import SECOND_US, instant
from tests.world.world import World

LOOKS_S = 1.0
OTHERS_MOVE_US = 2 * SECOND_US
EVERYTHING = 0  # what is held where the database is a file


class Neighbours:
    """All that is held by somebody who stands still, and those who wait."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._held: dict[int, Hold] = {}  # by lane, or EVERYTHING
        self._waiting: list[tuple[Task, int]] = []
        self._begun_with = 0  # changes, when the transaction that runs now began
        self._lane_id: int | None = None  # of which it holds the row
        self.is_in_hand: Callable[[int], bool] = lambda clip_id: False
        self.able: Callable[[], Sequence[object]] = tuple  # who else could do something
        self._unmoved: list[Hold] = []  # freed, and nobody has written there since
        world.is_all_held = lambda: EVERYTHING in self._held
        world.is_away = self._is_away

    def begins(self) -> None:
        """Wait for the write lock, should there be but one and a neighbour have it.

        Raises:
            peewee.OperationalError: it does not come free in time.
        """
        hold = self._held.get(EVERYTHING)
        if hold is None:
            return
        self._asks(hold)
        self._wait(turnstile.BUSY_TIMEOUT_S)
        if EVERYTHING in self._held:
            raise peewee.OperationalError("database is locked")

    def gave_up(self, clip_id: int, about: str, worker: str) -> None:
        """Note for which clip a worker could not write."""
        now_us = self._world.hub.now_us
        for hold in self._world.record.holds:
            if hold.freed_us is None or hold.freed_us > now_us:
                hold.given_up.append((clip_id, about, worker))

    def begun(self, store: Any) -> None:
        """Note that a transaction began, and stand still in it if that is to be."""
        self._lane_id = None
        self._begun_with = store.connection().total_changes
        if not self._world.has_hosts:
            self._may_stand_still(store, "begun", EVERYTHING)

    def locks(self, store: Any, table: str, row_id: int) -> None:
        """Take the lock of a lane, or wait for it as long as one does; perhaps stand still then.

        Raises:
            peewee.OperationalError: whoever has it does not let go of it in time; or this one has
                stood still for so long that the server has ended its transaction.
        """
        if table != "lanes" or not self._world.has_hosts:
            return
        if (hold := self._held.get(row_id)) is not None:
            self._asks(hold)
            if self._is_empty(store):
                self._set_aside(store, lambda: self._wait(postgres.LOCK_S))
            if row_id in self._held:
                raise _not_given()
        self._lane_id = row_id
        self._may_stand_still(store, "locked", row_id)

    def can_lock(self, table: str, row_id: int) -> bool:
        """Return whether nobody holds a row."""
        return table != "lanes" or row_id not in self._held

    def commits(self, store: Any) -> None:
        """Stand still before the commit, if that is to be: the server undoes all of it.

        Raises:
            peewee.OperationalError: so it did.
        """
        if self._lane_id is not None:
            self._may_stand_still(store, "commit", self._lane_id)
        task = self._world.hub.current
        for hold in self._unmoved:
            if self._lane_id == hold.lane_id or (task and task.about in hold.wanted):
                hold.moved_us = self._world.hub.now_us
        self._unmoved = [hold for hold in self._unmoved if hold.moved_us is None]

    def _may_stand_still(self, store: Any, point: str, held: int) -> None:
        world, task = self._world, self._world.hub.current
        if task is None or not task.process.alive or world.is_looking or self._held:
            return
        if point != "commit" and not self._is_empty(store):
            return
        name = world.take("hold", f"{task.about} {point}")
        if name is None:
            return
        long_s = 10 ** world.choices.between(name, 0.0, 3.08)  # 1 s to 20 min
        if point == "commit":
            long_s += postgres.IN_TRANSACTION_S
        hold = Hold(held, world.hub.now_us)
        world.record.holds.append(hold)
        self._held[held] = hold
        what = f"the row of lane {held}" if held else "the database"
        words = f"holds {what}, and stands still for {long_s:.0f} s over {task.about} ({point})"
        world.tell(task.process.name, words)
        world.freeze(task.process, long_s)
        freed_s = min(long_s, postgres.IN_TRANSACTION_S) if held else long_s
        world.hub.at(freed_s, lambda: self._free(hold))
        world.hub.at(LOOKS_S, lambda: self._look_at_others(hold))
        try:
            self._set_aside(store, lambda: self._stands(task, hold))
        except Killed:
            if point != "locked":  # where the transaction's own end is not reached
                store.rollback()
            raise
        if long_s > freed_s:
            raise peewee.OperationalError("terminating connection: idle in transaction")

    def _stands(self, task: Task, hold: Hold) -> None:
        try:
            self._world.hub.sleep(0.0)  # until its process goes on
        finally:
            self._free(hold)
        self._world.tell(task.process.name, "goes on")

    def _free(self, hold: Hold) -> None:
        if hold.freed_us is not None:
            return
        del self._held[hold.lane_id]
        hold.freed_us = self._world.hub.now_us
        self._is_free(hold)
        for ticket in self._waiting:
            self._world.hub.wake(ticket, 0.0, None)
        self._waiting.clear()

    def _asks(self, hold: Hold) -> Task:
        """Return who asks for what a neighbour holds; the clock may not wait for it."""
        task = self._world.hub.current
        if task is None:
            hold.has_clock_waited = True
            raise _not_given()
        return task

    def _is_away(self, long_s: float) -> None:
        hold = Hold(EVERYTHING, self._world.hub.now_us)
        self._world.record.holds.append(hold)
        hold.freed_us = hold.from_us + round(long_s * SECOND_US)
        self._world.hub.at(long_s, lambda: self._is_free(hold))

    def _is_free(self, hold: Hold) -> None:
        """See what is to move now: what is due, or in the hand of one who could not write it."""
        now = instant(self._world.hub.now_us)
        for clip_id, about, worker in hold.given_up:
            if rows.is_to_move(clip_id, worker, now):
                hold.wanted.add(about)
        self._unmoved.append(hold)

    def _wait(self, at_most_s: float | None) -> None:
        ticket = self._world.hub.begin_wait()
        self._waiting.append(ticket)
        if at_most_s is not None:
            self._world.hub.wake(ticket, at_most_s, None)
        self._world.hub.wait()

    def _is_empty(self, store: Any) -> bool:
        """Return whether the transaction that runs now has written nothing yet."""
        return bool(store.connection().total_changes == self._begun_with)

    def _set_aside(self, store: Any, wait: Callable[[], None]) -> None:
        """Have others use the one connection meanwhile."""
        state, lane_id = store._state, self._lane_id
        transactions, state.transactions = state.transactions, []
        store.rollback()
        try:
            wait()
        finally:
            store.connection().execute("BEGIN IMMEDIATE")
            state.transactions = transactions
            self._lane_id = lane_id
            self._begun_with = store.connection().total_changes

    def _look_at_others(self, hold: Hold) -> None:
        """See that all other lanes move meanwhile: nothing of them is due for long."""
        world = self._world
        if hold.freed_us is not None or hold.lane_id == EVERYTHING:
            return
        since_us = world.hub.now_us - OTHERS_MOVE_US
        is_long = since_us >= max(hold.from_us, *world.record.upset_us[-1:])
        if is_long and self.able():
            due = rows.due_since(instant(since_us))
            others = [(clip, lane) for clip, lane in due if lane != hold.lane_id]
            hold.standing += [lane for clip, lane in others if not self.is_in_hand(clip)]
        world.hub.at(LOOKS_S, lambda: self._look_at_others(hold))


def _not_given() -> peewee.OperationalError:
    """Return what is raised when a row is not let go of in time."""
    failure = peewee.OperationalError("canceling statement due to lock timeout")
    failure.__cause__ = psycopg.errors.LockNotAvailable(str(failure))
    return failure
