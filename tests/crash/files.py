"""Files on their way to a story, and a kill on it: what was taken in, sent, and left over."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from PIL import Image

from tests.api import Api
from tests.crash.harness import Harness, Place
from tests.crash.roles import be_media, be_web, be_worker, hit_mark, sweep_once
from tests.crash.web_client import KEY
from tests.eventually import eventually
from tests.judge import Ledger, Verdict, judge, published
from tests.tus import Tus

COLOURS = ("teal", "orange", "purple")
IN_WEB = ("file_block", "file_named")
WITHIN_S = 90.0


@dataclass(frozen=True)
class FileScenario:
    """Three files become stories; the process dies at the `nth` time that it reaches `point`."""

    point: str
    nth: int = 2

    def __str__(self) -> str:
        return f"{self.point}-{self.nth}"


@dataclass(frozen=True)
class FileOutcome:
    """What became of one scenario; `orphans` are uploads of which no story was made."""

    was_hit: bool
    states: list[str]
    verdict: Verdict
    orphans: int
    left_over: set[str]


class FileRun:
    """One scenario under way: who dies is followed by somebody who does not."""

    def __init__(self, grounds: Harness, place: Place, scenario: FileScenario) -> None:
        self._grounds, self._place, self._scenario = grounds, place, scenario
        self._log = str(place.folder / "log.jsonl")
        self._over = threading.Event()
        self._port = 0
        self._sources: list[str] = []
        self._states: list[str] = []

    def go(self) -> None:
        """Play it to its end; nothing of it runs any more then."""
        self._place.flush()
        point, nth = self._scenario.point, self._scenario.nth
        in_web = point in IN_WEB
        web = self._web(point if in_web else None, nth)
        media = self._media(None if in_web else point, nth)
        worker = self._grounds.fork(be_worker, self._place.environ, self._log, None, 1, None)
        keepers = [
            threading.Thread(target=self._keep, args=(web, self._web)),
            threading.Thread(target=self._keep, args=(media, self._media)),
        ]
        for keeper in keepers:
            keeper.start()
        try:
            self._publish()
        finally:
            self._over.set()
            for keeper in keepers:
                keeper.join()
            worker.kill()
            worker.join()
        sweeper = self._grounds.fork(sweep_once, self._place.environ, self._log)
        sweeper.join()

    def judged(self, ledger: Ledger) -> FileOutcome:
        """Return what became of it, once nothing of it can come late any more."""
        went_live = published(ledger, self._place.account)
        uploads = [
            line
            for line in ledger
            if (line["event"], line["account"]) == ("uploaded", self._place.account)
        ]
        known = {name for (name,) in self._sql(_KNOWN)}
        spool = self._place.folder / "media"
        files = [path for path in spool.rglob("*") if path.is_file()]
        return FileOutcome(
            hit_mark(self._log, self._scenario.point).exists(),
            self._states,
            judge(self._sources, went_live),
            len(uploads) - len(went_live),
            {path.name for path in files} - known - {"sweep.lock"},
        )

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

    def _keep(self, child: BaseProcess, start: Callable[[], BaseProcess]) -> None:
        while not self._over.wait(0.05):
            if child.exitcode is not None:
                child = start()
        child.kill()
        child.join()

    def _media(self, point: str | None = None, nth: int = 1) -> BaseProcess:
        return self._grounds.fork(be_media, self._place.environ, self._log, point, nth)

    def _web(self, point: str | None = None, nth: int = 1) -> BaseProcess:
        ours, theirs = self._grounds.pipe()
        child = self._grounds.fork(be_web, self._place.environ, self._log, point, nth, theirs)
        assert ours.poll(30)
        self._port = ours.recv()
        return child

    def _sql(self, statement: str, *values: str) -> list[Any]:
        with closing(sqlite3.connect(self._place.folder / "storyclip.db", timeout=10)) as db:
            return db.execute(statement, values).fetchall()


_PIECES = "SELECT sha256 FROM file_pieces WHERE file_id = ? ORDER BY number"
_TOLD = "SELECT clip_index, status, error_msg, next_at FROM publish_batch_clips"
_STATES = "SELECT status FROM publish_batch_clips WHERE batch_id = ? ORDER BY clip_index"
_KNOWN = (
    "SELECT sha256 FROM files UNION SELECT poster FROM files UNION SELECT strip FROM files"
    " UNION SELECT name FROM file_pieces"
)
