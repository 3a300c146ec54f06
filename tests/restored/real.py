"""The same with real processes: `storyclip backup`, `restore` and `recover` as they are typed."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import requests

from config.addresses import sqlite_file
from config.settings import environment_with
from storyclip.stack.programs import SANDBOX_TOKEN
from storyclip.stack.stack import Stack
from tests.eventually import eventually
from tests.judge import Verdict, judge, published
from tests.restored.verdicts import Outcome
from tests.whole.conftest import SANDBOX, SHORT

ACCOUNT = "2000001"
API = "/api/metricool"
TRIES_S = 90.0
DATED_AHEAD = timedelta(seconds=8)
PARTS = ("web", "worker", "media")  # whoever has the rows open


@dataclass(frozen=True, slots=True)
class Told:
    """What a command said, and with which code it ended."""

    code: int
    out: str
    err: str


class Site:
    """One installation on this machine, its Metricool, and a person at its terminal."""

    def __init__(self, stack: Stack, batch_id: str = "") -> None:
        """Have a stack at hand; `batch_id` is of a batch that it knows already."""
        self.stack = stack
        self.sources = list[str]()
        self.batch_id = batch_id

    def command(self, *words: str, **environment: str) -> Told:
        """Run `storyclip …` as this installation's operator."""
        given = {"DATABASE_URL": self.stack.database_url, **environment}
        command = [sys.executable, "-m", "storyclip", *words]
        ran = subprocess.run(
            command, capture_output=True, text=True, check=False, env=environment_with(given)
        )
        return Told(ran.returncode, ran.stdout, ran.stderr)

    def ask(self, method: str, path: str, **how: Any) -> requests.Response:
        """Ask the web."""
        headers = {"X-Api-Key": self.stack.api_key}
        return requests.request(method, self.stack.url + path, headers=headers, timeout=20, **how)

    def publish(self, count: int, mode: str) -> None:
        """Have a batch accepted."""
        self.sources = [f"https://cdn.example.com/real/{n}.mp4" for n in range(1, count + 1)]
        schedule: dict[str, Any] = {"mode": mode}
        if mode == "scheduled":
            at = (datetime.now(UTC) + DATED_AHEAD).replace(microsecond=0)
            schedule |= {"scheduledAt": at.isoformat(), "intervalMinutes": 1}
        body = {
            "posts": [{"url": one} for one in self.sources],
            "schedule": schedule,
            "settings": {"accountId": ACCOUNT},
        }
        answer = self.ask("POST", f"{API}/publish/stories", json=body)
        assert answer.status_code == 202, answer.text
        self.batch_id = str(answer.json()["batchId"])

    def status(self) -> dict[str, Any]:
        """Return what the batch's client is told."""
        answer = self.ask("GET", f"{API}/status?batchId={self.batch_id}")
        shown: dict[str, Any] = answer.json()
        return shown

    def until(
        self, holds: Callable[[dict[str, Any]], object], within_s: float = TRIES_S
    ) -> dict[str, Any]:
        """Wait for something to be so of the batch, and return how it was then."""
        shown: dict[str, Any] = {}

        def is_so() -> object:
            nonlocal shown
            shown = self.status()
            return holds(shown)

        eventually(
            is_so,
            within_s,
            otherwise=lambda: json.dumps(shown)[:1500],
            every_s=0.1,
            fails_as=TimeoutError,
        )
        return shown

    def stop(self, *, is_killed: bool = False) -> None:
        """Stop all that have the rows open."""
        for name in PARTS:
            self.stack.stop_program(name, *([0] if is_killed else []))

    def start(self) -> None:
        """Start them again."""
        for name in PARTS:
            self.stack.start_program(name)
        self.stack.wait_ready()

    def credentials(self) -> dict[str, str]:
        """Return what another installation needs to publish for the same user."""
        return {**SHORT, "METRICOOL_USER_TOKEN": SANDBOX_TOKEN, "METRICOOL_USER_ID": "1"}

    def ledger(self) -> list[dict[str, Any]]:
        """Return what really happened at Metricool."""
        assert self.stack.sandbox is not None
        return self.stack.sandbox.ledger()

    def live(self) -> list[str]:
        """Return what went out, by Metricool's ledger."""
        return published(self.ledger(), ACCOUNT)

    def verdict(self) -> Verdict:
        """Compare it with what was asked for."""
        return judge(self.sources, self.live())


def site(folder: Path, database_url: str | None = None, **environment: str) -> Stack:
    """Return a stack whose database lies outside its folder, so that a restore is possible."""
    url = database_url or f"sqlite:///{folder}/rows/storyclip.db"
    settings = {**SHORT, **environment}
    return Stack(folder / "stack", database_url=url, sandbox_flags=SANDBOX, environment=settings)


Play = Callable[["Site", Path, str, int, int], list[str]]


def outcome_of(play: Play, url: str | None, mode: str, made_at: int, back_at: int) -> Outcome:
    """Play one case on a stack of its own."""
    with (
        tempfile.TemporaryDirectory(prefix="storyclip-restored-") as name,
        site(Path(name), url) as stack,
    ):
        at = Site(stack)
        untrue, trouble = list[str](), None
        try:
            untrue = play(at, Path(name), mode, made_at, back_at)
        except (TimeoutError, AssertionError) as stuck:
            trouble = str(stuck)
        return Outcome(at.verdict(), tuple(untrue), trouble)


def restored_by_command(at: Site, folder: Path, mode: str, made_at: int, back_at: int) -> list[str]:
    """Back up after one clip, put it back after another; return what was said that is not so."""
    at.publish(12 if mode == "now" else 2, mode)
    file = folder / "kept.copy"
    _until_published(at, made_at)
    made = at.command("backup", str(file))
    assert made.code == 0, made.err
    _until_published(at, back_at)
    at.stop(is_killed=True)
    back = at.command("restore", str(file), "--yes", "--json")
    assert back.code == 0, back.err
    at.start()
    return _goes_on(at)


def copied_by_hand(at: Site, folder: Path, mode: str, made_at: int, back_at: int) -> list[str]:
    """Do it with `cp`, while everything runs, and tell nobody."""
    at.publish(12 if mode == "now" else 2, mode)
    file = sqlite_file(at.stack.database_url)
    _until_published(at, made_at)
    names = [file.name, f"{file.name}-wal"]
    for name in names:
        shutil.copy(file.with_name(name), folder / name)
    _until_published(at, back_at)
    at.stop(is_killed=True)
    for name in (*names, f"{file.name}-shm"):
        file.with_name(name).unlink(missing_ok=True)
    for name in names:
        shutil.copy(folder / name, file.with_name(name))
    at.start()
    return _goes_on(at)


def _until_published(at: Site, count: int) -> None:
    at.until(lambda shown: shown["posts"]["published"] >= count)


def _goes_on(at: Site) -> list[str]:
    """Say "ours" where StoryClip asks, until the batch is over; return what it said untruly."""
    untrue = list[str]()

    def over_or_held(shown: dict[str, Any]) -> bool:
        untrue.extend(untrue_words(shown, at.live()))
        return bool(shown.get("strangers")) or shown["status"] == "completed"

    at.until(over_or_held)
    if at.status().get("strangers"):
        refused = at.ask("POST", f"{API}/cancel?batchId={at.batch_id}")
        if refused.status_code != 409:
            untrue.append(f"cancel while held: {refused.status_code}")
        said = at.command("recover", "--account", ACCOUNT, "--ours", "all", "--json")
        if said.code != 0:
            untrue.append(f"recover: {said.err}")
    at.until(lambda shown: shown["status"] == "completed")
    return untrue


def untrue_words(shown: Mapping[str, Any], live: Sequence[str]) -> list[str]:
    """Return what a batch's client is told of clips that the ledger knows better."""
    return [
        f"clip {clip['index']}: {clip['status']}, {clip['retrySafety']}, {clip['error']}"
        for clip in shown["clips"]
        if clip["url"] in live and (clip["status"] == "cancelled" or clip["retrySafety"] == "safe")
    ]
