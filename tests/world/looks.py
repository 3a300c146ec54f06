"""The signs of life of the workers: given when something happens, as if once a second."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from storyclip.domain.changing import replace
from tests.world import rows
from tests.world.times import SECOND_US
from tests.world.workers import Worker, Workers

SHORT_S = 4.0  # a pause between two signs that nobody takes for standing still


class Looks:
    """Has the workers' watchmen look, before and after whatever may make a difference to them.

    Between two looks of workers that live all the time nothing is to be seen but the signs
    themselves, which are therefore written in one go.
    """

    def __init__(self, workers: Workers) -> None:
        self._workers = workers
        self._world = workers.metricool.world
        self._looked_us = 0
        self._stands = True  # nobody looks
        self.doubts: Callable[[], None] = _nothing  # told when lanes have to be looked at
        self._world.look = self.look
        workers.begins = self._begins

    def look(self) -> None:
        """Have a worker that lives look, if there is any and the database can be written."""
        able = self._workers.able()
        if not able or self._world.store_is_down():
            self._stands = True
            return
        passed_s = (self._world.hub.now_us - self._looked_us) / SECOND_US
        if passed_s < 1.0 and not self._stands:
            return
        if passed_s > SHORT_S and not self._stands:
            self._lived_on(able[0], passed_s - 1.0)
        self._looks(able[0])

    def _begins(self, worker: Worker) -> None:
        """Have a worker look that begins, before it hears its first bell."""
        self.look()  # the others have, up to this moment
        self._looks(worker)

    def _looks(self, worker: Worker) -> None:
        worker.our.look()
        self._looked_us, self._stands = self._world.hub.now_us, False
        if rows.are_lanes_in_doubt():
            self.doubts()

    def _lived_on(self, worker: Worker, seconds: float) -> None:
        """Write the last one of the signs that somebody gave who lived all the time."""
        passed, now = timedelta(seconds=seconds), worker.our.now()
        alive_at, signs = rows.lived_on(passed, round(seconds), now), round(seconds)
        for outside in self._workers.outside:
            if (mark := outside.mark) is not None:
                outside.mark = replace(mark, mark=mark.mark + signs, alive_at=alive_at)


def _nothing() -> None:
    """Tell nobody."""
