"""Rows that are not the newest there ever were: a backup put back, a machine set back, a copy.

What went out since is in Metricool alone. Nothing is sent before each account was looked at, and
what no row knows is a person's to judge.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from storyclip.domain.batch import Status
from storyclip.domain.clip import State
from storyclip.domain.dates.mode import Mode
from storyclip.domain.errors import ActionRefused, RefusalCode, StoreUnavailable
from storyclip.flow.step import step
from storyclip.store import database
from storyclip.store.history import events
from storyclip.store.publishing import adoption, strangers, wishes
from storyclip.store.service import newest
from tests.flow.acts import WAITING, dated, hand, make, sources, until
from tests.flow.conftest import Stage
from tests.people import of
from tests.restored.cases import MODES, Case, Way, cases
from tests.restored.house import House, backup, put_back
from tests.restored.play import Recorder


@pytest.fixture
def house(stage: Stage) -> Iterator[House]:
    house = House(stage)
    house.keep_backups()
    yield house
    events.forget_listeners()


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path
    database.database.close()
    events.forget_listeners()


def assert_once_in_order(stage: Stage, count: int) -> None:
    assert stage.live() == sources(*range(1, count + 1))
    assert stage.states() == [State.PUBLISHED] * count
    assert stage.batch().status is Status.COMPLETED


@pytest.mark.parametrize(
    ("mode", "way"), list(zip(MODES, (Way.SQLITE, Way.EMPTY, Way.SET_BACK), strict=True))
)
def test_rows_of_any_event_put_back_at_a_later_one_double_nothing(
    mode: Mode, way: Way, folder: Path
) -> None:
    recorder = Recorder(database.IN_MEMORY, folder, mode, count=3)
    recorder.record()
    every = list(cases(mode, way, len(recorder.moments)))

    outcomes = {str(case): recorder.play(case) for case in every[::7]}

    assert {name: found for name, found in outcomes.items() if not found.is_clean} == {}
    assert len(outcomes) > 5


def test_the_judge_sees_what_goes_out_twice_where_the_rows_are_believed(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorder = Recorder(database.IN_MEMORY, folder, Mode.NOW, count=3)
    recorder.record()
    monkeypatch.setattr("storyclip.store.service.newest.judged", lambda *facts, **how: None)

    outcome = recorder.play(Case(Mode.NOW, Way.SQLITE, 2, len(recorder.moments), 1.0))

    assert len(outcome.verdict.duplicate) == 3


def test_what_was_taken_back_and_sent_anew_since_the_backup_is_not_called_deleted(
    house: House,
) -> None:
    stage = house.stage
    dated(stage, 2)
    stage.play()
    backed_up = backup()
    wishes.pause("b1", of("ana"), stage.at)
    house.live_on(60.0)
    wishes.resume("b1", of("ana"), stage.at, stage.at)
    house.live_on(60.0)
    put_back(backed_up)
    house.start()
    house.live_on(2 * 3600.0 - 1200.0)
    assert stage.states() == [WAITING] * 2  # what they hold lies deleted, by us or by anybody

    house.all_ours()
    house.until_over()

    assert_once_in_order(stage, 2)


def test_a_story_goes_to_the_clip_of_its_minute_and_not_to_the_one_before(house: House) -> None:
    stage = house.stage
    before = backup()
    dates = dated(stage, 3)
    stage.play()
    house.live_on(5.0)
    put_back(before)
    house.start()
    stage.accept(3, dates=dates, gap_s=60.0)
    house.live_on(200.0)
    [lane] = strangers.held_lanes()
    first, *others = [one.name for one in strangers.of_lane(lane.id)]

    said = adoption.decide(lane.id, others, [first], stage.at)

    assert [clip.index for _, clip in said.adopted] == [2, 3]


def test_a_held_batch_says_why_and_nothing_untrue_is_said_of_it(house: House) -> None:
    names = house.found_strange(2)
    stage = house.stage

    assert len(names) == 2
    batch = stage.batch()
    assert batch.status is Status.PAUSED
    assert "storyclip recover" in (batch.error or "")
    for act in (
        lambda: wishes.cancel("b1", of("ana"), stage.at),
        lambda: wishes.resume("b1", of("ana"), stage.at, stage.at),
        lambda: wishes.retry("b1", of("ana"), stage.at, [], order_may_change=False),
    ):
        with pytest.raises(ActionRefused) as refusal:
            act()
        assert refusal.value.code is RefusalCode.IN_DOUBT
    assert stage.states() == [State.PENDING] * 2
    assert [event["type"] for event in events.events_since("b1", 0)][-1] == "paused"


def test_what_is_none_of_ours_is_left_alone_and_the_batch_goes_on(house: House) -> None:
    names = house.found_strange(1)
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
    newest.adopt_place(stage.at)
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

    newest.resume(stage.at)
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


@pytest.mark.parametrize("is_put_back", [True, False])
def test_rows_are_lost_that_lack_what_was_asked_for_since_the_last_sign_of_life(
    house: House, is_put_back: bool
) -> None:
    stage = house.stage
    stage.stand_still(0.5)
    stage.accept(1)
    earlier = backup()
    stage.play(stage.engine_of("worker-a", leave_sending=house.watchman.leave_sending))
    assert stage.states() == [WAITING]

    if is_put_back:
        put_back(earlier)
    house.start()

    assert (newest.find().lost_since is not None) is is_put_back
    house.start()
    epoch = newest.find().epoch
    assert (epoch > 0) is is_put_back  # and the next one to begin knows what the first found out
    house.start()
    assert newest.find().epoch == epoch


def test_two_restores_in_a_row_double_nothing(house: House) -> None:
    stage = house.stage
    stage.accept(3)
    house.until_over()
    for number in (4, 0):
        put_back(house.backups[number][0])
        house.start()
        house.live_on(20.0)

    house.live_on(200.0)
    house.all_ours()
    house.until_over()

    assert_once_in_order(stage, 3)


def test_ours_said_twice_adopts_once(house: House) -> None:
    names = house.found_strange(2)
    [lane] = strangers.held_lanes()

    first, again = (adoption.decide(lane.id, names, [], house.stage.at) for _ in range(2))
    house.until_over()

    assert (len(first.adopted), len(again.adopted)) == (2, 0)
    assert_once_in_order(house.stage, 2)


def dated_and_lost(house: House) -> list[str]:
    """A dated batch that Metricool has all of, and whose rows are of the moment it was accepted."""
    stage = house.stage
    dated(stage, 2, 600.0)
    house.live_on(20.0)
    put_back(house.backups[0][0])
    house.start()
    house.live_on(200.0)
    [lane] = strangers.held_lanes()
    return [one.post.id for one in strangers.of_lane(lane.id)]


def test_a_stranger_that_a_person_deletes_before_answering_is_not_sent_again(house: House) -> None:
    stage, ids = house.stage, dated_and_lost(house)

    stage.sandbox.person("delete", postId=int(ids[0]))
    house.all_ours()
    house.until_over()

    assert stage.live() == sources(2)
    assert stage.states() == [State.CANCELLED, State.PUBLISHED]


def test_a_stranger_that_a_person_moves_before_answering_goes_out_once(house: House) -> None:
    stage, ids = house.stage, dated_and_lost(house)

    later = stage.at + timedelta(minutes=20)
    stage.sandbox.person("move", postId=int(ids[1]), date=later.isoformat())
    house.all_ours()
    house.live_on(1500.0)

    assert sorted(stage.live()) == sources(1, 2)
    assert stage.states() == [State.PUBLISHED] * 2


def test_a_start_with_a_clock_that_is_ahead_holds_up_nothing_once_it_is_right(house: House) -> None:
    stage = house.stage
    stage.accept(1)
    right = stage.at
    stage.at = right + timedelta(hours=5)
    house.start()
    stage.at = right

    house.start()
    house.until_over()

    assert_once_in_order(stage, 1)


def test_a_pause_on_a_lane_in_doubt_names_all_that_may_be_out(house: House) -> None:
    house.found_strange(2)

    assert hand(house.stage).pause(house.stage.batch()) == (1, 2)


def test_a_story_of_lost_rows_is_asked_about_though_metricool_tells_no_time(house: House) -> None:
    stage = house.stage
    stage.sandbox.fault(fault="no_date")
    stage.sandbox.set_skew(-600.0)
    try:
        stage.accept(1)
        house.until_over()
        put_back(house.backups[0][0])
        house.start()
        house.live_on(200.0)
    finally:
        stage.sandbox.set_skew(0.0)

    assert len(strangers.held_lanes()) == 1


def test_rows_that_are_put_back_under_a_worker_that_lives_are_looked_at_before_it_sends(
    house: House,
) -> None:
    stage = house.stage
    stage.accept(3)
    house.live_on(3.0)
    earlier = backup()
    house.until_over()
    put_back(earlier)
    [due, *_] = [clip.id for clip in stage.clips() if clip.state is not State.PUBLISHED]

    with pytest.raises(StoreUnavailable, match="older than a moment ago"):
        step(due, stage.engine)  # a bell, before the next sign of life
    house.live_on(200.0)
    house.all_ours()
    house.until_over()

    assert_once_in_order(stage, 3)
