"""All steps of a clip's life that PostgreSQL may be away from, and where they are played."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, cast

import psycopg

from tests.crash.harness import AnyRun, Harness, Place, harness
from tests.crash.matrix import at, every_point
from tests.crash.scenario import MIDDLE
from tests.crash.verdicts import Outcome
from tests.postgres.line import Lines, Outage, lines
from tests.postgres.outage import OutageRun, Step, Stood
from tests.postgres.server import server_of_its_own

AWAY_S = 5.0
AT_ONCE = 6  # side by side, each with processes of its own and a server's
WRITES = 12  # of three clips, four each


def every_step() -> Iterator[Step]:
    """Yield each registered step of a middle clip with each outage, then each write unanswered."""
    for scenario, outage in itertools.product(every_point(), Outage):
        if scenario.clip == MIDDLE:
            yield Step(scenario, outage)
    for nth in range(1, WRITES + 1):
        yield Step(replace(at("decided", MIDDLE), nth=nth), Outage.UNANSWERED)


@contextmanager
def outages() -> Iterator[Callable[[Iterable[Step]], Iterator[Stood]]]:
    """Have a server of its own, and what plays steps on it, side by side."""
    with (
        server_of_its_own("-c fsync=off -c max_connections=300") as server,
        lines(server.port, AWAY_S) as to_server,
        harness(AT_ONCE) as grounds,
    ):
        stages = Stages(server.url, to_server)
        yield lambda steps: cast("Iterator[Stood]", grounds.run(steps, stages.run_of))


class Stages:
    """Gives each scenario a database and a line of its own."""

    def __init__(self, server_url: str, to_server: Lines) -> None:
        self._server_url, self._lines = server_url, to_server

    def run_of(self, grounds: Harness, place: Place, step: Step) -> AnyRun:
        """Return how a step is played."""
        name = f"account_{place.account}"
        with psycopg.connect(f"{self._server_url}/postgres", autocommit=True) as admin:
            admin.execute(f"CREATE DATABASE {name}")
        return Staged(self._lines, grounds, step, place, f"{self._server_url}/{name}")


class Staged:
    """A run that has its line for as long as it goes."""

    def __init__(
        self, to_server: Lines, grounds: Harness, step: Step, place: Place, direct_url: str
    ) -> None:
        self._lines, self._how = to_server, (grounds, step, place, direct_url)
        self._run: OutageRun | None = None
        self.ended_at = 0.0

    def go(self) -> None:
        """Play it to its end."""
        grounds, step, place, direct_url = self._how
        name = direct_url.rpartition("/")[2]
        with self._lines.line() as line:
            url = f"postgresql://storyclip@127.0.0.1:{line.port}/{name}"
            place = replace(place, environ={**place.environ, "DATABASE_URL": url})
            self._run = OutageRun(grounds, step, place, line, direct_url)
            self._run.go()
        self.ended_at = self._run.ended_at

    def judged(self, ledger: Any) -> Outcome:
        """Return what became of it."""
        assert self._run is not None
        return self._run.judged(ledger)
