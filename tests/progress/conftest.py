"""A hub over real rows, and viewers that read on threads of their own."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any

import pytest

from storyclip.domain.holder import Badge
from storyclip.domain.reach import Reach
from storyclip.domain.shown import StreamEnd
from storyclip.progress import hub as hubs
from storyclip.progress.cursor import BatchCursor, UserCursor
from storyclip.progress.follow import follow
from storyclip.progress.hub import Hub
from storyclip.progress.outbox import Ending, Outbox
from storyclip.progress.viewer import Viewer
from tests.eventually import eventually
from tests.people import of
from tests.store.making import T0

PATIENCE_S = 10


class Notes:
    """A wire that writes a line of JSON for everything."""

    def snapshot(self, facts: Mapping[str, object]) -> bytes:
        return _line({"snapshot": facts})

    def event(self, word: str, body: str) -> bytes:
        event = json.loads(body)
        return _line({"word": word, "batch": event["batchId"], "seq": event["seq"]})

    def beat(self) -> bytes:
        return b""

    def farewell(self, ending: Ending, end: StreamEnd | None) -> bytes:
        return _line({"ending": ending.value, **(end or {})})


NOTES = Notes()
BADGE = Badge("k", None)
ANAS = of("ana")


def _line(facts: dict[str, Any]) -> bytes:
    return json.dumps(facts).encode() + b"\n"


class Watching:
    """A viewer with its own thread."""

    def __init__(
        self,
        hub: Hub,
        cursor: BatchCursor | UserCursor,
        *,
        key_id: str = "k",
        session_id: str | None = None,
        shows: Reach = ANAS,
        has_ended: bool = False,
    ) -> None:
        self.viewer = Viewer(NOTES, Outbox(), cursor, shows, Badge(key_id, session_id))
        self.lines: list[dict[str, Any]] = []
        pieces = follow(hub, self.viewer, NOTES.snapshot({}), has_ended)
        self.thread = threading.Thread(target=self._read, args=(pieces,))
        self.thread.start()

    def _read(self, pieces: Iterator[bytes]) -> None:
        for piece in pieces:
            self.lines += [json.loads(line) for line in piece.splitlines()]

    def seqs(self, batch: str = "b1") -> list[int]:
        return [line["seq"] for line in self.lines if line.get("batch") == batch]

    def ending(self) -> str | None:
        return next((line["ending"] for line in self.lines if "ending" in line), None)

    def word(self) -> str:
        return str([line["word"] for line in self.lines if "word" in line][-1])


class Clock:
    at: datetime = T0

    def __call__(self) -> datetime:
        return self.at


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def hub(store: str, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """A hub that hears nothing and looks often; it asks for badges where a test has it do so."""
    monkeypatch.setattr(hubs, "LOOK_EVERY_S", 0.05)
    monkeypatch.setattr(hubs, "CHECK_BADGES_EVERY_S", 3600.0)
    hub = Hub(clock, time.monotonic)
    yield hub
    hub.stop()
    eventually(lambda: hub._thread is None or not hub._thread.is_alive())


@pytest.fixture
def watch(hub: Hub) -> Iterator[Callable[..., Watching]]:
    opened: list[Watching] = []

    def open_one(cursor: BatchCursor | UserCursor, **facts: Any) -> Watching:
        opened.append(Watching(hub, cursor, **facts))
        return opened[-1]

    yield open_one
    hub.stop()
    for one in opened:
        one.thread.join(PATIENCE_S)
        assert not one.thread.is_alive()
