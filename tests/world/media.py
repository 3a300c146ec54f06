"""The media processes: they see what is due about films, do it, die and are replaced."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial

from storyclip.domain.errors import NotFound, StoreUnavailable
from storyclip.domain.user_file import FileState
from storyclip.flow.sweep_files import SOON_S, Sweep
from storyclip.media.errors import ToolBroken
from storyclip.store.files import files, media_life, transfers
from storyclip.tasks.media_inheritance import Inheritance
from storyclip.tasks.media_main import FILES, FILES_AT_ONCE, TRANSFERS_AT_ONCE
from tests.world import film_rows, heart, times
from tests.world.disk import Disk
from tests.world.parts import Parts
from tests.world.scheduler import Killed, Process
from tests.world.times import SECOND_US
from tests.world.workers import Workers, escaped

LOOK_US = SECOND_US // 2
MOST_PATIENCE_US = 16 * SECOND_US
PREFIX = "media-"
NOT_DONE = (NotFound, StoreUnavailable, ToolBroken)  # what a bench lets go of
AT_ONCE = {"transfer": TRANSFERS_AT_ONCE, **dict.fromkeys(FILES, FILES_AT_ONCE)}


class _Heirs(Inheritance):
    """Knows who lives by the world, not by process ids."""

    def __init__(self, alive: Callable[[str], bool], our: heart.Heart) -> None:
        super().__init__(PREFIX, our.now)
        self._alive = alive

    @property
    def is_taken(self) -> bool:
        """Return whether it has looked for what the dead had in hand."""
        return self._is_taken

    def _lives(self, worker: str) -> bool:
        return self._alive(worker)


class _Media:
    """One media process, with all that it has in hand."""

    def __init__(self, process: Process, our: heart.Heart, sweep: Sweep, heirs: _Heirs) -> None:
        self.process, self.our, self.sweep, self.heirs = process, our, sweep, heirs
        self.in_hand: set[tuple[str, int | str]] = set()
        self.chores_at_s = 0.0


class MediaProcesses:
    """All media processes of the world; they look when something is due, as if all the time."""

    def __init__(self, workers: Workers, disk: Disk) -> None:
        self._workers = workers
        self._disk = disk
        self._metricool = workers.metricool
        self._world = workers.metricool.world
        self._started = 0
        self._all: list[_Media] = []
        self._look_at_us = -1  # unknown
        self._patience_us = LOOK_US
        self._is_asking = False
        look_after = self._world.look_after

        def look_after_both() -> None:
            look_after()
            self._world.hub.at(0.02, self._replace_dead)

        self._world.look_after = look_after_both

    def begin(self) -> None:
        """Start those that there are from the beginning: one, and by mistake a second."""
        for _ in range(1 + (self._world.choices.draw("two media processes") < 0.3)):
            self._start()

    def committed(self) -> None:
        """Note that rows changed: something else may be due."""
        self._patience_us = LOOK_US
        self._ask_soon()

    def _ask_soon(self) -> None:
        """Ask the rows when something is due, once whatever happens now has happened."""
        self._look_at_us = -1
        if not self._is_asking:
            self._is_asking = True
            self._world.hub.at(0.0, self._set)

    def end_all(self) -> Sequence[str]:
        """Kill all there are, and return their names."""
        names = [one.process.name for one in self._all]
        for one in self._all:
            self._world.hub.kill(one.process)
        return names

    def begin_anew(self) -> None:
        """Start again what was ended, once anything runs."""
        self._able()
        self.committed()

    def _start(self) -> None:
        if (later_s := self._world.down_for_s()) > 0:
            self._world.hub.at(later_s, self._start)
            return
        self._started += 1
        process = Process(f"{PREFIX}{self._started}")
        our = self._workers.heart_in(process, parts=Parts(self._metricool))
        sweep = Sweep(self._disk, our.now, self._world.monotonic)
        self._all.append(_Media(process, our, sweep, _Heirs(self._is_alive, our)))
        self._ask_soon()

    def _is_alive(self, name: str) -> bool:
        return any(one.process.name == name and one.process.alive for one in self._all)

    def _replace_dead(self) -> None:
        self._able()

    def _able(self) -> Sequence[_Media]:
        """Return those that live and do not stand still; the dead are replaced."""
        able = []
        for one in tuple(self._all):
            if not one.process.alive:
                self._all.remove(one)
                name = f"replace {one.process.name}"
                self._world.hub.at(self._world.choices.between(name, 0.3, 4.0), self._start)
            elif one.process.frozen_until_us <= self._world.hub.now_us:
                able.append(one)
        return able

    def _set(self) -> None:
        """Have somebody look when something is due next."""
        self._is_asking = False
        if self._look_at_us >= 0:
            return
        due, now_us = film_rows.soonest_due(), self._world.hub.now_us
        is_new = any(not one.heirs.is_taken for one in self._all)
        if due is None and not is_new:
            self._look_at_us = 1 << 62
            return
        due_us = now_us if due is None or is_new else times.moment_us(due)
        if due_us <= now_us:
            due_us = now_us + self._patience_us
        at_us = math.ceil(due_us / LOOK_US) * LOOK_US
        self._look_at_us = at_us
        self._world.hub.at((at_us - now_us) / SECOND_US, partial(self._look, at_us))

    def _look(self, at_us: int) -> None:
        if at_us != self._look_at_us:
            return
        self._ask_soon()
        self._patience_us = min(2 * self._patience_us, MOST_PATIENCE_US)
        if self._world.store_is_down():
            return
        for one in self._able():
            self._look_of(one)

    def _look_of(self, one: _Media) -> None:
        now_s = self._world.monotonic()
        if ("chore", 0) not in one.in_hand and (now_s >= one.chores_at_s or not one.heirs.is_taken):
            one.chores_at_s = now_s + SOON_S
            self._begin(one, "chore", 0, "chores of films", lambda _: _chore(one))
        now = one.our.now()
        due: dict[str, Sequence[int | str]] = {"transfer": transfers.due(now, 9)}
        for kind, states in FILES.items():
            due[kind] = files.due(states, now, 9)
        for kind, ids in due.items():
            taken = sum(of == kind for of, _ in one.in_hand)
            waiting = [row for row in ids if (kind, row) not in one.in_hand]
            for row in waiting[: AT_ONCE[kind] - taken]:
                self._begin(one, kind, row, self._about(kind, row), self._work_of(one, kind))

    def _work_of(self, one: _Media, kind: str) -> Callable[[int | str], None]:
        if kind == "transfer":
            return lambda clip_id: one.our.bring(int(clip_id), self._disk)
        return lambda file_id: one.our.work_on(str(file_id), self._disk)

    def _about(self, kind: str, row: int | str) -> str:
        if kind == "transfer":
            return self._workers.about(int(row))
        return f"film {film_rows.name_of(str(row))}"

    def _begin(
        self, one: _Media, kind: str, row: int | str, about: str, do: Callable[[int | str], None]
    ) -> None:
        one.in_hand.add((kind, row))

        def work() -> None:
            try:
                do(row)
            except NOT_DONE:
                pass
            except Killed:
                raise
            except Exception as mishap:
                escaped(self._metricool, f"{kind} {about}", mishap)
            finally:
                one.in_hand.discard((kind, row))
                self._ask_soon()  # there is a hand free

        self._world.hub.spawn(one.process, about, work)


def _chore(one: _Media) -> None:
    media_life.give_sign(one.process.name, one.our.now())
    one.heirs.take()
    one.sweep.look()


def due_states() -> Sequence[FileState]:
    """Return the states in which something is still to become of a film."""
    return [state for states in FILES.values() for state in states]
