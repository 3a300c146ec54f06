"""One batch recorded event by event, and any of its rows put back at any later moment."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from storyclip.domain.clip import Clip, State
from storyclip.domain.dates.mode import Mode
from storyclip.domain.errors import ActionRefused
from storyclip.domain.installation import Mark
from storyclip.domain.views import clip_view
from storyclip.sandbox.ledger import Line
from storyclip.store import database
from storyclip.store.history import events
from storyclip.store.publishing import lanes, strangers, wishes
from tests.flow.conftest import Stage, source
from tests.judge import judge
from tests.people import of
from tests.restored.cases import CLIPS, Case, Way
from tests.restored.here import AHEAD, StageHere
from tests.restored.house import House, Rows, backup, put_back
from tests.restored.verdicts import Outcome
from tests.world.outside import Outside

LOOKED_WITHIN_S = 400
FOLDER_FILES = ("storyclip.db", "storyclip.db-wal")


@dataclass(frozen=True, slots=True)
class Moment:
    """Everything as it was when one event was committed."""

    rows: Rows
    mark: Mark | None
    at: datetime
    lines: Sequence[Line]
    copied: Path | None


@dataclass
class Recorder:
    """Plays a batch to its end on a database, and keeps what there was at each event."""

    url: str
    folder: Path
    mode: Mode
    count: int = CLIPS
    moments: list[Moment] = field(default_factory=list)

    def record(self) -> None:
        """Play it; the process is bound to the database afterwards."""
        events.forget_listeners()
        database.connect(self.url)
        self.before = backup()
        stage = StageHere()
        self._house = House(stage)
        events.on_change(lambda change: self._keep())
        self._stage = stage
        self.first = stage.at
        stage.asked_for(self.mode, self.count)
        self._house.until_over()
        events.forget_listeners()

    def _keep(self) -> None:
        copied = None
        if self.url != database.IN_MEMORY and self.url.startswith("sqlite"):
            copied = self.folder / f"copy-{len(self.moments)}"
            copied.mkdir()
            for name in FOLDER_FILES:
                if (self.folder / name).exists():
                    shutil.copy(self.folder / name, copied)
        stage, mark = self._stage, self._house.outside.mark
        self.moments.append(Moment(backup(), mark, stage.at, list(stage.lines()), copied))

    def play(self, case: Case) -> Outcome:
        """Put the rows of one event back at another, and see what becomes of it."""
        of, at = self.moments[case.of_event - 1], self.moments[case.at_event - 1]
        events.forget_listeners()
        if case.way is Way.COPIED:
            self._bring_copy(of)
        else:
            put_back(self.before if case.way is Way.EMPTY else of.rows)
        stage = StageHere(at.lines, at.at)
        stage.stand_still(case.down_s)
        mark = of.mark if case.way is Way.SET_BACK else at.mark
        house = House(stage, Outside(mark))
        if case.way is Way.EMPTY:  # its client never heard of it again, and asks anew
            stage.asked_for(self.mode, self.count, self.first + AHEAD)
        untrue: list[str] = []
        trouble = None
        try:
            _until_looked_at(house, untrue)
            if strangers.held_lanes():
                untrue += _told_while_held(stage)
                house.all_ours()
            house.until_over()
            untrue += untrue_words(stage)
        except AssertionError as stuck:
            trouble = str(stuck)[:600]
        asked = [source("b1", n) for n in range(1, self.count + 1)]
        return Outcome(judge(asked, stage.live()), tuple(untrue), trouble)

    def _bring_copy(self, of: Moment) -> None:
        assert of.copied is not None
        database.disconnect()
        for name in (*FOLDER_FILES, "storyclip.db-shm"):
            (self.folder / name).unlink(missing_ok=True)
            if (of.copied / name).exists():
                shutil.copy(of.copied / name, self.folder)
        database.connect(self.url)


def _until_looked_at(house: House, untrue: list[str]) -> None:
    """Live on until Metricool was asked what it has; note what is said meanwhile that is not so."""
    for _ in range(LOOKED_WITHIN_S // 2):
        house.live_on(2.0)
        untrue += untrue_words(house.stage)
        lane = lanes.find(house.stage.clips()[0].lane.id)
        if lane.doubted_since is None:
            return
    raise AssertionError("the lane is in doubt for ever")


def _told_while_held(stage: Stage) -> list[str]:
    """Try to have something said of clips that nobody knows of; return what is not true."""
    try:
        wishes.cancel("b1", of("ana"), stage.at)
    except ActionRefused:
        return untrue_words(stage)
    return ["a cancel was accepted while held", *untrue_words(stage)]


def untrue_words(stage: Stage) -> list[str]:
    """Return what the rows say now of clips that the ledger knows better."""
    live = set(stage.live())
    return [
        f"clip {clip.index} is called {clip.state} ({clip.error})"
        for clip in stage.clips()
        if _is_untrue(clip, stage.batch().mode, clip.source_url in live)
    ]


def _is_untrue(clip: Clip, mode: Mode, is_live: bool) -> bool:
    if clip.state is State.PUBLISHED:
        return not is_live
    view = clip_view(clip, mode)
    says_nothing_out = clip.state is State.CANCELLED or view["retrySafety"] == "safe"
    return is_live and (says_nothing_out or "othing was sent" in (view["error"] or ""))
