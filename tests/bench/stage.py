"""The stage of a measurement: the real processes in a folder of their own, asked over HTTP."""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil
from redis import Redis

from storyclip.sandbox.process import SandboxProcess
from storyclip.stack.stack import Stack
from tests import api
from tests.bench.figure import NotMeasured
from tests.eventually import eventually

FIRST_ACCOUNT = 2_000_001  # as the sandbox numbers its brands
BRANDS = 64
POLL_S = 0.05
AT_ONCE = {  # with a sandbox that publishes on creation: the first look sees it live
    "STORYCLIP_DATE_STEP_S": "1",
    "STORYCLIP_LEAD_S": "0",
}

Needs = tuple[int, Mapping[str, Any], Mapping[str, str]]  # workers, the sandbox's flags, settings


def dated(
    workers: int, *, step_s: int = 1, live_after_s: float = 0.1, look_every_s: float = 0.1
) -> Needs:
    """Need so many workers, and stories that go live `live_after_s` after their dates."""
    flags = {"date_step": step_s, "publish_delay": live_after_s}
    settings = {
        "STORYCLIP_DATE_STEP_S": f"{step_s}",
        "STORYCLIP_LEAD_S": f"{live_after_s:g}",
        "STORYCLIP_CONFIRM_INTERVAL_S": f"{look_every_s:g}",
        "STORYCLIP_CONFIRM_ATTEMPTS": "5000",  # what never goes live is waited for to the end
    }
    return workers, flags, settings


ALL_OF_ONE_USER = {  # a user alone may not have so much under way; that is measured elsewhere
    "STORYCLIP_MAX_RUNNING_BATCHES": "100000",
    "STORYCLIP_MAX_RUNNING_CLIPS": "1000000",
}
PLAIN: Needs = (1, {}, ALL_OF_ONE_USER)
TWO_AT_ONCE: Needs = (2, {"at_once": True, "date_step": 1}, AT_ONCE)
TWO_DATED = dated(2)


class Stage(Stack):
    """The whole stack, and accounts of its sandbox that no measurement has used yet."""

    _used = 0

    def accounts(self, count: int) -> list[str]:
        """Return so many accounts that nobody was given before.

        Raises:
            NotMeasured: there are no more.
        """
        first, self._used = self._used, self._used + count
        if self._used > BRANDS:
            raise NotMeasured(f"the sandbox has {BRANDS} accounts, and {self._used} are needed")
        return [str(FIRST_ACCOUNT + number) for number in range(first, self._used)]


_kept: dict[str, Stage] = {}
_keeping: list[ExitStack] = []


@contextmanager
def keeping() -> Iterator[None]:
    """Share a stage among all who need the same until the block ends: starting one takes longest.

    For quick runs, where a line does not mind what the lines before it left in the database.
    """
    with ExitStack() as all_of_them:
        _keeping.append(all_of_them)
        try:
            yield
        finally:
            _keeping.pop()
            _kept.clear()


@contextmanager
def stage(workers: int, sandbox: Mapping[str, Any], settings: Mapping[str, str]) -> Iterator[Stage]:
    """Have the whole stack, ready; killed at the end, for nobody needs its last words."""
    if not _keeping:
        with _running(workers, sandbox, settings) as stack:
            yield stack
        return
    needs = repr((workers, sandbox, settings))
    if needs not in _kept:
        _kept[needs] = _keeping[-1].enter_context(_running(workers, sandbox, settings))
    yield _kept[needs]


@contextmanager
def _running(
    workers: int, sandbox: Mapping[str, Any], settings: Mapping[str, str]
) -> Iterator[Stage]:
    flags = {**sandbox, "brands": BRANDS}
    with (
        folder() as path,
        Stage(path, workers=workers, sandbox_flags=flags, environment=settings) as stack,
    ):
        try:
            yield stack
        finally:
            stack.stop(0)


@contextmanager
def folder() -> Iterator[Path]:
    """Have a folder, removed afterwards."""
    path = Path(tempfile.mkdtemp(prefix="storyclip-bench-"))
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def sandbox_of(stack: Stack) -> SandboxProcess:
    """Return the stack's sandbox."""
    assert stack.sandbox is not None
    return stack.sandbox


def sources(name: str, of_account: str, clips: int) -> list[str]:
    """Return the URLs that a batch asks for, in order."""
    return api.sources(f"{name}/{of_account}", clips)


def body(of_account: str, urls: Sequence[str], network: str = "facebook") -> dict[str, Any]:
    """Return the request for a batch."""
    posts = [{"url": url, "text": f"Clip {i}"} for i, url in enumerate(urls, 1)]
    return api.asked(posts, of_account, network=network)


def ask_for(stack: Stack, of_account: str, urls: Sequence[str]) -> str:
    """Ask for one batch; return its id."""
    asked = body(of_account, urls)
    answer = api.Api(stack.url, stack.api_key).ask("POST", "publish/stories", json=asked)
    if answer.status_code != 202:
        raise NotMeasured(f"a batch was refused: {answer.status_code} {answer.text[:300]}")
    return str(answer.json()["batchId"])


def ask_for_many(stack: Stack, asked: Mapping[str, Sequence[str]]) -> list[str]:
    """Ask for one batch an account, side by side; return their ids."""
    with ThreadPoolExecutor(8) as pool:
        return list(pool.map(lambda one: ask_for(stack, *one), asked.items()))


def query(stack: Stack, sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
    """Read from the stack's database file."""
    path = stack.data_dir / "storyclip.db"
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=10)) as connection:
        return connection.execute(sql, parameters).fetchall()


def until(is_so: Callable[[], object], within_s: float, otherwise: str, every_s: float) -> None:
    """Wait until it is so, looking every `every_s` seconds.

    Raises:
        NotMeasured: it is not within `within_s`, in the words of `otherwise`.
    """
    eventually(is_so, within_s, otherwise=otherwise, every_s=every_s, fails_as=NotMeasured)


def until_ended(stack: Stack, batch_ids: Collection[str], within_s: float) -> None:
    """Wait until all these batches have ended.

    Raises:
        NotMeasured: they have not within `within_s`.
    """
    marks = ", ".join("?" * len(batch_ids))
    ended = f"SELECT count(*) FROM publish_batches WHERE batch_id IN ({marks})"
    ended += " AND completed_at IS NOT NULL"
    until(
        lambda: query(stack, ended, tuple(batch_ids))[0][0] == len(batch_ids),
        within_s,
        f"some of {len(batch_ids)} batches have not ended within {within_s:.0f} s",
        POLL_S,
    )


def cpu_s(stack: Stack, names: Collection[str]) -> dict[str, float]:
    """Return the CPU seconds that each part has used so far, user and system."""
    used = {}
    for name in names:
        used[name] = 0.0
        for pid in stack.pids(name):
            with suppress(psutil.NoSuchProcess):
                times = psutil.Process(pid).cpu_times()
                used[name] += times.user + times.system
    return used


def redis_calls(url: str) -> int:
    """Return how many calls Redis was asked for so far; what scripts do inside does not count."""
    with Redis.from_url(url) as client:
        commands = client.info("commandstats")
    asked = ("evalsha", "eval", "publish", "ping")
    return sum(int(commands.get(f"cmdstat_{name}", {}).get("calls", 0)) for name in asked)
