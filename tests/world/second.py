"""A copy of the database that somebody starts elsewhere, with the same token, as a trial."""

from __future__ import annotations

from collections.abc import Callable
from unittest.mock import patch

from storyclip.store.service import newest
from tests.world import heart, rows
from tests.world.metricool import Metricool
from tests.world.outside import Outside
from tests.world.record import Copied
from tests.world.scheduler import Process
from tests.world.times import instant
from tests.world.workers import Workers

BEGINS_WITHIN_S = 600.0
HERE = "storyclip.store.service.newest.place"


class CopysLine:
    """Carries the calls of a copy at once: none is expected, and each is kept for the judge."""

    def __init__(self, metricool: Metricool, about: Callable[[], str]) -> None:
        self._metricool = metricool
        self._about = about
        self.calls: list[str] = []

    def ask(self, request: heart.Request, over_at: float) -> heart.Answer:
        """Make a call that may be repeated."""
        del over_at
        self.calls.append(f"{request.method} {request.path}")
        return self._metricool.handle(request, self._about(), None)

    def tell(
        self,
        request: heart.Request,
        over_at: float,
        on_sent: Callable[[], None] | None = None,
        send_by: float | None = None,
    ) -> heart.Answer:
        """Make a call that must not be repeated."""
        del on_sent, send_by
        return self.ask(request, over_at)

    def stop(self) -> None:
        """Nothing."""


class Second:
    """Whoever starts the copy: it does all that is due there, in one go, and is thrown away.

    What it has in common with the original is Metricool alone, and Redis where somebody says that
    it belongs where it is: so nothing else of either has to be there at the same time.
    """

    def __init__(self, workers: Workers) -> None:
        self._workers = workers
        self._world = workers.metricool.world
        self._about = ""
        self._world.start_copy = self._start

    def _start(self, name: str) -> None:
        """Decide when somebody starts a copy."""
        after_s = self._world.choices.between(name, 0, BEGINS_WITHIN_S)
        self._world.hub.at(after_s, lambda: self._runs(name))

    def _runs(self, name: str) -> None:
        world = self._world
        if world.store_is_down() or _is_put_back():
            world.hub.at(BEGINS_WITHIN_S, lambda: self._runs(name))
            return
        world.record.counts["faults"] += 1
        is_called_its_own = world.choices.draw(name + " here") < 0.3
        world.tell("somebody", "starts a copy of the database elsewhere, with the same token")
        original, kept = newest.find().installation, rows.kept()
        line = CopysLine(self._workers.metricool, lambda: self._about)
        try:
            with patch(HERE, lambda: "elsewhere"):
                if is_called_its_own:
                    newest.adopt_place(instant(world.hub.now_us))
                our = self._heart(line, original if is_called_its_own else None)
                self._does_all(our)
                why = newest.find().why_nothing_is_sent
        finally:
            rows.restore(kept)
        world.record.copies_started.append(Copied(world.hub.now_us, line.calls, why))
        world.changed()

    def _heart(self, line: CopysLine, rival: str | None) -> heart.Heart:
        outside = (Outside(), Outside())
        our = self._workers.heart_in(Process("copy"), line, outside, lambda _: rival)
        our.look()
        return our

    def _does_all(self, our: heart.Heart) -> None:
        """Take what is due, and look after each lane, as clock and workers do."""
        names = rows.clip_names()
        for clip_id in rows.make_due(our.now()):
            batch, index = names[clip_id]
            self._about = f"{batch}.{index}"
            our.step(clip_id)
        for lane_id in rows.lanes_to_audit(our.now()):
            self._about = f"lane {lane_id}"
            our.audit(lane_id)


def _is_put_back() -> bool:
    """Return whether the rows were put back and nobody has looked at them yet."""
    try:
        newest.find()
    except heart.StoreUnavailable:
        return True
    return False
