"""A clip's life on PostgreSQL, with the server away for seconds from one named step on."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, TypeVar

import psycopg
import requests

from storyclip.domain.crashpoint import arm
from storyclip.flow import hand
from tests.crash.harness import Harness, Place
from tests.crash.roles import UNSAFE, Countdown, be_web, be_worker, hit_mark
from tests.crash.rows import Rows
from tests.crash.run import HIT_WITHIN_S, Run
from tests.crash.scenario import Scenario
from tests.crash.verdicts import Outcome
from tests.crash.web_client import Said, Trouble
from tests.eventually import eventually
from tests.postgres.line import Line, Outage, ask_for

OWN_WITHIN_S = 10.0
ASK_AGAIN_S = 0.5
ASKS_WITHIN_S = 30.0
FORGETS = "forgets_its_answer"

T = TypeVar("T")


@dataclass(frozen=True)
class Step:
    """The step of a clip's life from which on the server is away, and how it is away."""

    scenario: Scenario
    outage: Outage

    @property
    def point(self) -> str:
        """The step's name."""
        return self.scenario.point

    @property
    def is_sure(self) -> bool:
        """Return that the step is come to in any case."""
        return True

    def __str__(self) -> str:
        return f"{self.outage}-{self.scenario}"


@dataclass(frozen=True)
class Stood(Outcome):
    """What became of a step, and how long its lane stood, in seconds from the server's return."""

    stood_s: float | None = None

    @property
    def is_clean(self) -> bool:
        """Whether its lane moved in time as well."""
        return super().is_clean and self.stood_s is not None and self.stood_s < OWN_WITHIN_S


class OutageRun(Run):
    """A scenario whose process lives, and whose server is away from the point on."""

    def __init__(
        self, grounds: Harness, step: Step, place: Place, line: Line, direct_url: str
    ) -> None:
        super().__init__(
            grounds, step.scenario, place.account, place.folder, place.environ, place.flush
        )
        self._step, self._line = step, line
        self._rows = PostgresRows(direct_url)
        self._stood_s: float | None = None  # since the server was back, until its clips moved

    def judged(self, ledger: Any) -> Stood:
        """Return what became of it, with how long its lane stood as well."""
        outcome = replace(super().judged(ledger), scenario=self._step)
        return Stood(**vars(outcome), stood_s=self._stood_s)

    def _kill_asked_web(self) -> None:
        armed, port = self._web(self._scenario.point)
        self._worker()
        eventually(self._rows.have_a_worker, HIT_WITHIN_S, fails_as=Trouble)
        key = {"Idempotency-Key": f"k{self._account}"}
        ask = partial(self._client.post, port, headers=key)
        first = _until_done(ask)
        self._was_hit = self._died(armed, self._scenario.point)
        again = _until_done(ask)
        self._batches = [first["batchId"]]
        if first != again:
            raise Trouble(f"two answers under one Idempotency-Key: {first} {again}")

    def _asked(self, ask: Callable[[int], Said], port: int) -> Said:
        if self._scenario.point != "wish_written" or self._was_hit:
            return _until_done(lambda: ask(port))
        armed, its_port = self._web(self._scenario.point)
        eventually(self._rows.have_a_worker, HIT_WITHIN_S, fails_as=Trouble)
        said = _until_done(lambda: ask(its_port))
        self._was_hit = self._died(armed, self._scenario.point)
        return said

    def _kill_successors(self) -> None:
        """Have nobody follow: who was there lives on."""

    def _died(self, child: BaseProcess, point: str, within_s: float = HIT_WITHIN_S) -> bool:
        """Wait for the outage, and until the clips move again after it; the child lives."""
        mark, line = hit_mark(str(self._log), point), self._line
        eventually(lambda: mark.exists() or self._rows.have_ended(), within_s, fails_as=Trouble)
        if not mark.exists():
            return False
        eventually(
            lambda: line.back_at > line.away_since > 0,
            within_s,
            otherwise="the server was never away",
            fails_as=Trouble,
        )
        before = self._rows.changes()
        eventually(
            lambda: self._rows.changes() > before or self._rows.have_ended(),
            within_s,
            otherwise=lambda: f"its lane stands: {self._rows.told()}",
            fails_as=Trouble,
        )
        self._stood_s = time.monotonic() - line.back_at
        self._kills += 1
        ended = [child.exitcode for child in self._alive if child.exitcode is not None]
        if ended:
            raise Trouble(f"processes that were to live ended with {ended}")
        return True

    def _worker(self, point: str | None = None, nth: int = 1) -> BaseProcess:
        log, unsafe = str(self._log), self._scenario.unsafe
        if point is None:
            return super()._worker()
        child = self._grounds.fork(
            be_worker_at, self._environ, log, point, nth, unsafe, self._ask_for()
        )
        self._alive.append(child)
        return child

    def _web(self, point: str | None = None) -> tuple[BaseProcess, int]:
        if point is None:
            return super()._web()
        ours, theirs = self._grounds.pipe()
        log = str(self._log)
        child = self._grounds.fork(be_web_at, self._environ, log, point, theirs, self._ask_for())
        self._alive.append(child)
        if not ours.poll(30):
            raise Trouble("the web did not start")
        return child, ours.recv()

    def _ask_for(self) -> tuple[str, int]:
        return self._step.outage.value, self._line.control


class PostgresRows(Rows):
    """The rows of a scenario, read past its line."""

    def __init__(self, url: str) -> None:
        super().__init__(Path())
        self._url = url

    def _ask(self, sql: str, parameters: tuple[Any, ...] = ()) -> list[Any]:
        with psycopg.connect(self._url) as connection:
            try:
                cursor = connection.execute(sql.replace("?", "%s"), parameters)
            except psycopg.errors.UndefinedTable:  # the child that makes them is still starting
                return []
            return cursor.fetchall() if cursor.description else []


class Asks(Countdown):
    """Has an outage begin when the `nth` of a point is reached, and lets the process live."""

    def __init__(self, point: str, nth: int, mark: Path, ask_for: tuple[str, int]) -> None:
        super().__init__(point, nth, mark)
        self._ask_for = ask_for

    def __call__(self, point: str) -> bool:
        if super().__call__(point):
            ask_for(*self._ask_for)
        return False


def be_worker_at(
    environ: Mapping[str, str],
    log: str,
    point: str,
    nth: int,
    unsafe: str | None,
    asks_for: tuple[str, int],
) -> None:
    """Work; have an outage at the `nth` time that `point` is reached."""
    arm(Asks(point, nth, hit_mark(log, point), asks_for))
    be_worker(environ, log, None, 0, unsafe)


def be_web_at(
    environ: Mapping[str, str], log: str, point: str, port: Connection, asks_for: tuple[str, int]
) -> None:
    """Serve; have an outage the first time that `point` is reached."""
    arm(Asks(point, 1, hit_mark(log, point), asks_for))
    be_web(environ, log, None, 0, port)


def _until_done(ask: Callable[[], T]) -> T:
    """Ask, and again for as long as the answer is that the database is away."""
    said = list[T]()

    def has_said() -> bool:
        try:
            said.append(ask())
        except Trouble as refused:
            if " 503 " not in str(refused):
                raise
        except requests.ConnectionError as silence:
            raise Trouble(f"the web died: {silence}") from silence
        return bool(said)

    away = "it says for too long that the database is away"
    eventually(has_said, ASKS_WITHIN_S, otherwise=away, every_s=ASK_AGAIN_S, fails_as=Trouble)
    return said[0]


def _forgetting() -> None:
    """Send again what could not be written, as a queue with retries does."""
    UNSAFE["blind_retry"]()
    hand.KEPT_FOR_S = 0.0


UNSAFE[FORGETS] = _forgetting
