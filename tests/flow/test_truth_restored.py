"""Rows that are not the newest there ever were: a backup put back, a machine set back, a copy.

What went out since is in Metricool alone. Nothing is sent before each account was looked at, and
what no row knows is a person's to judge.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest

from storyclip.domain.batch import Status
from storyclip.domain.clip import State
from storyclip.domain.errors import ActionRefused, RefusalCode
from storyclip.domain.installation import Mark
from storyclip.flow.lane_care import look_after
from storyclip.flow.newest import Watchman
from storyclip.store.database import reading, run, writing
from storyclip.store.history import events
from storyclip.store.publishing import adoption, lanes, strangers, wishes
from storyclip.store.service import newest
from tests.flow.acts import WAITING, dated, make, sources, until
from tests.flow.conftest import Stage

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
    with writing():
        for table in reversed(TABLES):
            run(f"DELETE FROM {table}")
        for table, (names, rows) in backed_up.items():
            marks = ", ".join("?" * len(names))
            for row in rows:
                run(f"INSERT INTO {table} ({', '.join(names)}) VALUES ({marks})", row)


@dataclass
class MarkInHand:
    """A mark outside the database that a test can set back together with it."""

    mark: Mark | None = None

    def read(self, place: str) -> Mark | None:
        del place
        return self.mark

    def leave(self, place: str, mark: Mark) -> None:
        del place
        self.mark = mark


@dataclass
class House:
    """A stage with its watchman, and a backup made at each event."""

    stage: Stage
    outside: MarkInHand = field(default_factory=MarkInHand)
    backups: list[tuple[Rows, Mark | None, datetime]] = field(default_factory=list)

    def __post_init__(self) -> None:
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
        self.watchman.look(self.stage.at)

    def audit(self) -> None:
        """Look after all lanes, as the clock that leads has it done at first and each minute."""
        if self.audited_at is None or self.stage.at - self.audited_at >= MINUTE:
            self.audited_at = self.stage.at
            for lane_id in lanes.active(self.stage.at):
                look_after(lane_id, self.stage.engine)

    def keep_backups(self) -> None:
        events.on_change(
            lambda change: self.backups.append((backup(), self.outside.mark, self.stage.at))
        )

    def live_on(self, seconds: float) -> None:
        """Let time pass with a sign of life each second, as clocks give it."""
        end = self.stage.at + timedelta(seconds=seconds)
        while self.stage.at < end:
            self.look()
            self.audit()
            self.stage.pass_time(min(2.0, (end - self.stage.at).total_seconds()))

    def until_over(self) -> None:
        for _ in range(400):
            if not self.stage.batch().is_running:
                return
            self.live_on(5.0)
        raise AssertionError((self.stage.states(), self.stage.batch()))

    def all_ours(self) -> None:
        """A person says of everything that StoryClip found that it is its own."""
        for lane in strangers.held_lanes():
            names = [one.name for one in strangers.of_lane(lane.id)]
            assert adoption.decide(lane.id, names, [], self.stage.at).left == []
        self.stage.play()


@pytest.fixture
def house(stage: Stage) -> Iterator[House]:
    house = House(stage)
    house.keep_backups()
    yield house
    events.forget_listeners()


def asked_for(stage: Stage, mode: str, count: int) -> None:
    if mode == "now":
        stage.accept(count)
    else:
        dated(stage, count, 300.0)


def assert_once_in_order(stage: Stage, count: int) -> None:
    assert stage.live() == sources(*range(1, count + 1))
    assert stage.states() == [State.PUBLISHED] * count
    assert stage.batch().status is Status.COMPLETED


@pytest.mark.parametrize("mode", ["now", "scheduled"])
@pytest.mark.parametrize("is_marked", [True, False], ids=["mark kept", "mark set back"])
def test_a_backup_of_any_moment_put_back_at_the_end_doubles_nothing(
    house: House, mode: str, is_marked: bool
) -> None:
    stage, count = house.stage, 3
    asked_for(stage, mode, count)
    house.until_over()
    of_any_moment, house.backups = house.backups, []
    newest_mark = house.outside.mark
    for backed_up, mark, _ in of_any_moment:
        stage.stand_still(120)
        put_back(backed_up)
        house.outside.mark = newest_mark if is_marked else mark
        house.start()
        house.live_on(300.0)
        assert stage.live() == sources(*range(1, count + 1))
        house.all_ours()
        house.until_over()
        assert_once_in_order(stage, count)


@pytest.mark.parametrize("later", [1, 4])
@pytest.mark.parametrize("mode", ["now", "scheduled"])
@pytest.mark.parametrize("at_event", range(1, 13))
def test_a_backup_put_back_in_the_middle_doubles_nothing(
    house: House, mode: str, at_event: int, later: int
) -> None:
    stage, count = house.stage, 3
    asked_for(stage, mode, count)
    while len(house.backups) < at_event + later:
        if not stage.batch().is_running:
            pytest.skip("the batch has no such event")
        house.live_on(1.0)
    put_back(house.backups[at_event - 1][0])
    house.start()
    house.live_on(200.0)
    house.all_ours()
    house.until_over()
    assert_once_in_order(stage, count)


def found_strange(house: House, count: int) -> list[str]:
    """Bring a lane to where stories are that no row knows, by a backup of the very beginning."""
    stage = house.stage
    stage.accept(count)
    house.until_over()
    put_back(house.backups[0][0])
    house.start()
    house.live_on(200.0)
    [lane] = strangers.held_lanes()
    return [one.name for one in strangers.of_lane(lane.id)]


def test_a_held_batch_says_why_and_nothing_untrue_is_said_of_it(house: House) -> None:
    names = found_strange(house, 2)
    stage = house.stage

    assert len(names) == 2
    batch = stage.batch()
    assert batch.status is Status.PAUSED
    assert "storyclip recover" in (batch.error or "")
    for act in (
        lambda: wishes.cancel("b1", "ana", stage.at),
        lambda: wishes.resume("b1", "ana", stage.at, stage.at),
        lambda: wishes.retry("b1", "ana", stage.at, [], order_may_change=False),
    ):
        with pytest.raises(ActionRefused) as refusal:
            act()
        assert refusal.value.code is RefusalCode.IN_DOUBT
    assert stage.states() == [State.PENDING] * 2
    assert [event["type"] for event in events.events_since("b1", 0)][-1] == "paused"


def test_what_is_none_of_ours_is_left_alone_and_the_batch_goes_on(house: House) -> None:
    names = found_strange(house, 1)
    stage = house.stage
    [lane] = strangers.held_lanes()

    adoption.decide(lane.id, [], names, stage.at)
    house.until_over()

    assert stage.live() == sources(1, 1)  # a person said so
    house.start()
    house.live_on(200.0)
    assert strangers.held_lanes() == []  # and is not asked again


def test_what_belongs_to_a_lost_batch_waits_until_that_is_asked_for_again(house: House) -> None:
    stage = house.stage
    before = backup()
    stage.accept(2)
    house.until_over()
    put_back(before)
    house.start()
    stage.accept(1, name="b2")
    house.live_on(200.0)
    [lane] = strangers.held_lanes()
    names = [one.name for one in strangers.of_lane(lane.id)]

    said = adoption.decide(lane.id, names[:1], names[1:], stage.at)

    assert [(one.name, clip.batch_id) for one, clip in said.adopted] == [(names[0], "b2")]
    house.live_on(60.0)
    assert stage.live() == sources(1, 2)


def test_a_copy_in_another_place_does_nothing_and_says_why(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage = house.stage
    stage.accept(3)
    until(stage, WAITING)
    told = len(stage.sandbox.ledger())
    monkeypatch.setattr("storyclip.store.service.newest.place", lambda: "a copy")

    house.start()
    house.live_on(120.0)

    assert [line["event"] for line in stage.sandbox.ledger()[told:]] == ["published"]
    assert "another place" in (newest.find().why_nothing_is_sent or "")
    newest.adopt_place()
    house.until_over()
    assert_once_in_order(stage, 3)


def test_of_two_installations_one_publishes(house: House) -> None:
    stage = house.stage
    newest.set_rival("another")
    stage.accept(1)
    stage.pass_time(120)
    assert stage.live() == []
    assert "another" in (newest.find().why_nothing_is_sent or "")

    newest.set_rival(None)
    house.until_over()

    assert stage.live() == sources(1)


def test_what_is_paused_by_the_operator_waits(house: House) -> None:
    stage = house.stage
    newest.pause(stage.at)
    stage.accept(1)
    stage.pass_time(60)
    assert stage.live() == []
    assert stage.batch().status is Status.PROCESSING

    newest.resume()
    house.until_over()

    assert_once_in_order(stage, 1)


def test_a_story_that_a_person_planned_while_nobody_lived_is_asked_about(house: House) -> None:
    stage = house.stage
    house.live_on(10.0)
    stage.stand_still(600)
    make(stage, stage.at + timedelta(hours=1))
    stage.accept(1)

    house.start()
    house.live_on(30.0)

    [lane] = strangers.held_lanes()
    adoption.decide(lane.id, [], [one.name for one in strangers.of_lane(lane.id)], stage.at)
    house.until_over()
    assert stage.live()[:1] == sources(1)


def test_numbers_that_rows_were_given_before_are_told_apart(house: House) -> None:
    stage = house.stage
    stage.accept(2)
    until(stage, State.PUBLISHED)
    common = stage.batch().last_seq
    earlier = backup()
    house.until_over()
    last = stage.batch().last_seq
    house.live_on(5.0)
    put_back(earlier)
    house.start()
    house.live_on(200.0)
    house.all_ours()
    house.until_over()

    epoch = newest.find().epoch
    assert epoch > 0
    assert events.known_before("b1", common, 0) == (common, 0)
    assert events.known_before("b1", last, 0) == (common, 0)
    assert events.known_before("b1", last, epoch)[1] == epoch
    assert events.epoch_of("b1", common) == 0
    assert stage.seqs() == list(range(1, stage.batch().last_seq + 1))
