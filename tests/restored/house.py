"""A stage with its watchman, and what happens to the rows beside it: copied, put back, set back."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from storyclip.domain.installation import Mark
from storyclip.flow.lane_care import look_after
from storyclip.flow.newest import Watchman
from storyclip.store.database import reading, run, writing
from storyclip.store.history import events
from storyclip.store.instants import to_text
from storyclip.store.publishing import adoption, lanes, strangers
from tests.flow.conftest import Stage
from tests.world.outside import Outside

TABLES = (  # in the order of their references
    "service",
    "lanes",
    "publish_batches",
    "publish_batch_clips",
    "publish_batch_events",
    "publish_sends",
    "strangers",
    "incidents",
    "installation",
    "idempotency_keys",
)
MINUTE = timedelta(minutes=1)
SIGN_EVERY_S = 2.0
PATIENCE_S = 9000.0  # the longest batch takes an hour and a half
Rows = dict[str, tuple[list[str], list[tuple[Any, ...]]]]


def backup() -> Rows:
    """Everything there is, as of one moment."""
    rows: Rows = {}
    with reading():
        for table in TABLES:
            cursor = run(f"SELECT * FROM {table}")
            names = [column[0] for column in cursor.description]
            rows[table] = (names, cursor.fetchall())
    return rows


def put_back(backed_up: Rows) -> None:
    """Have these rows, and no others."""
    with writing():
        for table in reversed(TABLES):
            run(f"DELETE FROM {table}")
        for table, (names, rows) in backed_up.items():
            marks = ", ".join("?" * len(names))
            for row in rows:
                run(f"INSERT INTO {table} ({', '.join(names)}) VALUES ({marks})", row)


@dataclass
class House:
    """A stage with its watchman, and a backup made at each event."""

    stage: Stage
    outside: Outside = field(default_factory=Outside)
    backups: list[tuple[Rows, Mark | None, datetime]] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Begin."""
        self.start()

    def start(self) -> None:
        """Begin anew, as after every backup that was put back."""
        began_at = self.stage.at
        self.watchman = Watchman(
            [self.outside],
            lambda installation: None,
            lambda: (self.stage.at - began_at).total_seconds(),
        )
        self.audited_at: datetime | None = None
        self.look()

    def look(self) -> None:
        """Give a sign of life."""
        self.watchman.look(self.stage.at)

    def audit(self) -> None:
        """Look after all lanes, as the clock that leads has it done at first and each minute."""
        if self.audited_at is None or self.stage.at - self.audited_at >= MINUTE:
            self.audited_at = self.stage.at
            for lane_id in lanes.active(self.stage.at):
                look_after(lane_id, self.stage.engine)

    def keep_backups(self) -> None:
        """Make one at each event from now on."""
        events.on_change(
            lambda change: self.backups.append((backup(), self.outside.mark, self.stage.at))
        )

    def live_on(self, seconds: float) -> None:
        """Let time pass with signs of life, as clocks give them."""
        end = self.stage.at + timedelta(seconds=seconds)
        while self.stage.at < end:
            self._pass_quietly(end)
            self.look()
            self.audit()
            self.stage.pass_time(min(SIGN_EVERY_S, (end - self.stage.at).total_seconds()))

    def _pass_quietly(self, end: datetime) -> None:
        """Go on to just before something is due, as if all signs until then had been given."""
        if self.audited_at is None:
            return
        due = min(end, self.audited_at + MINUTE, self.stage.soonest())
        until = due - timedelta(seconds=SIGN_EVERY_S)
        if until <= self.stage.at:
            return
        self.stage.stand_still((until - self.stage.at).total_seconds())
        with writing():
            run("UPDATE service SET alive_at = ? WHERE id = 1", (to_text(until),))

    def until_over(self, name: str = "b1") -> None:
        """Let time pass until a batch is over."""
        end = self.stage.at + timedelta(seconds=PATIENCE_S)
        while self.stage.batch(name).is_running:
            if self.stage.at > end:
                raise AssertionError((self.stage.states(name), self.stage.batch(name)))
            self.live_on(60.0)

    def all_ours(self) -> None:
        """A person says of everything that StoryClip found that it is its own."""
        for lane in strangers.held_lanes():
            names = [one.name for one in strangers.of_lane(lane.id)]
            assert adoption.decide(lane.id, names, [], self.stage.at).left == []
        self.stage.play()

    def found_strange(self, count: int) -> list[str]:
        """Bring a lane to where stories are that no row knows; return their names.

        By a backup of the very beginning.
        """
        self.stage.accept(count)
        self.until_over()
        put_back(self.backups[0][0])
        self.start()
        self.live_on(200.0)
        [lane] = strangers.held_lanes()
        return [one.name for one in strangers.of_lane(lane.id)]
