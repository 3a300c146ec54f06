"""Backups that are made at any moment, and put back later: the service is stopped for it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from tests.world import rows
from tests.world.disk import NOTHING, Copy, Disk
from tests.world.outside import Outside
from tests.world.record import Ending, Restored
from tests.world.times import SECOND_US
from tests.world.web import Web
from tests.world.workers import SILENT_S, Workers

# What is put back with the rows: neither mark, both (a machine set back), or both are lost
WAYS = ("marks kept", "marks kept", "marks set back", "marks lost", "one mark lost")
MINUTE_S = 60.0  # what has to be set up for a machine or a disk takes longer than that


@dataclass(frozen=True)
class Backup:
    """The rows of one moment, and the marks that were there then."""

    name: str
    at_us: int
    rows: bytes
    marks: Sequence[Outside]
    films: Copy


class Restoring:
    """Whoever makes backups, stops the service, puts one back and starts it again."""

    def __init__(self, workers: Workers, web: Web, shown: Callable[[str], Ending]) -> None:
        self._workers = workers
        self._web = web
        self._shown = shown
        self._world = workers.metricool.world
        self._has_one = False
        self.disk: Disk | None = None  # of films, if there are any
        self.end_others: Callable[[], Sequence[str]] = _nobody  # with the service
        self.done: Callable[[], None] = _nothing  # told when other rows are there
        self._world.keep_backup = self._keep

    def _keep(self, name: str) -> None:
        """Make a backup, and decide when it is put back."""
        if self._has_one:
            return
        self._has_one = True
        hub, draw = self._world.hub, self._world.choices.between
        marks = [replace(outside) for outside in self._workers.outside]
        films = NOTHING if self.disk is None else self.disk.copied()
        backup = Backup(name, hub.now_us, rows.kept(), marks, films)
        self._world.tell("somebody", "makes a backup")
        after_s = 10 ** draw(name + " after", -0.5, 3.6)  # 0.3 s to about an hour
        hub.at(after_s, lambda: self._put_back(backup))

    def _put_back(self, backup: Backup) -> None:
        world, record, hub = self._world, self._world.record, self._world.hub
        world.look()
        self._has_one = False
        how = world.choices.pick(backup.name + " how", WAYS)
        down_s = 10 ** world.choices.between(backup.name + " down", -0.3, 2.8)  # 0.5 s to 10 min
        since_s = (hub.now_us - backup.at_us) / SECOND_US
        if how != "marks kept":
            down_s = max(down_s, MINUTE_S + 2 - since_s)
        record.counts["faults"] += 1
        record.counts["restores"] += 1
        ago = f"{since_s:.1f} s old"
        world.tell("somebody", f"stops the service for {down_s:.1f} s, backup {ago}, {how}")
        before = [self._shown(batch) for batch in rows.all_batches()]
        processes = [*self._workers.end_all(), *self._web.end(), *self.end_others()]
        record.killed |= set(processes)
        rows.restore(backup.rows)
        for n, (outside, mark) in enumerate(zip(self._workers.outside, backup.marks, strict=True)):
            if how == "marks set back":
                outside.mark, outside.sending = mark.mark, mark.sending
            elif how == "marks lost" or (how == "one mark lost" and n == 0):
                outside.mark = outside.sending = None
        if self.disk is not None and world.choices.draw(backup.name + " disk") < 0.5:
            self.disk.put_back(backup.films)
            record.disk_us.append(hub.now_us)
        world.stop_service(down_s)
        last = rows.last_seqs()
        announced = dict(record.event_us)
        record.restored.append(Restored(backup.at_us, hub.now_us, before, announced, last))
        for batch, seq in announced:
            if seq > last.get(batch, 0):
                del record.event_us[batch, seq]  # the number is given again
        record.held_events &= record.event_us.keys()
        hub.at(down_s + SILENT_S, lambda: self._workers.bury_all(processes))
        self.done()


def _nobody() -> Sequence[str]:
    """Return that nobody else was there."""
    return ()


def _nothing() -> None:
    """Tell nobody."""
