"""Runs scenarios side by side, each with its own database, on one sandbox and one Redis."""

from __future__ import annotations

import itertools
import multiprocessing
import shutil
import sqlite3
import subprocess
import tempfile
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from queue import Queue
from typing import Any

import redis
import requests

from storyclip.sandbox.process import SandboxProcess
from storyclip.stack.ports import free_port
from storyclip.stack.programs import redis as redis_program
from storyclip.store.instants import to_text
from tests.crash.roles import be_web, be_worker, hit_mark
from tests.crash.scenario import CLIPS, WEB_POINTS, Scenario
from tests.judge import Verdict, judge, published

SLOTS = 10  # scenarios side by side; each mostly waits
FIRST_ACCOUNT = 2_000_001
ACCOUNTS = 3000
HIT_WITHIN_S = 40.0
END_WITHIN_S = 60.0
STRAGGLERS_S = 4.0  # longer than any date asked for is ahead: what would come twice has come then
TIME_TO_DELETE_S = "8"  # a successor needs two or three seconds, on a busy machine more
NEAR_S = 6  # some kills come before a date, some after it
PLANNED_AHEAD_S = 60  # long enough for three to be handed over and taken back
KEY = "crash-harness-key"
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
    "STORYCLIP_API_KEYS": f"{KEY}:crash:publish+read",
}


@dataclass(frozen=True)
class Outcome:
    """What became of one scenario; `trouble` is why it could not be judged, None if it was."""

    scenario: Scenario
    kills: int
    was_hit: bool
    verdict: Verdict
    trouble: str | None
    log: Path

    @property
    def is_clean(self) -> bool:
        """Whether it was killed where it should, and every clip went out once and in order."""
        return self.was_hit and self.trouble is None and self.verdict.is_clean


class Harness:
    """One sandbox, one Redis and a warmed parent that forks the processes to be killed."""

    def __init__(self, folder: Path, sandbox: SandboxProcess, redis_port: int, slots: int) -> None:
        self._folder, self._sandbox, self._redis_port = folder, sandbox, redis_port
        self._processes = multiprocessing.get_context("forkserver")
        self._processes.set_forkserver_preload(["tests.crash.roles"])
        self._slots: Queue[int] = Queue()
        self._accounts = itertools.count(FIRST_ACCOUNT)
        self._count = slots
        for slot in range(slots):
            self._slots.put(slot)

    def run(self, scenarios: Iterable[Scenario]) -> list[Outcome]:
        """Run them side by side; judged together, when nothing can come late any more."""
        with ThreadPoolExecutor(self._count) as pool:
            runs = list(pool.map(self._run, scenarios))
        time.sleep(STRAGGLERS_S)
        ledger = self._sandbox.ledger()
        return [run.judged(ledger) for run in runs]

    def _run(self, scenario: Scenario) -> _Run:
        slot = self._slots.get()
        try:
            number = next(self._accounts)
            run = _Run(self, scenario, str(number), self._folder / str(number), slot)
            run.go()
            return run
        finally:
            self._slots.put(slot)

    def environ(self, folder: Path, slot: int) -> dict[str, str]:
        return {
            **SHORT,
            "DATABASE_URL": f"sqlite:///{folder}/storyclip.db",
            "REDIS_URL": f"redis://127.0.0.1:{self._redis_port}/{slot}",
            "METRICOOL_BASE_URL": self._sandbox.url,
        }

    def redis(self, slot: int) -> redis.Redis:
        return redis.Redis(port=self._redis_port, db=slot)

    def fork(self, role: Any, *arguments: Any) -> Any:
        child = self._processes.Process(target=role, args=arguments, daemon=True)
        child.start()
        return child

    def pipe(self) -> Any:
        return self._processes.Pipe(duplex=False)

    def switch_on(self, **fault: Any) -> None:
        self._sandbox.fault(**fault)


class _Run:
    """One scenario, from the batch to its end."""

    def __init__(
        self, harness: Harness, scenario: Scenario, account: str, folder: Path, slot: int
    ) -> None:
        self._harness, self._scenario, self._account = harness, scenario, account
        self._folder = folder
        self._slot = slot
        self._log = folder / "log.jsonl"
        self._environ = harness.environ(folder, slot)
        if scenario.wish is not None:
            self._environ["STORYCLIP_LEAD_S"] = TIME_TO_DELETE_S
        self._alive: list[Any] = []
        self._kills = 0
        self._was_hit = False
        self._trouble: str | None = None
        self._batch_id = ""
        self._stopped_at: datetime | None = None  # when a wish was answered
        folder.mkdir()

    def go(self) -> None:
        self._harness.redis(self._slot).flushdb()
        for fault in self._scenario.faults:
            self._harness.switch_on(account=self._account, **fault)
        try:
            if self._scenario.wish is not None:
                self._kill_at_wish(self._scenario.wish)
            elif self._scenario.point in WEB_POINTS:
                self._kill_web()
            else:
                self._post(self._web())
                if self._scenario.is_planned:
                    self._draw_dates_near()
                self._kill_worker()
            self._until_ended()
        except _Trouble as trouble:
            self._trouble = str(trouble)
        finally:
            for child in self._alive:
                child.kill()
                child.join()

    def judged(self, ledger: list[dict[str, Any]]) -> Outcome:
        asked = [self._source(i) for i in range(1, CLIPS + 1)]
        live = published(ledger, self._account)
        cancelled = self._sources("status = ?", "cancelled")
        excused = self._sources("status = 'failed' AND error_code = ?", self._scenario.ends_as)
        verdict = judge(asked, live, excused=[*excused, *cancelled])
        self._trouble = self._trouble or self._broken_word(ledger, set(cancelled) & set(live))
        return Outcome(
            self._scenario, self._kills, self._was_hit, verdict, self._trouble, self._log
        )

    def _broken_word(self, ledger: list[dict[str, Any]], live_anyway: set[str]) -> str | None:
        """Return what was sent or went live though the user was told that it would not."""
        if live_anyway:
            return f"cancelled by its row, and live: {live_anyway}"
        late = [
            line
            for line in ledger
            if (line["event"], line["account"]) == ("created", self._account)
            and self._stopped_at is not None
            and datetime.fromisoformat(line["time"]) > self._stopped_at
        ]
        return f"sent after the user was answered: {late}" if late else None

    def _draw_dates_near(self) -> None:
        """Move the dates from minutes to seconds ahead, before any worker sees them."""
        now, ages = datetime.now(UTC).replace(microsecond=0), timedelta(hours=2)
        for index in range(1, CLIPS + 1):
            is_missed = self._scenario.is_missed and index == self._scenario.clip
            date = now - ages if is_missed else now + timedelta(seconds=NEAR_S + index)
            self._query(
                "UPDATE publish_batch_clips SET wished_for = ? WHERE clip_index = ?",
                (to_text(date), index),
            )
        self._query("UPDATE publish_batches SET gap_s = 1")

    def _kill_web(self) -> None:
        web = self._web(self._scenario.point, 1)
        self._worker()
        key = {"Idempotency-Key": f"k{self._account}"}
        try:
            self._post(web, **key)
        except requests.ConnectionError:
            self._was_hit = self._died(web[0], self._scenario.point)
        first = self._post(self._web(), **key).json()
        again = self._post(self._web(), **key).json()
        if first != again:
            raise _Trouble(f"two answers under one Idempotency-Key: {first} {again}")

    def _kill_worker(self) -> None:
        scenario = self._scenario
        for _ in range(scenario.workers):
            self._worker()
        armed = self._worker(scenario.point, scenario.nth)
        # With a second worker it is a matter of luck who reaches the point
        self._was_hit = self._died(armed, scenario.point) or scenario.workers > 0
        if scenario.flush:
            self._harness.redis(self._slot).flushdb()
        if scenario.second is not None:
            self._died(self._worker(scenario.second, 1), scenario.second, within_s=3.0)
        self._worker()

    def _kill_at_wish(self, wish: str) -> None:
        """Have the user stop the batch when Metricool has the clip in question, and kill there."""
        scenario, web = self._scenario, self._web()
        self._batch_id = self._post(web).json()["batchId"]
        if scenario.point in WEB_POINTS:
            self._worker()
            self._until_there()
            dying = self._web(scenario.point, 1)
            try:
                self._wish(dying, wish)
            except requests.ConnectionError:
                self._was_hit = self._died(dying[0], scenario.point)
        else:
            armed = self._worker(scenario.point, scenario.nth)
            for _ in range(scenario.workers):
                self._worker()
            self._until_there()
            with ThreadPoolExecutor(1) as user:
                answer = user.submit(self._wish, web, wish)
                self._was_hit = self._died(armed, scenario.point) or scenario.workers > 0
                self._worker()
                answer.result()
                self._stopped_at = datetime.now(UTC)
        self._wish(web, "cancel")  # what was paused ends too; after a cancel it is a repetition
        self._stopped_at = self._stopped_at or datetime.now(UTC)

    def _until_there(self) -> None:
        end = time.monotonic() + HIT_WITHIN_S
        index = CLIPS if self._scenario.is_planned else self._scenario.clip
        select = "SELECT status FROM publish_batch_clips WHERE clip_index = ?"
        while self._query(select, (index,)) != [("waiting_confirmation",)]:
            if time.monotonic() > end:
                raise _Trouble(f"Metricool never had clip {index}: {self._rows()}")
            time.sleep(0.05)

    def _wish(self, web: tuple[Any, int], wish: str) -> None:
        answer = requests.post(
            f"http://127.0.0.1:{web[1]}/api/metricool/{wish}",
            params={"batchId": self._batch_id},
            headers={"X-Api-Key": KEY},
            timeout=40,
        )
        if answer.status_code != 200:
            raise _Trouble(f"{wish} refused: {answer.status_code} {answer.text}")

    def _died(self, child: Any, point: str, within_s: float = HIT_WITHIN_S) -> bool:
        """Wait for the child's death; return whether it died at its point, else kill it here."""
        mark = hit_mark(str(self._log), point)
        end = time.monotonic() + within_s
        while child.exitcode is None and time.monotonic() < end and not self._has_ended():
            child.join(0.1)
        child.join(0.5)  # what ends the batch may be the very commit that it dies after
        if child.exitcode is not None and not mark.exists():
            raise _Trouble(f"a child ended by itself with {child.exitcode}")
        child.kill()
        child.join()
        self._kills += 1
        return mark.exists()

    def _worker(self, point: str | None = None, nth: int = 1) -> Any:
        log, unsafe = str(self._log), self._scenario.unsafe
        child = self._harness.fork(be_worker, self._environ, log, point, nth, unsafe)
        self._alive.append(child)
        return child

    def _web(self, point: str | None = None, nth: int = 1) -> tuple[Any, int]:
        ours, theirs = self._harness.pipe()
        child = self._harness.fork(be_web, self._environ, str(self._log), point, nth, theirs)
        self._alive.append(child)
        if not ours.poll(30):
            raise _Trouble("the web did not start")
        return child, ours.recv()

    def _post(self, web: tuple[Any, int], **headers: str) -> requests.Response:
        clips = [{"url": self._source(i), "text": f"clip {i}"} for i in range(1, CLIPS + 1)]
        settings = {"accountId": self._account, "network": "facebook"}
        answer = requests.post(
            f"http://127.0.0.1:{web[1]}/api/metricool/publish/stories",
            json={"posts": clips, "settings": settings, **self._schedule()},
            headers={"X-Api-Key": KEY, **headers},
            timeout=20,
        )
        if answer.status_code != 202:
            raise _Trouble(f"refused: {answer.status_code} {answer.text}")
        return answer

    def _schedule(self) -> dict[str, Any]:
        if not self._scenario.is_planned:
            return {}
        at = datetime.now(UTC) + timedelta(seconds=PLANNED_AHEAD_S)
        return {"schedule": {"mode": "scheduled", "scheduledAt": at.isoformat()}}

    def _source(self, index: int) -> str:
        return f"https://cdn.example.com/{self._account}/{index}.mp4"

    def _until_ended(self) -> None:
        end = time.monotonic() + END_WITHIN_S
        while not self._has_ended():
            if time.monotonic() > end:
                raise _Trouble(f"not ended after {END_WITHIN_S:.0f} s: {self._rows()}")
            time.sleep(0.1)

    def _has_ended(self) -> bool:
        rows = self._query("SELECT status FROM publish_batches")
        return bool(rows) and all(status not in ("processing", "paused") for (status,) in rows)

    def _sources(self, claim: str, value: str | None) -> list[str]:
        rows = self._query(f"SELECT clip_url FROM publish_batch_clips WHERE {claim}", (value,))
        return [url for (url,) in rows]

    def _rows(self) -> list[Any]:
        return self._query("SELECT clip_index, status, error_msg, next_at FROM publish_batch_clips")

    def _query(self, sql: str, parameters: tuple[Any, ...] = ()) -> list[Any]:
        path = self._folder / "storyclip.db"
        if not path.exists():
            return []
        connection = sqlite3.connect(path, timeout=10)
        try:
            found = connection.execute(sql, parameters).fetchall()
            connection.commit()
            return found
        except sqlite3.OperationalError as failure:
            if "no such table" in str(failure):  # the child that makes them is still starting
                return []
            raise
        finally:
            connection.close()


class _Trouble(Exception):
    """The scenario cannot be judged, which counts as a failure."""


@contextmanager
def harness(slots: int) -> Iterator[Harness]:
    """Have everything that scenarios need, in a folder that is removed if all went well."""
    folder = Path(tempfile.mkdtemp(prefix="storyclip-crash-"))
    port = free_port()
    program = redis_program(port, folder)
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
