"""The stack: Redis, sandbox, web and workers, started in order, kept running, stopped in order."""

from __future__ import annotations

import os
import secrets
import signal
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import requests

from config.addresses import sqlite_url
from config.settings import Settings, environment_with
from storyclip.sandbox.process import SandboxProcess
from storyclip.stack import data_folder, lock, programs, whereabouts
from storyclip.stack.child import POLL_S, Program
from storyclip.stack.embedded_redis import EmbeddedRedis
from storyclip.stack.opening import NotOpened, Opening
from storyclip.stack.ports import HOST, free_port
from storyclip.stack.supervisor import Supervisor

READY_S = 60.0  # three interpreters start at once; a loaded machine needs half of it
STOP_S = 25.0  # a worker finishes the step in hand
LAST_STOP_S = 5.0  # Redis and the sandbox have nobody left to serve
ANSWER_S = 2.0


class StackFailed(Exception):
    """A part of the stack does not come up; the message has what it said last."""


class Stack:
    """The service with everything it needs on free ports, for a `with` block.

    Args:
        port: of the web process; 0 takes a free one.
        redis_url: an existing Redis; None starts the embedded server.
        metricool_url: an existing Metricool; None starts the sandbox.
        sandbox_flags: `python -m storyclip.sandbox`'s, with underscores: `{"date_step": 1}`.
        environment: further settings for web and workers.
        seeds_key: gives the stack an `api_key` that may do everything; without, `first_key` is
            the one that a new installation makes.
        report: gets a sentence, from another thread, when a part dies and is started again.
    """

    def __init__(
        self,
        data_dir: Path,
        *,
        port: int = 0,
        workers: int = 1,
        database_url: str | None = None,
        redis_url: str | None = None,
        metricool_url: str | None = None,
        sandbox_flags: Mapping[str, Any] | None = None,
        environment: Mapping[str, str] | None = None,
        seeds_key: bool = True,
        report: Callable[[str], None] = lambda sentence: None,  # noqa: ARG005
    ) -> None:
        self.data_dir = data_dir.resolve()
        self.log_dir = self.data_dir / "log"
        self.ledger_file = self.data_dir / "sandbox-ledger.jsonl"
        port = port or free_port()
        self.url = f"http://{HOST}:{port}"
        self.database_url = database_url or sqlite_url(self.data_dir / "storyclip.db")
        self._redis = None if redis_url else EmbeddedRedis(self.data_dir / "redis")
        self.redis_url = redis_url or (self._redis.url if self._redis else "")
        self.sandbox: SandboxProcess | None = None
        if metricool_url is None:
            # Only for its control calls and its ledger: the process itself is kept by us.
            self.sandbox = SandboxProcess(self.ledger_file)
            at = f"http://{HOST}:{free_port()}"
            self.sandbox.url, self.sandbox.control = f"{at}/api", f"{at}/control"
            metricool_url = self.sandbox.url
        self.metricool_url = metricool_url
        self._sandbox_flags = dict(sandbox_flags or {})
        addresses = programs.Addresses(port, self.database_url, self.redis_url, metricool_url)
        self._environment = {**(environment or {}), **addresses.environment()}
        if self.sandbox is not None:
            if "METRICOOL_USER_TOKEN_FILE" not in self._environment:
                self._environment["METRICOOL_USER_TOKEN"] = programs.SANDBOX_TOKEN
            self._environment["METRICOOL_USER_ID"] = programs.SANDBOX_USER_ID
        self.first_key: str | None = None
        self.api_key = ""
        if seeds_key:
            self.api_key = f"stack-{secrets.token_urlsafe(24)}"
            self._environment["STORYCLIP_API_KEYS"] = f"{self.api_key}:local:publish+read+admin@*"
        self._programs = {program.name: program for program in self._programs_of(workers)}
        self._report = report
        self._supervisor: Supervisor | None = None
        self._opening: Opening | None = None
        self._lock: int | None = None

    def __enter__(self) -> Self:
        try:
            self.start()
            self.wait_ready()
        except BaseException:
            self.stop(0)
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Start everything in order; web and workers are under way when it returns.

        Raises:
            SettingsInvalid: with every wrong setting; nothing was started.
            DataTaken: another stack works in the data directory; nothing was started.
            StackFailed: with the last words of what did not come up.
        """
        Settings.from_environment(environment_with(self._environment))
        self._lock = lock.take(self.data_dir)
        if found := data_folder.keep_private(self.data_dir):
            self._report(f"Others on this machine can read or change {found[0]}: it is not ours.")
        self._supervisor = Supervisor(self.log_dir, self._report, self._lock)
        until = time.monotonic() + READY_S
        if self._redis is not None:
            self._redis.prepare()
            if (elsewhere := self._redis.elsewhere) is not None:
                self._report(f"The data folder's path is too long for a socket: {elsewhere} has it")
        for name in self._names("redis", "sandbox"):
            self.start_program(name)
        self._opening = Opening(self._environment, self.log_dir / "opening.log")
        self._wait_until_up("Redis", self._trouble_with_redis, until)
        self._wait_until_up("the sandbox", self._trouble_with_sandbox, until)
        try:
            self.first_key = self._opening.first_key(until)
        except NotOpened as reason:
            raise StackFailed(str(reason)) from reason
        self.api_key = self.api_key or self.first_key or ""
        for name in self._names("web", "worker", "media"):
            self.start_program(name)
        whereabouts.leave(self.data_dir, self.url)

    def wait_ready(self, timeout_s: float = READY_S) -> None:
        """Return when web says that it is ready and, the first time, a worker was seen alive.

        Raises:
            StackFailed: with the reason and the last words of who does not start.
        """
        until = time.monotonic() + timeout_s
        self._wait_until_up("web", self._trouble_with_web, until)
        if self._opening is not None:
            self._wait_until_up("worker", self._opening.trouble_with_workers, until)
            self._end_opening()

    def stop(self, within_s: float = STOP_S) -> None:
        """Stop web and workers, then the sandbox and Redis; nothing of it runs afterwards."""
        supervisor, self._supervisor = self._supervisor, None
        try:
            self._end_opening()
            if supervisor is not None:
                supervisor.stop(self._names("web", "worker", "media"), within_s)
                supervisor.stop(self._names("sandbox", "redis"), min(within_s, LAST_STOP_S))
        finally:
            if supervisor is not None:
                supervisor.close()
            if self._redis is not None:
                self._redis.clear()
            if self._lock is not None:
                whereabouts.forget(self.data_dir)
                os.close(self._lock)
                self._lock = None

    def start_program(self, name: str) -> None:
        """Start one part again that `stop_program` stopped."""
        self._running().start(self._programs[name])

    def stop_program(self, name: str, within_s: float = STOP_S) -> None:
        """Stop one part and leave it stopped; with `within_s` 0 it is killed."""
        self._running().stop([name], within_s)

    def kill(self, name: str, number: int = signal.SIGKILL) -> None:
        """Send a signal to one part and all it forked; what dies of it is started again at once."""
        self._running().kill(name, number)

    def pids(self, name: str) -> list[int]:
        """The living processes of one part."""
        return self._running().pids(name)

    def restarts(self, name: str) -> int:
        """How often one part was started again because it had died."""
        return self._running().restarts(name)

    def _programs_of(self, workers: int) -> list[Program]:
        found = []
        if self._redis is not None:
            found.append(self._redis.program())
        if self.sandbox is not None:
            found.append(programs.sandbox(self.sandbox.url, self.ledger_file, self._sandbox_flags))
        found.append(programs.web(self._environment))
        found.append(programs.media(self._environment))
        found += [programs.worker(number + 1, self._environment) for number in range(workers)]
        return found

    def _names(self, *kinds: str) -> list[str]:
        return [name for kind in kinds for name in self._programs if name.startswith(kind)]

    def _running(self) -> Supervisor:
        if self._supervisor is None:
            raise RuntimeError("the stack does not run")
        return self._supervisor

    def _wait_until_up(self, what: str, trouble: Callable[[], str | None], until: float) -> None:
        while True:
            if (found := trouble()) is None:
                return
            if (hopeless := self._running().hopeless()) is not None:
                raise StackFailed(hopeless)
            if time.monotonic() > until:
                raise StackFailed(f"{what} did not come up ({found}); logs are in {self.log_dir}")
            time.sleep(POLL_S)

    def _trouble_with_redis(self) -> str | None:
        if self._redis is None:
            return None  # somebody else's; `/readyz` tells whether it answers
        return self._redis.trouble(self.pids("redis"))

    def _trouble_with_sandbox(self) -> str | None:
        return None if self.sandbox is None else _trouble_at(f"{self.sandbox.control}/clock")

    def _trouble_with_web(self) -> str | None:
        return _trouble_at(f"{self.url}/readyz")

    def _end_opening(self) -> None:
        opening, self._opening = self._opening, None
        if opening is not None:
            opening.end()


def _trouble_at(url: str) -> str | None:
    with requests.Session() as session:
        session.trust_env = False  # it is on this machine, whatever proxy is set
        try:
            answer = session.get(url, timeout=ANSWER_S)
        except requests.RequestException as silence:
            return type(silence).__name__
    return None if answer.ok else f"{answer.status_code} {answer.text[:300]}"
