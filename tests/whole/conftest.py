"""The real stack, as a user has it, with short times."""

from __future__ import annotations

import signal
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import requests

from storyclip.sandbox.process import SandboxProcess
from storyclip.stack.stack import Stack
from storyclip.store.instants import to_text
from tests.api import ACTIVE, Api, sources
from tests.eventually import eventually
from tests.judge import Verdict, judge, published

SHORT = {
    "STORYCLIP_DATE_STEP_S": "1",
    "STORYCLIP_LEAD_S": "0.3",
    "STORYCLIP_CONFIRM_INTERVAL_S": "0.2",
    "STORYCLIP_CONFIRM_ATTEMPTS": "50",
    "STORYCLIP_SETTLE_S": "1",
    "STORYCLIP_HTTP_DEADLINE_S": "8",
    "STORYCLIP_RETRY_BASE_S": "0.2",
    "STORYCLIP_RETRY_MAX_S": "1",
}
LOOK_EVERY_S = 0.15
WORKERS = ("worker", "worker-2")
SANDBOX = {"date_step": 1, "publish_delay": 0.3, "brands": 200}


class Client(Api):
    """What a client of the service sees of it, and the ledger beside it."""

    def __init__(self, stack: Stack) -> None:
        super().__init__(stack.url, stack.api_key)
        self.stack = stack
        self._next_account = 2_000_000
        self._batches = 0

    @property
    def sandbox(self) -> SandboxProcess:
        assert self.stack.sandbox is not None
        return self.stack.sandbox

    def publish(
        self,
        count: int,
        *,
        schedule: dict[str, Any] | None = None,
        on_failure: str = "continue",
        network: str = "facebook",
        account: str = "",
        webhook_url: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Posted:
        account = account or self.new_account()
        self._batches += 1
        settings = {"network": network, "onFailure": on_failure}
        if webhook_url is not None:
            settings["webhookUrl"] = webhook_url
        urls = sources(f"{account}/{self._batches}", count)
        answer = self.create(urls, account, schedule=schedule, headers=headers, **settings)
        return Posted(self, account, urls, answer)

    def new_account(self) -> str:
        self._next_account += 1
        return str(self._next_account)

    def act(self, action: str, batch: Posted, **query: str) -> requests.Response:
        return self.wish(action, batch.batch_id, **query)

    def acted(self, action: str, batch: Posted) -> requests.Response:
        """Lay hand on a batch while all workers are killed."""
        with ThreadPoolExecutor(1) as user:
            asked = user.submit(self.act, action, batch)
            self.kill_workers()
            return asked.result()

    def sql(self, statement: str, *values: Any) -> list[Any]:
        with closing(sqlite3.connect(self.stack.data_dir / "storyclip.db", timeout=10)) as db, db:
            return db.execute(statement, values).fetchall()

    def kill_workers(self) -> None:
        for name in WORKERS:
            self.stack.kill(name, signal.SIGKILL)

    def let_time_pass_upstream(self, until: datetime) -> None:
        """Metricool's clock runs ahead; ours need not: a row heals by what it sees, not by time."""
        self.sandbox.advance((until - datetime.now(UTC)).total_seconds() + 60)

    def look_now(self) -> None:
        """Have done now what would be due after its date."""
        now = to_text(datetime.now(UTC))
        for column in ("wished_for", "next_at"):
            update = f"UPDATE publish_batch_clips SET {column} = ? WHERE {column} > ?"
            self.sql(update, now, now)


class Posted:
    """A batch that was asked for."""

    def __init__(
        self, client: Client, account: str, sources: list[str], answer: requests.Response
    ) -> None:
        self._client, self.account, self.sources, self.answer = client, account, sources, answer

    @property
    def batch_id(self) -> str:
        return str(self.answer.json()["batchId"])

    def status(self) -> dict[str, Any]:
        return self._client.status(self.batch_id)

    def states(self) -> list[str]:
        return [clip["status"] for clip in self.status()["clips"]]

    def until(self, holds: Callable[[dict[str, Any]], bool], within_s: float = 60) -> None:
        # Each look costs the machine of what it looks at.
        eventually(
            lambda: holds(self.status()), within_s, otherwise=self.status, every_s=LOOK_EVERY_S
        )

    def until_ended(self, within_s: float = 60) -> None:
        self.until(_is_over, within_s)

    def has_ended(self) -> bool:
        return _is_over(self.status())

    def dates(self) -> list[datetime]:
        return [datetime.fromisoformat(clip["scheduledAt"]) for clip in self.status()["clips"]]

    def lines(self, event: str) -> list[dict[str, Any]]:
        """The ledger's lines on its account."""
        ledger = self._client.sandbox.ledger()
        return [
            line for line in ledger if (line["event"], line["account"]) == (event, self.account)
        ]

    def verdict(self) -> Verdict:
        return judge(self.sources, published(self._client.sandbox.ledger(), self.account))


def _is_over(shown: Mapping[str, Any]) -> bool:
    return shown["status"] not in ACTIVE


@contextmanager
def client_of(folder: Path, **environment: str) -> Iterator[Client]:
    """A client of a stack of its own, with two workers and short times."""
    settings = {**SHORT, **environment}
    with Stack(folder, workers=2, sandbox_flags=SANDBOX, environment=settings) as stack:
        yield Client(stack)


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    with client_of(tmp_path_factory.mktemp("stack")) as client:
        yield client
