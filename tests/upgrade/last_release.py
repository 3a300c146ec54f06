"""The last release, taken out of the history, and a site where it and today's code run together."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
import redis
import requests

from config.settings import names
from storyclip.sandbox.process import SandboxProcess
from storyclip.stack import programs
from storyclip.stack.child import Program
from storyclip.stack.ports import HOST, free_port
from tests.eventually import eventually
from tests.judge import judge, published
from tests.whole.conftest import SANDBOX, SHORT

TODAY = Path(__file__).parents[2]
NAMED_IN = Path(__file__).with_name("LAST_RELEASE")
KEY = "stack-0123456789abcdefghijklmnopqrstuvwxyz"
CALM_S = 90.0
_PATIENT = redis.retry.Retry(redis.backoff.ConstantBackoff(0.05), 200)


def last_release() -> str:
    """Return the commit that the file names, in its first line."""
    return NAMED_IN.read_text().split()[0]


def taken_out(folder: Path) -> Path:
    """Put the last release's files into a folder, or skip where the history does not reach back."""
    commit = last_release()
    asked = ["git", "-C", str(TODAY), "archive", "--format=tar", commit]
    archive = subprocess.run(asked, check=False, capture_output=True)
    if archive.returncode != 0:
        pytest.skip(
            f"the history has no commit {commit[:10]}, which is the last release"
            f" (a shallow clone? git fetch --unshallow): {archive.stderr.decode().strip()[:200]}"
        )
    folder.mkdir(exist_ok=True)
    subprocess.run(["tar", "-x", "-C", str(folder)], check=True, input=archive.stdout)
    return folder


class Site:
    """One database, one Redis, one sandbox; and webs and workers of whichever code."""

    def __init__(self, folder: Path, url: str, redis_port: int, sandbox: SandboxProcess) -> None:
        self._folder, self.sandbox = folder, sandbox
        self._settings = {
            **SHORT,
            "DATABASE_URL": url,
            "REDIS_URL": f"redis://{HOST}:{redis_port}/0",
            "METRICOOL_BASE_URL": sandbox.url,
            "METRICOOL_USER_TOKEN": programs.SANDBOX_TOKEN,
            "METRICOOL_USER_ID": programs.SANDBOX_USER_ID,
            "STORYCLIP_API_KEYS": f"{KEY}:local:publish+read+admin",
        }
        self._batches = 0
        self._said = 0
        self.sources: dict[str, list[str]] = {}  # by account, in their order

    @contextmanager
    def web(self, checkout: Path) -> Iterator[str]:
        """Run a web process for the block; yields its address once it is ready."""
        port = free_port()
        address = f"http://{HOST}:{port}"
        with self._running(programs.web({**self._settings, "PORT": str(port)}), checkout) as web:
            eventually(lambda: web.poll() is not None or _is_ready(address), CALM_S)
            assert web.poll() is None, self.words()
            yield address

    @contextmanager
    def worker(self, checkout: Path) -> Iterator[subprocess.Popen[bytes]]:
        """Run a worker for the block."""
        with self._running(programs.worker(1, self._settings), checkout) as worker:
            yield worker

    def command(self, checkout: Path, *words: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        return subprocess.run(
            [sys.executable, "-m", "storyclip", *words],
            cwd=checkout,
            env=_environment(self._settings),
            capture_output=True,
            text=True,
            timeout=CALM_S,
        )

    def publish(self, address: str, count: int) -> str:
        """Ask a web for a batch on an account of its own; return the batch's id."""
        self._batches += 1
        account = str(2_000_000 + self._batches)
        place = f"https://cdn.example.com/{account}"
        self.sources[account] = [f"{place}/{i}.mp4" for i in range(1, count + 1)]
        answer = requests.post(
            f"{address}/api/metricool/publish/stories",
            json={
                "posts": [{"url": source} for source in self.sources[account]],
                "settings": {"accountId": account, "network": "facebook"},
            },
            headers={"X-Api-Key": KEY},
            timeout=30,
        )
        assert answer.status_code == 202, (answer.text, self.words())
        return str(answer.json()["batchId"])

    def status(self, address: str, batch_id: str) -> dict[str, Any]:
        """Return how a web shows a batch."""
        answer = requests.get(
            f"{address}/api/metricool/status",
            params={"batchId": batch_id},
            headers={"X-Api-Key": KEY},
            timeout=30,
        )
        assert answer.status_code == 200, (answer.text, self.words())
        shown: dict[str, Any] = answer.json()
        return shown

    def flush_redis(self) -> None:
        """Have Redis forget everything."""
        with redis.Redis.from_url(self._settings["REDIS_URL"]) as client:
            client.flushall()

    def until_completed(self, address: str, batch_id: str) -> None:
        """Wait until a web shows a batch as completed."""
        eventually(lambda: self.status(address, batch_id)["status"] != "processing", CALM_S)
        shown = self.status(address, batch_id)
        assert shown["status"] == "completed", (shown, self.words())

    def verdicts(self) -> list[str]:
        """Return what the ledger says is lost, doubled or out of order; nothing if all is well."""
        ledger = self.sandbox.ledger()
        found = {
            account: judge(asked, published(ledger, account))
            for account, asked in self.sources.items()
        }
        return [
            f"{account}: {verdict}" for account, verdict in found.items() if not verdict.is_clean
        ]

    def words(self) -> str:
        """Return the last words of all processes, for a test that fails."""
        logs = sorted(self._folder.glob("*.log"))
        return "\n".join(f"--- {log.name}\n{log.read_text()[-1500:]}" for log in logs)

    @contextmanager
    def _running(self, program: Program, checkout: Path) -> Iterator[subprocess.Popen[bytes]]:
        self._said += 1
        log = self._folder / f"{self._said}-{program.name}-of-{checkout.name}.log"
        with (
            log.open("wb") as output,
            subprocess.Popen(
                program.command,
                cwd=checkout,
                env=_environment(program.environment),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            ) as process,
        ):
            try:
                yield process
                process.terminate()
                process.wait(CALM_S)
            finally:
                if process.poll() is None:
                    os.killpg(process.pid, signal.SIGKILL)


@contextmanager
def site(folder: Path, url: str) -> Iterator[Site]:
    """Have Redis and the sandbox for the block."""
    port = free_port()
    command = programs.redis(folder, *programs.at_port(port)).command
    with ExitStack() as stack:
        server = stack.enter_context(subprocess.Popen(command, stdout=subprocess.DEVNULL))
        stack.callback(server.kill)
        with redis.Redis(port=port, retry=_PATIENT) as client:
            client.ping()
        sandbox = stack.enter_context(SandboxProcess(folder / "ledger.jsonl", **SANDBOX))
        yield Site(folder, url, port, sandbox)


def _environment(settings: Mapping[str, str]) -> dict[str, str]:
    given = {name: value for name, value in os.environ.items() if name not in names()}
    return {**given, **settings}


def _is_ready(address: str) -> bool:
    try:
        return requests.get(f"{address}/readyz", timeout=5).status_code == 200
    except requests.RequestException:
        return False
