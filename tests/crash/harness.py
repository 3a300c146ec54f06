"""Runs scenarios side by side, each with its own database, on one sandbox and one Redis."""

from __future__ import annotations

import itertools
import multiprocessing
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from multiprocessing.process import BaseProcess
from pathlib import Path
from queue import Queue
from typing import Any, Protocol, TypeVar

import redis

from storyclip.sandbox.process import SandboxProcess
from storyclip.stack import programs
from storyclip.stack.ports import free_port
from tests import memory
from tests.crash.run import Run
from tests.crash.scenario import Scenario
from tests.crash.verdicts import Outcome
from tests.crash.web_client import KEY

SLOTS = 10  # scenarios side by side; each mostly waits
FIRST_ACCOUNT = 2_000_001
ACCOUNTS = 3000
STRAGGLERS_S = 4.0  # longer than any date asked for is ahead: what would come twice has come then
LOOK_EVERY_S = 2.0
SHORT = {
    "STORYCLIP_DATE_STEP_S": "1",
    "STORYCLIP_LEAD_S": "0.3",
    "STORYCLIP_CONFIRM_INTERVAL_S": "0.2",
    "STORYCLIP_CONFIRM_ATTEMPTS": "10",
    "STORYCLIP_LATE_WATCH_S": "3",
    "STORYCLIP_SETTLE_S": "1",
    "STORYCLIP_HTTP_DEADLINE_S": "3",
    "STORYCLIP_RETRY_BASE_S": "0.1",
    "STORYCLIP_RETRY_MAX_S": "0.5",
    "STORYCLIP_API_KEYS": f"{KEY}:crash:publish+read@*",
}


@dataclass(frozen=True)
class Place:
    """What one scenario has for itself; `flush` empties its Redis."""

    account: str
    folder: Path
    environ: dict[str, str]
    flush: Callable[[], object]


class AnyRun(Protocol):
    """One scenario under way."""

    ended_at: float  # monotonic

    def go(self) -> None:
        """Play it to its end; nothing of it runs any more then."""

    def judged(self, ledger: Sequence[Mapping[str, Any]]) -> Outcome:
        """Return what became of it, once nothing of it can come late any more."""


AnyScenario = TypeVar("AnyScenario")


class Harness:
    """One sandbox, one Redis and a warmed parent that forks the processes to be killed."""

    def __init__(self, folder: Path, sandbox: SandboxProcess, redis_port: int, slots: int) -> None:
        """Warm the parent; `slots` scenarios will run side by side."""
        self._folder, self._sandbox, self._redis_port = folder, sandbox, redis_port
        self._processes = multiprocessing.get_context("forkserver")
        self._processes.set_forkserver_preload(["tests.crash.roles"])
        self._slots: Queue[int] = Queue()
        self._accounts = itertools.count(FIRST_ACCOUNT)
        self._count = slots
        for slot in range(slots):
            self._slots.put(slot)

    def run(
        self, scenarios: Iterable[AnyScenario], make: Callable[..., AnyRun] | None = None
    ) -> Iterator[Outcome]:
        """Run them side by side; yield what became of each when nothing can come late any more.

        Args:
            make: makes of a harness, a place and a scenario what plays it.
        """
        to_come, ended = iter(scenarios), list[AnyRun]()
        play = partial(self._run, make or usual_run)
        with ThreadPoolExecutor(self._count) as pool:
            under_way = set[Future[AnyRun]]()
            while True:
                for scenario in itertools.islice(to_come, self._count - len(under_way)):
                    under_way.add(pool.submit(play, scenario))
                if not under_way and not ended:
                    return
                if under_way:
                    done, under_way = wait(under_way, LOOK_EVERY_S, FIRST_COMPLETED)
                    ended += [run.result() for run in done]
                else:
                    time.sleep(LOOK_EVERY_S)
                ripe = [run for run in ended if run.ended_at + STRAGGLERS_S < time.monotonic()]
                if ripe:
                    ended = [run for run in ended if run not in ripe]
                    ledger = self._sandbox.ledger()
                    yield from (run.judged(ledger) for run in ripe)

    @contextmanager
    def place(self) -> Iterator[Place]:
        """Have an account, a folder and a Redis that nobody else has."""
        slot = self._slots.get()
        try:
            number = str(next(self._accounts))
            folder = self._folder / number
            folder.mkdir()
            flush = redis.Redis(port=self._redis_port, db=slot).flushdb
            yield Place(number, folder, self._environ(folder, slot), flush)
        finally:
            self._slots.put(slot)

    def ledger(self) -> Sequence[Mapping[str, Any]]:
        """Return what the sandbox has written down so far."""
        return self._sandbox.ledger()

    def _run(self, make: Callable[..., AnyRun], scenario: AnyScenario) -> AnyRun:
        with self.place() as place:
            run = make(self, place, scenario)
            run.go()
            return run

    def fork(self, role: Callable[..., None], *arguments: Any) -> BaseProcess:
        """Start a child that plays a role until it is killed."""
        child = self._processes.Process(target=role, args=arguments, daemon=True)
        child.start()
        return child

    def pipe(self) -> Any:
        """Return the two ends of a pipe: ours, and a child's."""
        return self._processes.Pipe(duplex=False)

    def switch_on(self, **fault: Any) -> None:
        """Switch a fault of the sandbox on."""
        self._sandbox.fault(**fault)

    def delete_post(self, post_id: int) -> None:
        """Delete a post as a person in the planner does."""
        self._sandbox.person("delete", postId=post_id)

    def _environ(self, folder: Path, slot: int) -> dict[str, str]:
        return {
            **SHORT,
            "DATABASE_URL": f"sqlite:///{folder}/storyclip.db",
            "REDIS_URL": f"redis://127.0.0.1:{self._redis_port}/{slot}",
            "METRICOOL_BASE_URL": self._sandbox.url,
        }


def usual_run(grounds: Harness, place: Place, scenario: Scenario) -> Run:
    """Return how a scenario of clips that are addresses is played."""
    return Run(grounds, scenario, place.account, place.folder, place.environ, place.flush)


@contextmanager
def harness(slots: int) -> Iterator[Harness]:
    """Have everything that scenarios need, in a folder that is removed if all went well."""
    folder = Path(tempfile.mkdtemp(prefix="storyclip-crash-", dir=memory.folder()))
    port = free_port()
    program = programs.redis(folder, *programs.at_port(port))
    command = [*program.command, "--databases", str(max(slots, 16))]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as server:
        try:
            redis.Redis(port=port, retry=_PATIENT).ping()
            flags = {"brands": ACCOUNTS, "date_step": 1, "publish_delay": 0.3}
            with SandboxProcess(folder / "ledger.jsonl", **flags) as sandbox:
                yield Harness(folder, sandbox, port, slots)
        finally:
            server.kill()
    shutil.rmtree(folder)


_PATIENT = redis.retry.Retry(redis.backoff.ConstantBackoff(0.05), 100)
