"""One scenario, from its batch to its end: who is started, who is killed, and when."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, Protocol

import requests

from tests.crash.roles import be_admin, be_web, be_worker, hit_mark
from tests.crash.rows import Rows
from tests.crash.scenario import NEAR, NOW, WEB_POINTS, Scenario
from tests.crash.user import User
from tests.crash.verdicts import Outcome, Story, verdict_on
from tests.crash.web_client import Client, Said, Trouble
from tests.eventually import eventually
from tests.judge import Ledger, orphans

HIT_WITHIN_S = 40.0
NEXT_HIT_WITHIN_S = 3.0
END_WITHIN_S = 60.0
# Seconds that a story waits upstream, by what its user does meanwhile: a successor needs two or
# three of them to delete it, on a busy machine more
LEADS_S = {"cancel": "8", "forbid": "8", "delete": "4", "pause": "2"}


class Grounds(Protocol):
    """What all scenarios share: the sandbox, and the parent that forks."""

    def fork(self, role: Callable[..., None], *arguments: Any) -> BaseProcess:
        """Start a child that plays a role until it is killed."""

    def pipe(self) -> Any:
        """Return the two ends of a pipe: ours, and a child's."""

    def switch_on(self, **fault: Any) -> None:
        """Switch a fault of the sandbox on."""

    def delete_post(self, post_id: int) -> None:
        """Delete a post as a person in the planner does."""


class Run:
    """A scenario under way, with an account, a folder and a Redis of its own."""

    def __init__(
        self,
        grounds: Grounds,
        scenario: Scenario,
        account: str,
        folder: Path,
        environ: dict[str, str],
        flush: Callable[[], object],
    ) -> None:
        """Prepare a run; `flush` empties its Redis."""
        self.ended_at = 0.0  # monotonic
        self._grounds, self._scenario, self._account = grounds, scenario, account
        self._flush = flush
        self._log = folder / "log.jsonl"
        self._environ = {**environ, **_lead(scenario), **scenario.environ}
        self._rows = Rows(folder / "storyclip.db")
        self._client = Client(scenario, account)
        self._alive = list[BaseProcess]()
        self._kills = 0
        self._was_hit = False
        self._trouble: str | None = None
        self._said = list[Said]()
        self._batches = list[str]()

    def go(self) -> None:
        """Play it to its end; nothing of it runs any more then."""
        self._flush()
        for fault in self._scenario.faults:
            self._switch_on(**fault)
        try:
            if self._scenario.point in ("batch_committed", "answer_ready"):
                self._kill_asked_web()
            else:
                self._kill_at_work()
            self._until_ended()
        except Trouble as trouble:
            self._trouble = str(trouble)
        finally:
            for child in self._alive:
                child.kill()
                child.join()
        self.ended_at = time.monotonic()

    def judged(self, ledger: Ledger) -> Outcome:
        """Return what became of it, once nothing of it can come late any more."""
        every = [line for line in ledger if line["account"] == self._account]
        stories = [
            Story(
                scenario=self._scenario,
                account=self._account,
                sources=self._client.sources(beside=is_beside),
                clips=self._rows.clips(batch_id),
                ledger=every,
                said=() if is_beside else self._said,
                is_beside=is_beside,
            )
            for batch_id, is_beside in zip(self._batches, (False, True), strict=False)
        ]
        return Outcome(
            scenario=self._scenario,
            kills=self._kills,
            was_hit=self._was_hit,
            verdict=verdict_on(self._scenario, stories),
            orphans=tuple(orphans(every, self._account, self._rows.known_posts())),
            untrue=tuple(untrue for story in stories for untrue in story.untrue()),
            trouble=self._trouble,
            log=str(self._log),
        )

    def _kill_asked_web(self) -> None:
        dying, port = self._web(self._scenario.point)
        self._worker()
        key = {"Idempotency-Key": f"k{self._account}"}
        try:
            self._client.post(port, headers=key)
        except requests.ConnectionError:
            self._was_hit = self._died(dying, self._scenario.point)
        _, port = self._web()
        first, again = (self._client.post(port, headers=key) for _ in range(2))
        self._batches = [first["batchId"]]
        self._kill_successors()
        if first != again:
            raise Trouble(f"two answers under one Idempotency-Key: {first} {again}")

    def _kill_at_work(self) -> None:
        scenario = self._scenario
        _, port = self._web()
        self._batches = [self._client.post(port)["batchId"]]
        if scenario.beside is not None:
            self._batches.append(self._client.post(port, beside=True)["batchId"])
        self._make_near()
        user = User(
            self._client,
            self._rows,
            self._batches[0],
            lambda ask: self._asked(ask, port),
            self._switch_on,
            self._grounds.delete_post,
            self._forbid,
        )
        with ThreadPoolExecutor(1) as hand:
            acting = hand.submit(user.do, scenario.acts)
            try:
                self._kill_worker()
                acting.result()
            finally:
                self._said = user.said

    def _forbid(self) -> None:
        """Take all accounts from the user, as an admin at a terminal does."""
        admin = self._grounds.fork(be_admin, self._environ, str(self._log))
        admin.join()
        if admin.exitcode != 0:
            raise Trouble("the accounts could not be taken away")

    def _kill_worker(self) -> None:
        scenario = self._scenario
        for _ in range(scenario.workers):
            self._worker()
        if scenario.point in WEB_POINTS:
            self._worker()
        else:
            armed = self._worker(scenario.point, scenario.nth)
            # With a second worker it is a matter of luck who reaches the point
            self._was_hit = self._died(armed, scenario.point) or scenario.workers > 0
        self._kill_successors()

    def _kill_successors(self) -> None:
        if self._scenario.flush:
            self._flush()
        for point in self._scenario.then:
            self._died(self._worker(point), point, NEXT_HIT_WITHIN_S)
        self._worker()

    def _asked(self, ask: Callable[[int], Said], port: int) -> Said:
        """Have the user ask a web process that may die of it, and then another one."""
        if self._scenario.point != "wish_written" or self._was_hit:
            return ask(port)
        dying, its_port = self._web(self._scenario.point)
        try:
            return ask(its_port)
        except requests.ConnectionError:
            self._was_hit = self._died(dying, self._scenario.point)
            return ask(port)

    def _make_near(self) -> None:
        modes = (self._scenario.mode, self._scenario.beside)
        for batch_id, mode in zip(self._batches, modes, strict=False):
            if mode != NOW and self._scenario.dates == NEAR:
                self._rows.draw_dates_near(self._scenario, batch_id)

    def _died(self, child: BaseProcess, point: str, within_s: float = HIT_WITHIN_S) -> bool:
        """Wait for the child's death; return whether it died at its point, else kill it here."""
        mark = hit_mark(str(self._log), point)
        end = time.monotonic() + within_s
        while child.exitcode is None and time.monotonic() < end and not self._rows.have_ended():
            child.join(0.1)
        child.join(0.5)  # what ends the batch may be the very commit that it dies after
        if child.exitcode is not None and not mark.exists():
            raise Trouble(f"a child ended by itself with {child.exitcode}")
        child.kill()
        child.join()
        self._kills += 1
        return mark.exists()

    def _worker(self, point: str | None = None, nth: int = 1) -> BaseProcess:
        log, unsafe = str(self._log), self._scenario.unsafe
        child = self._grounds.fork(be_worker, self._environ, log, point, nth, unsafe)
        self._alive.append(child)
        return child

    def _web(self, point: str | None = None) -> tuple[BaseProcess, int]:
        ours, theirs = self._grounds.pipe()
        child = self._grounds.fork(be_web, self._environ, str(self._log), point, 1, theirs)
        self._alive.append(child)
        if not ours.poll(30):
            raise Trouble("the web did not start")
        return child, ours.recv()

    def _switch_on(self, **fault: Any) -> None:
        self._grounds.switch_on(account=self._account, **fault)

    def _until_ended(self) -> None:
        eventually(
            self._rows.have_ended,
            END_WITHIN_S,
            otherwise=lambda: f"not ended after {END_WITHIN_S:.0f} s: {self._rows.told()}",
            every_s=0.1,
            fails_as=Trouble,
        )


def _lead(scenario: Scenario) -> dict[str, str]:
    verbs = {act.verb for act in scenario.acts}
    lead_s = next((lead_s for verb, lead_s in LEADS_S.items() if verb in verbs), None)
    return {"STORYCLIP_LEAD_S": lead_s} if lead_s and not scenario.is_planned else {}
