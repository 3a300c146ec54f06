"""Files on their way to a story, and a kill on it: what was taken in, sent, and left over."""

from __future__ import annotations

import random
import sqlite3
import threading
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import closing
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, Union

from PIL import Image

from storyclip.domain.crashpoint import FILE_POINTS
from storyclip.spool.marked import MARK
from tests.api import Api
from tests.crash.harness import AnyRun, Harness, Place, usual_run
from tests.crash.roles import be_media, be_web, be_worker, hit_mark, sweep_once
from tests.crash.scenario import POSITIONS, Scenario
from tests.crash.verdicts import Outcome
from tests.crash.web_client import KEY
from tests.eventually import eventually
from tests.judge import Ledger, judge, published
from tests.tus import Tus

COLOURS = ("teal", "orange", "purple")
IN_WEB = ("file_block", "file_named")
IN_MEDIA = tuple(point for point in FILE_POINTS if point not in IN_WEB)
WITHIN_S = 90.0
UP_WITHIN_S = 60.0

AnyScenario = Union["FileScenario", Scenario]


@dataclass(frozen=True)
class FileScenario:
    """Three files become stories; the process dies at the `nth` time that it reaches `point`.

    `then` is a point at which whoever comes after it dies as well, if it comes there.
    """

    point: str
    nth: int = 2
    then: str | None = None
    is_sure: bool = True  # the point is reached so often in any case

    def __str__(self) -> str:
        return f"{self.point}-{self.nth}" + (f"-then-{self.then}" if self.then else "")


def every_file_point() -> Iterator[FileScenario]:
    """Yield a kill at each point of a file's way: at the first, the middle and the last file."""
    for point in FILE_POINTS:
        for nth in POSITIONS:
            yield FileScenario(point, nth)


def any_file_scenario(rng: random.Random) -> FileScenario:
    """Return one of which two processes die, or the same twice."""
    point, then = rng.choice(FILE_POINTS), rng.choice(FILE_POINTS)
    return FileScenario(point, rng.choice(POSITIONS), then)


def run_of(grounds: Harness, place: Place, scenario: AnyScenario) -> AnyRun:
    """Return how a scenario of files, or any other, is played."""
    if isinstance(scenario, FileScenario):
        return FileRun(grounds, place, scenario)
    return usual_run(grounds, place, scenario)


class FileRun:
    """One scenario under way: who dies is followed by somebody who does not, or by one more."""

    def __init__(self, grounds: Harness, place: Place, scenario: FileScenario) -> None:
        self.ended_at = 0.0  # monotonic
        self._grounds, self._place, self._scenario = grounds, place, scenario
        self._log = str(place.folder / "log.jsonl")
        self._over = threading.Event()
        self._port = 0
        self._is_up = threading.Event()
        self._kills = 0
        self._trouble: str | None = None
        self._sources: list[str] = []
        self._states: list[str] = []

    def go(self) -> None:
        """Play it to its end; nothing of it runs any more then."""
        self._place.flush()
        worker = self._grounds.fork(be_worker, self._place.environ, self._log, None, 1, None)
        keepers = [
            threading.Thread(target=self._keep, args=(self._web, IN_WEB)),
            threading.Thread(target=self._keep, args=(self._media, IN_MEDIA)),
        ]
        for keeper in keepers:
            keeper.start()
        try:
            assert self._is_up.wait(UP_WITHIN_S), "no web came up"
            self._publish()
        except AssertionError as trouble:  # somebody waited in vain
            self._trouble = str(trouble)
        finally:
            self._over.set()
            for keeper in keepers:
                keeper.join()
            worker.kill()
            worker.join()
        sweeper = self._grounds.fork(sweep_once, self._place.environ, self._log)
        sweeper.join()
        self.ended_at = time.monotonic()

    def judged(self, ledger: Ledger) -> Outcome:
        """Return what became of it, once nothing of it can come late any more."""
        went_live = published(ledger, self._place.account)
        uploads = [
            line["media"]
            for line in ledger
            if (line["event"], line["account"]) == ("uploaded", self._place.account)
        ]
        used = {line["media"] for line in ledger if line["event"] == "published"}
        orphans = [url for url in uploads if url not in used]  # one a kill is harmless
        return Outcome(
            scenario=self._scenario,
            kills=self._kills,
            was_hit=hit_mark(self._log, self._scenario.point).exists(),
            verdict=judge(self._sources, went_live),
            orphans=tuple(orphans[self._kills :]),
            untrue=tuple(self._untrue()),
            trouble=self._trouble,
            log=self._log,
        )

    def _untrue(self) -> Iterator[str]:
        for number, state in enumerate(self._states, 1):
            if state != "published":
                yield f"clip {number} is {state}"
        known = {name for (name,) in self._sql(_KNOWN)}
        for path in (self._place.folder / "media").rglob("*"):
            if path.is_file() and path.name not in {*known, MARK, "sweep.lock"}:
                yield f"{path.name} is left over"

    def _publish(self) -> None:
        tus = Tus(lambda: self._url, KEY, chunk_bytes=2000)
        ids = [tus.bring(path) for path in self._pictures()]
        for file_id in ids:
            self._until_ready(file_id)
        self._sources = [
            f"sha256:{sha256}" for file_id in ids for (sha256,) in self._sql(_PIECES, file_id)
        ]
        posts = [{"file": file_id, "id": file_id} for file_id in ids]
        batch = Api(self._url, KEY).accepted(posts, self._place.account, network="facebook")

        def has_ended() -> bool:
            self._states = [state for (state,) in self._sql(_STATES, batch)]
            return set(self._states) <= {"published", "failed", "cancelled"}

        eventually(
            has_ended,
            WITHIN_S,
            otherwise=lambda: str(self._sql(_TOLD)),
            every_s=0.1,
        )

    def _pictures(self) -> list[Path]:
        paths = []
        for number, colour in enumerate(COLOURS):
            path = self._place.folder / f"{number}.png"
            Image.new("RGB", (540, 960), colour).save(path)
            paths.append(path)
        return paths

    @property
    def _url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    def _until_ready(self, file_id: str) -> None:
        eventually(
            lambda: self._sql("SELECT state FROM files WHERE id = ?", file_id) == [("ready",)],
            WITHIN_S,
            otherwise=lambda: str(self._sql("SELECT * FROM files")),
            every_s=0.1,
        )

    def _keep(self, start: Callable[..., BaseProcess], points: Collection[str]) -> None:
        """Have one process run that dies at its points, and after it one that does not."""
        scenario, then = self._scenario, self._scenario.then
        child = start(*_armed(points, scenario.point, scenario.nth))
        while not self._over.wait(0.05):
            if child.exitcode is not None:
                self._kills += 1
                child = start(*_armed(points, then, 1)) if then else start()
                then = None
        child.kill()
        child.join()

    def _media(self, point: str | None = None, nth: int = 1) -> BaseProcess:
        return self._grounds.fork(be_media, self._place.environ, self._log, point, nth)

    def _web(self, point: str | None = None, nth: int = 1) -> BaseProcess:
        ours, theirs = self._grounds.pipe()
        child = self._grounds.fork(be_web, self._place.environ, self._log, point, nth, theirs)
        if ours.poll(UP_WITHIN_S):
            self._port = ours.recv()
            self._is_up.set()
        return child

    def _sql(self, statement: str, *values: str) -> list[Any]:
        with closing(sqlite3.connect(self._place.folder / "storyclip.db", timeout=10)) as db:
            return db.execute(statement, values).fetchall()


def _armed(points: Collection[str], point: str | None, nth: int) -> tuple[str | None, int]:
    """Return where a process of these points is to die, None for nowhere."""
    return (point if point in points else None), nth


_PIECES = "SELECT sha256 FROM file_pieces WHERE file_id = ? ORDER BY number"
_TOLD = "SELECT clip_index, status, error_msg, next_at FROM publish_batch_clips"
_STATES = "SELECT status FROM publish_batch_clips WHERE batch_id = ? ORDER BY clip_index"
_KNOWN = (
    "SELECT sha256 FROM files UNION SELECT poster FROM files UNION SELECT strip FROM files"
    " UNION SELECT name FROM file_pieces"
)
