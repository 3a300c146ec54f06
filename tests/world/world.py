"""What everybody in a world shares: time, choices, the record, and the gaps where things happen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from tests.world.choices import Choices, kind_of
from tests.world.record import Record
from tests.world.scenario import PROFILES, Scenario
from tests.world.scheduler import Hub, Killed, Process
from tests.world.times import SECOND_US, instant

IN_THE_GAP = (
    "kill",
    "freeze",
    "jump",
    "dawdle",
    "store down",
    "wrong boot",
    "set for good",
    "restore",
    "copy",
    "disk lost",
)
SET_S = (3600, -3600, 18_000, -18_000)  # by the last two for longer than a world waits for an end
HELD_OF_LATE_US = 30 * SECOND_US
READ_CLOCKS_S = (0.25, 61.0)  # after it was set: noticed, and believed


class World:
    """One history under way."""

    def __init__(self, scenario: Scenario, choices: Choices, record: Record) -> None:
        self.scenario = scenario
        self.choices = choices
        self.record = record
        self.hub = Hub()
        self.changed: Callable[[], None] = _nothing  # told when Metricool changed
        self.look_after: Callable[[], None] = _nothing  # told when a process stopped or stood still
        self.look: Callable[[], None] = _nothing  # whether the rows are the newest
        self.keep_backup: Callable[[str], None] = _no_backup
        self.start_copy: Callable[[str], None] = _no_backup
        self.lose_disk: Callable[[str], None] = _no_backup  # of films
        self.is_looking = False
        self.is_all_held: Callable[[], bool] = _no  # by a neighbour that stands still
        self.is_away: Callable[[float], None] = _anything  # told that nothing can be written
        self._store_down_until_us = 0
        self._stopped_until_us = 0
        self.read_clocks: Callable[[], None] = _nothing  # told when somebody set the wall clock
        self._wall_ahead_us = 0
        self._wall_us, self._wall = 0, instant(0)
        self._set_for_good_us = 0
        self._weighed: dict[str, list[tuple[str, float]]] = {}  # kinds, by their common name
        self._chances = PROFILES[scenario.profile]
        self._faults_end_us = round(scenario.faults_end_s * SECOND_US)

    def monotonic(self) -> float:
        """Return the seconds since the world began."""
        return self.hub.now_us / SECOND_US

    def moment(self) -> tuple[int, int]:
        """Return what all clocks go by: the time that is, and how wrong the one on the wall is."""
        return self.hub.now_us, self._wall_ahead_us

    def wall_time(self) -> datetime:
        """Return what the clock on the wall shows, for all processes of the machine."""
        shown_us = self.hub.now_us + self._wall_ahead_us
        if shown_us != self._wall_us:  # it is read several times at each moment
            self._wall_us, self._wall = shown_us, instant(shown_us)
        return self._wall

    @property
    def has_hosts(self) -> bool:
        """Return whether there are several hosts: then the database has a clock of its own."""
        return bool(self.scenario.hosts_ahead_s)

    def host_ahead_s(self, name: str) -> float:
        """Return how far the clock of the host that a process runs on is ahead of the others."""
        hosts = self.scenario.hosts_ahead_s
        return hosts[int(len(hosts) * self.choices.draw(f"host of {name}"))] if hosts else 0.0

    def server_time(self) -> datetime | None:
        """Return what time it is in the database, None where all is on one host."""
        return instant(self.hub.now_us) if self.has_hosts else None

    @property
    def is_wall_wrong(self) -> bool:
        """Return whether the clock on the wall is wrong at the moment."""
        return self._wall_ahead_us != 0

    def may_take(self, kinds: Sequence[str]) -> bool:
        """Return whether disturbances of these kinds take place in such a history at all."""
        return self.choices.is_replay or any(self._chances.get(kind) for kind in kinds)

    def take(self, kind: str, about: str) -> str | None:
        """Return the name of a disturbance of this kind if one takes place now."""
        return self.one_of(about, (kind,), kind)

    def one_of(self, about: str, kinds: Sequence[str], chance: str) -> str | None:
        """Return the name of at most one disturbance of these kinds."""
        if self.hub.now_us >= self._faults_end_us:
            return None
        weighed = self._weighed.get(chance)
        if weighed is None:
            chances = [(kind, self._chances.get(kind, 0.0)) for kind in kinds]
            weighed = [one for one in chances if one[1] or self.choices.is_replay]
            self._weighed[chance] = weighed
        return self.choices.one_of(about, weighed, chance) if weighed else None

    def tell(self, who: str, what: str) -> None:
        """Add a line to the story, if it is told."""
        if self.record.telling:
            self.record.tell(self.hub.now_us, who, what)

    def store_is_down(self) -> bool:
        """Return whether nothing can be written now."""
        return self.is_full() or self.is_all_held()

    def is_full(self) -> bool:
        """Return whether whoever writes is told that he cannot."""
        return self.hub.now_us < self._store_down_until_us

    def is_held_of_late(self) -> bool:
        """Return whether somebody holds what others want, or has until a moment ago."""
        if not self.record.holds:
            return False
        over_us = self.record.holds[-1].freed_us
        return over_us is None or over_us + HELD_OF_LATE_US > self.hub.now_us

    def stop_service(self, seconds: float) -> None:
        """Have nothing of StoryClip's run for a while."""
        now_us = self.hub.now_us
        self._stopped_until_us = now_us + round(seconds * SECOND_US)
        self.record.nobody_us.append((now_us, self._stopped_until_us))

    def stopped_for_s(self) -> float:
        """Return for how long nothing of StoryClip's runs from now on."""
        return max(self._stopped_until_us - self.hub.now_us, 0) / SECOND_US

    def down_for_s(self) -> float:
        """Return for how long nothing can start from now on."""
        down_s = max(self._store_down_until_us - self.hub.now_us, 0) / SECOND_US
        return max(down_s, self.stopped_for_s())

    def gap(self, point: str) -> None:
        """Let others act, or something happen to the process, between two things it does.

        Raises:
            Killed: the process is no more.
        """
        task = self.hub.current
        if task is None or not task.process.alive or self.is_looking:
            return
        name = self.one_of(f"{task.about} at {point}", IN_THE_GAP, "gap")
        if name is None:
            return
        kind, process, draw = kind_of(name), task.process, self.choices.between
        if kind == "dawdle":
            long_s = draw(name, 0.001, 0.5) if self.choices.draw(name + "?") < 0.8 else 5.0
            self.tell(process.name, f"dawdles {long_s:.3f} s over {task.about} at {point}")
            self.hub.sleep(long_s)
            return
        self._look_before()
        if kind == "restore":
            self.keep_backup(name)
        elif kind == "copy":
            self.start_copy(name)
        elif kind == "disk lost":
            self.lose_disk(name)
        elif kind in ("kill", "wrong boot"):
            if kind == "wrong boot":  # whoever starts in its place believes a wrong clock
                self._jump(3600 if draw(name, 0, 1) < 0.7 else -3600)
            self.kill(process, f"over {task.about} at {point}")
            raise Killed
        elif kind == "freeze":
            long_s = 10 ** draw(name, 0.0, 3.08)  # 1 s to 20 min
            self.tell(process.name, f"stands still for {long_s:.0f} s over {task.about} at {point}")
            self.freeze(process, long_s)
            self.hub.sleep(0.0)
            self.tell(process.name, "goes on")
        elif kind == "store down":
            long_s = 10 ** draw(name, -1.0, 1.8)  # 0.1 s to a minute
            self.record.counts["faults"] += 1
            self.record.counts["store downs"] += 1
            self.record.upset_us.append(self.hub.now_us)
            self.tell("database", f"cannot be written for {long_s:.1f} s")
            self._store_down_until_us = self.hub.now_us + round(long_s * SECOND_US)
            self.is_away(long_s)
            self.look_after()
            self.hub.at(long_s + 0.001, self.look)
        elif kind == "jump":
            self._jump(3600 if draw(name, 0, 1) < 0.7 else -3600)
        elif kind == "set for good":
            self._set_for_good(self.choices.pick(name, SET_S))

    def _look_before(self) -> None:
        """Have those look who have lived up to now; nothing happens to them meanwhile."""
        self.is_looking = True
        try:
            self.look()
        finally:
            self.is_looking = False

    def freeze(self, process: Process, long_s: float) -> None:
        """Have a process stand still from the next time on that it waits."""
        self.record.counts["faults"] += 1
        self.record.upset_us.append(self.hub.now_us)
        process.frozen_until_us = self.hub.now_us + round(long_s * SECOND_US)
        self.look_after()
        self.hub.at(long_s + 0.001, self.look)

    def kill(self, process: Process, where: str) -> None:
        """Kill a process without a word."""
        self.record.counts["kills"] += 1
        self.record.killed.add(process.name)
        self.record.upset_us.append(self.hub.now_us)
        self.tell(process.name, f"is killed {where}")
        self.hub.kill(process)
        self.look_after()

    def _jump(self, by_s: int) -> None:
        self.record.counts["faults"] += 1
        self.tell("machine", f"the wall clock is {by_s} s wrong for six seconds")
        self._wall_ahead_us = by_s * SECOND_US

        def back() -> None:
            self._wall_ahead_us = self._set_for_good_us
            self._look_at_clocks()

        self.hub.at(6.0, back)

    def _set_for_good(self, by_s: int) -> None:
        """Have somebody set the wall clock hours wrong, and right the next time."""
        self.record.counts["faults"] += 1
        by_s = 0 if self._set_for_good_us else by_s
        self.record.counts["wrong boots"] += not self.has_hosts
        self.tell("machine", f"the wall clock is set: {by_s} s wrong")
        self._set_for_good_us = self._wall_ahead_us = by_s * SECOND_US
        self._look_at_clocks()

    def _look_at_clocks(self) -> None:
        for after_s in READ_CLOCKS_S:
            self.hub.at(after_s, self.read_clocks)
        self.hub.at(max(READ_CLOCKS_S) + 0.25, self.changed)


def _no_backup(name: str) -> None:
    """Make none."""


def _no() -> bool:
    """Say that it is not so."""
    return False


def _anything(what: object) -> None:
    """Tell nobody of that."""


def _nothing() -> None:
    """Tell nobody."""
