"""Everything there is at one moment, and the step from one moment to the next."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from tests.model.metricool import Metricool
from tests.model.twin.rows import Rows
from tests.model.visits import Node

NAMES = ("worker A", "worker B")


class Working(NamedTuple):
    """A worker's visit, and whether the worker stands still."""

    node: Node
    is_frozen: bool = False


class State(NamedTuple):
    """Everything, at one moment; what is left of a scene's budget is part of it.

    `is_audited`: an audit has looked at rows and posts as they are.
    """

    now: datetime
    rows: Rows
    metricool: Metricool
    workers: tuple[Working | None, ...]
    faults: int
    wishes: tuple[str, ...]
    people: tuple[str, ...]
    audits: int
    is_audited: bool = False

    def at_work(self, place: int, work: Working | None) -> State:
        """Return the state with one worker's visit changed."""
        workers = list(self.workers)
        workers[place] = work
        return self._replace(workers=tuple(workers))


class Buried(NamedTuple):
    """A worker was called dead."""

    worker: str


class Wished(NamedTuple):
    """The user had a wish."""

    name: str


class Happened(NamedTuple):
    """A transition: who, what, and where it led.

    `by_itself`: it comes without a fault, and without anybody's act. `deed` is what was done to the
    rows; of a visit, the moment that asked for it.
    """

    who: str
    what: str
    state: State
    by_itself: bool = True
    deed: Buried | Wished | Node | None = None
