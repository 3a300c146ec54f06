"""The workers and their clock: bells ring, steps are taken, processes die and are replaced."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import partial

from storyclip.upstream.part_line import PartCarrier
from tests.world import heart, rows
from tests.world.line import Line
from tests.world.metricool import Metricool
from tests.world.outside import Outside
from tests.world.patience import Patience
from tests.world.record import Escaped
from tests.world.scheduler import Killed, Process

SILENT_S = 1.5  # until the clock of another calls a worker dead
BEAT_S = 0.25  # between two beats of one that lives
HANDS = 8
CHANGED = {
    "STORYCLIP_LEAD_S": ("5", "20", "300"),
    "STORYCLIP_SETTLE_S": ("120", "240"),
    "STORYCLIP_CONFIRM_INTERVAL_S": ("2", "10"),
    "STORYCLIP_CONFIRM_ATTEMPTS": ("12", "60"),
    "STORYCLIP_LATE_WATCH_S": ("600", "2400"),
    "STORYCLIP_MAX_ATTEMPTS": ("2", "5"),
    "STORYCLIP_MAX_LATE_S": ("900", "3600"),
    "STORYCLIP_QUOTA_24H": ("3", "50"),
}


def _nobody(installation: str) -> str | None:
    """Return that nobody else publishes."""
    del installation
    return None


class Worker:
    """One worker process, with all that it has in hand."""

    def __init__(self, process: Process, our: heart.Heart) -> None:
        self.process = process
        self.our = our
        self.in_hand: set[tuple[str, int]] = set()
        self.buried = False


class Workers:
    """All worker processes, and the clock that leads."""

    def __init__(self, metricool: Metricool, settings: heart.Settings) -> None:
        self.metricool = metricool
        self._world = metricool.world
        self._settings = settings
        self._started = 0
        self._all: list[Worker] = []
        self._about: dict[int, str] = {}  # of each clip, by its row
        self._patience = Patience(self._world.hub)
        self.outside = (Outside(), Outside())  # a file beside the database, and a key of Redis
        self.begins: Callable[[Worker], None] = _nothing  # told of each before its first bell
        self.gave_up: Callable[[int, str, str], None] = _nothing  # told of who could not write
        self._world.read_clocks = self.read_clocks
        self._world.look_after = lambda: self._world.hub.at(0.01, self._look_after)

    def begin(self) -> None:
        """Start those that there are from the beginning."""
        for _ in range(self._world.scenario.workers):
            self._start()

    def heart_in(
        self,
        process: Process,
        line: heart.Exchange | None = None,
        outside: Sequence[heart.Outside] | None = None,
        hold: Callable[[str], str | None] = _nobody,
        parts: PartCarrier | None = None,
    ) -> heart.Heart:
        """Return StoryClip's own code as it runs in a process.

        Args:
            hold: takes an installation, and returns which other one publishes.
            parts: carries those of files, in the processes that bring any.
        """
        world = self._world
        ahead_s = world.host_ahead_s(process.name)
        ahead = timedelta(seconds=ahead_s)
        world.record.counts["wrong boots"] += world.is_wall_wrong and not world.has_hosts
        return heart.Heart(
            process.name,
            self._settings_of(process.name),
            line or Line(self.metricool),
            world.moment,
            (lambda: world.wall_time() + ahead) if ahead_s else world.wall_time,
            world.monotonic,
            lambda seconds: world.hub.sleep(max(seconds, 0.5)),
            lambda: world.choices.draw(world.choices.nth("jitter")),
            lambda clip_id: self.ring("prepare", clip_id),
            lambda lane_id: self.ring("audit", lane_id),
            world.server_time,
            outside or self.outside,
            hold,
            parts,
        )

    def _settings_of(self, name: str) -> heart.Settings:
        """Return what a process runs with: an operator may have changed it since the last began."""
        if (taken := self._world.take("settings", name)) is None:
            return self._settings
        pick = self._world.choices.pick
        said = {each: pick(f"{taken} {each}", values) for each, values in CHANGED.items()}
        self._world.tell("operator", f"has {name} run with other settings")
        return heart.Settings.from_environment(said, needs_upstream=False)

    def read_clocks(self) -> None:
        """Have each process look at its clock, as those that live do all the time."""
        for worker in self.able():
            worker.our.now()
        self._world.look()

    def ring(self, what: str, row_id: int) -> None:
        """Ring a bell: somebody hears it in a moment, or it is lost, or heard twice."""
        world = self._world
        about = self.about(row_id) if what != "audit" else f"lane {row_id}"
        name = world.take("bell", about)
        times = 1 if name is None else world.choices.pick(name, (0, 2))
        for n in range(times):
            after_s = world.choices.between(world.choices.nth(f"bell {about}"), 0.001, 0.02)
            world.hub.at(after_s * (1 + 20 * n), lambda: self._hear(what, row_id, about))

    def about(self, clip_id: int) -> str:
        """Return how a clip is called in choices and stories."""
        if clip_id not in self._about:
            names = rows.clip_names()
            self._about = {row_id: f"{batch}.{index}" for row_id, (batch, index) in names.items()}
        return self._about[clip_id]

    def _start(self) -> None:
        if (later_s := self._world.down_for_s()) > 0:
            self._world.hub.at(later_s, self._start)  # it does not start without its database
            return
        self._started += 1
        process = Process(f"worker {self._started}")
        worker = Worker(process, self.heart_in(process))
        self.begins(worker)
        self._all.append(worker)
        self._stir()
        self._world.hub.at(SILENT_S, partial(self._bury_unheard, process))

    def end_all(self) -> Sequence[str]:
        """Kill all there are, and return the names of all there ever were."""
        for worker in self._all:
            self._world.hub.kill(worker.process)
        self._about.clear()  # rows may be others' than before
        self._stir()
        return [f"worker {n}" for n in range(1, self._started + 1)]

    def _look_after(self) -> None:
        self.able()
        self._world.look()

    def able(self) -> Sequence[Worker]:
        """Return the workers that live and do not stand still; the dead are replaced and buried."""
        now_us = self._world.hub.now_us
        able = []
        for worker in tuple(self._all):
            process = worker.process
            if not process.alive:
                self._all.remove(worker)
                name = f"replace {process.name}"
                self._world.hub.at(self._world.choices.between(name, 0.3, 4.0), self._start)
                self._world.hub.at(SILENT_S, partial(self._bury, process))
            elif process.frozen_until_us > now_us:
                if not worker.buried:
                    worker.buried = True
                    self._world.hub.at(SILENT_S, partial(self._bury, process))
            else:
                worker.buried = False
                able.append(worker)
        if not able:
            until_us = min((each.process.frozen_until_us for each in self._all), default=now_us)
            self._world.record.nobody_us.append((now_us, until_us))
        return able

    def try_later(self, able: Sequence[Worker], tried: Callable[[], None]) -> None:
        """Have something tried again each second; with nobody able, once somebody can be."""
        hub = self._world.hub
        if able:
            hub.at(1.0, tried)
        else:
            frozen = (each.process.frozen_until_us for each in self._all)
            self._patience.wait(min(frozen, default=None), tried)

    def _stir(self) -> None:
        now_us = self._world.hub.now_us
        waited = [since_us for since_us in self._patience.stir() if since_us < now_us]
        if waited:
            self._world.record.nobody_us.append((min(waited), now_us))

    def _bury_unheard(self, observer: Process) -> None:
        """Call dead who has a clip in hand and was not heard since a worker began to listen."""
        if not observer.alive or self._world.store_is_down():
            return
        able = self.able()
        unheard = rows.in_hand() - {worker.process.name for worker in self._all}
        if able and unheard:
            rows.bury(sorted(unheard), able[0].our.now())

    def _bury(self, process: Process) -> None:
        """Call a worker dead that has been silent, if anybody is there to notice."""
        able = self.able()
        if not able or self._world.store_is_down():
            self.try_later(able, lambda: self._bury(process))
        elif not process.alive or process.frozen_until_us > self._world.hub.now_us:
            self._world.tell("clock", f"calls {process.name} dead")
            rows.bury([process.name], able[0].our.now())

    def bury_all(self, names: Sequence[str]) -> None:
        """Call dead whoever was there before the service was stopped, as the rows may say."""
        able = self.able()
        if not able or self._world.store_is_down():
            self.try_later(able, lambda: self.bury_all(names))
        else:
            rows.bury(names, able[0].our.now())

    def look_for_silence(self) -> None:
        """Call dead who has not been heard for too long: the living are heard once a tick."""
        if SILENT_S < BEAT_S:
            for worker in self.able():
                if worker.in_hand:
                    self._world.tell("clock", f"calls {worker.process.name} dead, which lives")
                    rows.bury([worker.process.name], worker.our.now())

    def _hear(self, what: str, row_id: int, about: str) -> None:
        able = self.able()
        if not able:
            return
        worker = self._world.choices.pick(self._world.choices.nth(f"hears {about}"), able)
        if (what, row_id) in worker.in_hand or len(worker.in_hand) >= HANDS:
            return
        worker.in_hand.add((what, row_id))
        work = {
            "publish": worker.our.step,
            "prepare": worker.our.prepare,
            "audit": worker.our.audit,
        }
        self._world.hub.spawn(
            worker.process, about, lambda: self._work(worker, what, row_id, work[what])
        )

    def _work(self, worker: Worker, what: str, row_id: int, work: Callable[[int], None]) -> None:
        try:
            work(row_id)
        except heart.StoreUnavailable:
            if what == "publish":
                self.gave_up(row_id, self.about(row_id), worker.process.name)
                self._world.hub.at(BEAT_S, partial(self._put_back, worker, row_id))
        except heart.DROPPED:
            pass
        except Killed:
            if what == "audit":
                self._world.changed()  # nobody has looked: the next minute's audit does
            raise
        except Exception as mishap:
            about = f"lane {row_id}" if what == "audit" else self.about(row_id)
            escaped(self.metricool, f"{what} {about}", mishap)
        finally:
            worker.in_hand.discard((what, row_id))

    def _put_back(self, worker: Worker, clip_id: int) -> None:
        """Have a worker that lives put back what it could not write, at its clock's next tick."""
        if not worker.process.alive:
            return
        is_busy = ("publish", clip_id) in worker.in_hand or worker not in self.able()
        if is_busy or self._world.store_is_down():
            self._world.hub.at(1.0, partial(self._put_back, worker, clip_id))
        else:
            rows.put_back(clip_id, worker.process.name, worker.our.now())

    def is_in_hand(self, clip_id: int) -> bool:
        """Return whether somebody who lives is at a clip."""
        return any(("publish", clip_id) in worker.in_hand for worker in self.able())


def _nothing(*what: object) -> None:
    """Tell nobody."""


def escaped(metricool: Metricool, about: str, mishap: Exception) -> None:
    """Keep an exception that came out where none may."""
    world = metricool.world
    words = f"{type(mishap).__name__}: {mishap}"
    world.tell("StoryClip", f"{about} breaks: {words}")
    world.record.escaped.append(Escaped(world.hub.now_us, about, words))
