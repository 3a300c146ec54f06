"""A stage for the flow: real rows, the sandbox's own world, and time that only a test moves."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import zip_longest
from pathlib import Path
from typing import Any

import pytest

from config.settings import Settings
from storyclip.domain.batch import Batch, OnFailure
from storyclip.domain.clip import Clip, State
from storyclip.domain.dates.mode import Mode
from storyclip.domain.installation import Sending
from storyclip.domain.network import Network
from storyclip.flow.accept import accept
from storyclip.flow.engine import Engine
from storyclip.flow.step import prepare, step
from storyclip.sandbox.process import SandboxProcess
from storyclip.store.database import reading, run
from storyclip.store.history.events import Change, events_since, on_change
from storyclip.store.instants import to_instant
from storyclip.store.publishing import batches, clips
from storyclip.store.publishing.new_batch import NewBatch, NewClip
from storyclip.upstream import SANDBOX_TOKEN, SANDBOX_USER_ID
from storyclip.upstream.metricool import Metricool
from tests.flow.here import NOON, Carrier, Parts, SandboxHere
from tests.judge import published
from tests.people import known, of

ACCOUNT = "2000001"
TICK = timedelta(seconds=0.25)


class OnStage(Metricool):
    """The sandbox's clock is moved with the stage's; seconds of this machine say nothing of it."""

    def __init__(
        self, sandbox: SandboxProcess, deadline_s: float, now: Callable[[], datetime]
    ) -> None:
        carriers: dict[str, Any] = {}
        if isinstance(sandbox, SandboxHere):
            carriers = {"exchange": Carrier(sandbox), "parts": Parts(sandbox)}
        super().__init__(sandbox.url, SANDBOX_TOKEN, SANDBOX_USER_ID, deadline_s, **carriers)
        self._now = now

    def now(self) -> datetime:
        return self._now()

    def is_heard(self) -> bool:
        return True


class Stage:
    """Plays the clock and the workers by hand: one step after the other, in a time of its own."""

    def __init__(self, sandbox: SandboxProcess, **settings: str) -> None:
        self.sandbox = sandbox
        self.bells: list[int] = []
        self.prepared: list[int] = []
        self.audits: list[int] = []
        self.sent: list[Sending] = []  # left outside before each was asked for
        on_change(self._hear)
        self.sandbox.ask("POST", "reset", {})
        self.sandbox.clear_faults()
        self.at = _next_minute(datetime.fromisoformat(sandbox.now()))  # its time never runs back
        self.sandbox.set_clock(self.at.isoformat())
        self.settings = settings_of({"METRICOOL_BASE_URL": sandbox.url, **settings})
        self.upstream = self.access(self.settings.http_deadline_s)
        self.engine = self.engine_of("worker-a")

    def access(self, deadline_s: float) -> Metricool:
        """Access to the sandbox whose calls may take so long."""
        return OnStage(self.sandbox, deadline_s, lambda: self.at)

    def engine_of(self, worker: str, **changes: Any) -> Engine:
        given = {
            "upstream": self.upstream,
            "settings": self.settings,
            "now": lambda: self.at,
            "monotonic": time.monotonic,  # what no call may begin after is a moment of this machine
            "wait": self.stand_still,
            "jitter": lambda: 1.0,
            "worker": worker,
            "ring_prepare": self.prepared.append,
            "ring_audit": self.audits.append,
            "leave_sending": self.sent.append,
        }
        return Engine(**{**given, **changes})

    def accept(
        self,
        count: int = 3,
        *,
        account: str = ACCOUNT,
        on_failure: str = "continue",
        user: str = "ana",
        name: str = "b1",
        gap_s: float = 0.0,
        network: str = "facebook",
        dates: Sequence[datetime] = (),
        quota_24h: int | None = None,
    ) -> Batch:
        new = NewBatch(
            batch_id=name,
            job_id=None,
            user_id=known(user, self.at),
            key_id=None,
            account_id=account,
            network=Network(network),
            on_failure=OnFailure(on_failure),
            gap_s=gap_s,
            clips=tuple(
                NewClip(f"clip_{i}", source(name, i), f"Clip {i}", date)
                for i, date in zip_longest(range(1, count + 1), dates)
            ),
            mode=Mode.SCHEDULED if dates else Mode.NOW,
        )
        return accept(new, self.at, quota_24h=quota_24h)

    def play(self, engine: Engine | None = None) -> None:
        """Take every step whose bell rang or that the clock rings now, and what follows at once."""
        self.bells += clips.make_due(self.at, portion=1000)
        while self.bells:
            step(self.bells.pop(0), engine or self.engine)
        while self.prepared:
            prepare(self.prepared.pop(), engine or self.engine)

    def pass_time(self, seconds: float) -> None:
        """Let time pass from one due step to the next, and take each when it is due."""
        end = self.at + timedelta(seconds=seconds)
        while self.at < end:
            self.at = min(end, max(self.soonest(), self.at + TICK))
            self.sandbox.set_clock(self.at.isoformat())
            self.play()

    def soonest(self) -> datetime:
        with reading():
            (soonest,) = run("SELECT MIN(next_at) FROM publish_batch_clips").fetchone()
        return to_instant(soonest) or datetime.max.replace(tzinfo=UTC)

    def _hear(self, change: Change) -> None:
        if change.opened_clip_id is not None:
            self.bells.append(change.opened_clip_id)

    def clips(self, name: str = "b1") -> Sequence[Clip]:
        return clips.of_batch(name)

    def states(self, name: str = "b1") -> list[State]:
        return [clip.state for clip in self.clips(name)]

    def batch(self, name: str = "b1", user: str = "ana") -> Batch:
        return batches.find(name, of(user)).batch

    def live(self, account: str = ACCOUNT, network: str = "facebook") -> list[str]:
        """The sources that went live, by the sandbox's ledger."""
        return published(self.sandbox.ledger(), account, network)

    def stand_still(self, seconds: float) -> None:
        """Let time pass upstream while StoryClip is down."""
        self.at += timedelta(seconds=seconds)
        self.sandbox.set_clock(self.at.isoformat())

    def seqs(self, name: str = "b1") -> list[int]:
        return [event["seq"] for event in events_since(name, 0)]


def settings_of(environ: Mapping[str, str]) -> Settings:
    """Read them, once for all tests that have the same: nobody can change them."""
    return _settings_of(frozenset(environ.items()))


@cache
def _settings_of(environ: frozenset[tuple[str, str]]) -> Settings:
    return Settings.from_environment(dict(environ))


def _next_minute(at: datetime) -> datetime:
    return at.replace(second=0, microsecond=0) + timedelta(minutes=1)


def source(name: str, index: int) -> str:
    return f"https://cdn.example.com/{name}/{index}.mp4"


@pytest.fixture(scope="session")
def sandbox_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    """One over HTTP, for who tries the line as well."""
    ledger = Path(tmp_path_factory.mktemp("sandbox")) / "ledger.jsonl"
    with SandboxProcess(ledger, clock=NOON) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox() -> SandboxProcess:
    return SandboxHere()


@pytest.fixture
def stage(store: str, sandbox: SandboxProcess) -> Stage:
    return Stage(sandbox)
