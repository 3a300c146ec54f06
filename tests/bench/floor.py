"""The floor: the least code that makes a clip's commits, Redis calls and HTTP calls.

`python -m tests.bench.floor JSON` is one process of it, a thread a lane; it prints its clips/s. Its
lanes that wait for each other's commit make one of them, as the store does it.
"""

from __future__ import annotations

import fcntl
import http.client
import json
import sqlite3
import subprocess
import sys
import threading
import time
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlencode, urlsplit

import redis

from storyclip.domain.network import Network
from storyclip.domain.story import Story
from storyclip.upstream import SANDBOX_TOKEN, SANDBOX_USER_ID, wire
from tests.bench.figure import NotMeasured
from tests.bench.stage import sources

CHECKOUT = Path(__file__).parents[2]
EVENT_BYTES = "x" * 500  # about what an event's JSON is
CLOSED_S = 300.0
SCRIPT = "redis.call('rpush', KEYS[1], ARGV[1]) return redis.call('lpop', KEYS[1])"


@dataclass(frozen=True)
class Work:
    """What one process of the floor does: every clip costs so many calls of each kind.

    `commits` is at least 4 (claimed, accepted, media of the next, seen live).
    """

    folder: str
    metricool_url: str
    redis_url: str
    accounts: list[str]
    clips: int
    commits: int
    redis_calls: int
    name: str


def run(works: list[Work]) -> float:
    """Run one process for each; return the clips/s of all together."""
    _make_database(Path(works[0].folder) / "floor.db")
    command = [sys.executable, "-m", "tests.bench.floor"]
    children = [
        subprocess.Popen(
            [*command, json.dumps(asdict(work))],
            cwd=CHECKOUT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for work in works
    ]
    try:
        for child in children:
            assert child.stdout is not None
            child.stdout.readline()  # ready
        began = time.monotonic()
        for child in children:
            assert child.stdin is not None
            child.stdin.close()
        if any(child.wait(CLOSED_S) for child in children):
            raise NotMeasured("the floor did not run; its words are above")
        took_s = time.monotonic() - began
    finally:
        for child in children:
            child.kill()
            child.wait()
            assert child.stdout is not None
            child.stdout.close()
    return sum(work.clips * len(work.accounts) for work in works) / took_s


def _make_database(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode=wal")
        connection.executescript(
            "CREATE TABLE IF NOT EXISTS clips (id TEXT PRIMARY KEY, status TEXT, changes INT);"
            "CREATE TABLE IF NOT EXISTS events (id TEXT, seq INT, body TEXT);"
        )


@dataclass
class _Change:
    """What a lane wants written; it waits until `is_over` can be taken, and may have to lead."""

    account: str
    number: int
    is_over: threading.Lock
    leads: bool = False


class _Commits:
    """The commits of one process: whoever is first writes for all that wait by then."""

    def __init__(self, folder: Path) -> None:
        self._database = sqlite3.connect(
            folder / "floor.db", timeout=30, isolation_level=None, check_same_thread=False
        )
        self._database.execute("PRAGMA synchronous=full")
        self._gate: IO[bytes] = (folder / "floor.db.lock").open("ab")
        self._lock = threading.Lock()
        self._waiting: list[_Change] = []
        self._is_led = False

    def commit(self, account: str, number: int) -> None:
        """Return when it is on the disk."""
        change = _Change(account, number, threading.Lock())
        change.is_over.acquire()
        with self._lock:
            self._waiting.append(change)
            change.leads, self._is_led = not self._is_led, True
        if not change.leads:
            change.is_over.acquire()
            if not change.leads:
                return
        with self._lock:
            all_of_us, self._waiting = self._waiting, []
        self._write(all_of_us)
        with self._lock:
            self._is_led = bool(self._waiting)
            if self._waiting:
                self._waiting[0].leads = True
                self._waiting[0].is_over.release()
        for other in all_of_us:
            if other is not change:
                other.is_over.release()

    def _write(self, changes: list[_Change]) -> None:
        # In the order of arrival, as the store does it: SQLite's own waiting is no floor
        fcntl.flock(self._gate, fcntl.LOCK_EX)
        try:
            self._database.execute("BEGIN IMMEDIATE")
            for change in changes:
                self._database.execute(
                    "INSERT INTO clips VALUES (?, 'pending', 0)"
                    " ON CONFLICT (id) DO UPDATE SET changes = changes + 1",
                    (change.account,),
                )
                self._database.execute(
                    "INSERT INTO events VALUES (?, ?, ?)",
                    (change.account, change.number, EVENT_BYTES),
                )
            self._database.execute("COMMIT")
        finally:
            fcntl.flock(self._gate, fcntl.LOCK_UN)

    def close(self) -> None:
        self._database.close()
        self._gate.close()


class _Lane:
    """One lane of the floor, with a connection of each kind but to the database."""

    def __init__(self, work: Work, account: str, commits: _Commits) -> None:
        self._work, self._account, self._commits = work, account, commits
        self._sources = sources(work.name, account, work.clips)
        self._redis = redis.Redis.from_url(work.redis_url)
        self._script = self._redis.script_load(SCRIPT)
        url = urlsplit(work.metricool_url)
        self._path = url.path
        self._address = (url.hostname or "", url.port)
        self._kept = http.client.HTTPConnection(*self._address)
        self._query = {"userId": SANDBOX_USER_ID, "blogId": account}
        self._headers = {"X-Mc-Auth": SANDBOX_TOKEN, "Accept": "*/*"}
        self._moves = 0

    def run(self) -> None:
        media = self._normalize(self._sources[0])
        for following in [*self._sources[1:], None]:
            self._commit()
            post_id = self._post(media)
            self._commit()
            if following is not None:
                media = self._normalize(following)
            self._commit()
            self._get(f"/v2/scheduler/posts/{post_id}", {})
            for _ in range(self._work.commits - 3):
                self._commit()
            for _ in range(self._work.redis_calls):
                self._redis.evalsha(self._script, 1, self._account, "0123456789" * 20)

    def _commit(self) -> None:
        self._moves += 1
        self._commits.commit(self._account, self._moves)

    def _normalize(self, source: str) -> str:
        query = {"url": source, "folder": "PLANNER"}
        return str(self._get("/actions/normalize/image/url", query).decode())

    def _get(self, path: str, query: dict[str, str]) -> Any:
        url = f"{self._path}{path}?{urlencode({**self._query, **query})}"
        self._kept.request("GET", url, headers=self._headers)
        return _body(self._kept.getresponse())

    def _post(self, media: str) -> int:
        planned_for = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=2)
        story = wire.story_body(Story(self._account, Network.FACEBOOK, media, planned_for))
        url = f"{self._path}/v2/scheduler/posts?{urlencode(self._query)}"
        headers = {**self._headers, "Content-Type": "application/json"}
        with closing(http.client.HTTPConnection(*self._address)) as fresh:
            fresh.request("POST", url, body=json.dumps(story), headers=headers)
            return int(json.loads(_body(fresh.getresponse()))["data"]["id"])


def _body(answer: http.client.HTTPResponse) -> bytes:
    data = answer.read()
    if answer.status not in (200, 201):
        raise RuntimeError(f"{answer.status}: {data!r}")
    return data


def main() -> None:
    """Be one process of the floor: say when ready, begin when stdin is closed."""
    work = Work(**json.loads(sys.argv[1]))
    commits = _Commits(Path(work.folder))
    lanes = [_Lane(work, account, commits) for account in work.accounts]
    begin = threading.Event()
    failed: list[str] = []

    def run_lane(lane: _Lane) -> None:
        begin.wait()
        try:
            lane.run()
        except Exception as failure:
            failed.append(repr(failure))

    threads = [threading.Thread(target=run_lane, args=(lane,)) for lane in lanes]
    for thread in threads:
        thread.start()
    print("ready", flush=True)
    sys.stdin.read()
    begin.set()
    for thread in threads:
        thread.join()
    commits.close()
    if failed:
        sys.exit(f"{len(failed)} lanes of the floor failed: {failed[0]}")


if __name__ == "__main__":
    main()
