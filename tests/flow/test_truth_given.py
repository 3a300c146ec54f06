"""What becomes of stories that a person gives to clips, after rows were lost."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from storyclip.domain.batch import Status
from storyclip.domain.clip import State
from storyclip.domain.errors import QuotaExceeded
from storyclip.store.database import run, writing
from storyclip.store.history import events
from storyclip.store.instants import to_text
from storyclip.store.publishing import adoption, strangers
from tests.flow.acts import WAITING, dated, sources, until
from tests.flow.conftest import Stage
from tests.restored.house import House, backup, put_back


@pytest.fixture
def house(stage: Stage) -> Iterator[House]:
    house = House(stage)
    house.keep_backups()
    yield house
    events.forget_listeners()


def assert_once_in_order(stage: Stage, count: int) -> None:
    assert stage.live() == sources(*range(1, count + 1))
    assert stage.states() == [State.PUBLISHED] * count
    assert stage.batch().status is Status.COMPLETED


def test_a_person_may_know_better_which_clip_a_story_came_of(house: House) -> None:
    [name] = house.found_strange(1)
    stage = house.stage
    stage.accept(2, name="b2")
    [lane] = strangers.held_lanes()
    [(_, guessed)] = adoption.proposed(lane.id)

    said = adoption.decide(lane.id, [], [], stage.at, {name: ("b2", 1)})

    assert (guessed.batch_id, guessed.index) == ("b1", 1)
    assert [(one.name, clip.batch_id, clip.index) for one, clip in said.adopted] == [
        (name, "b2", 1)
    ]
    house.until_over("b2")
    assert stage.states("b2") == [State.PUBLISHED] * 2
    assert len(stage.live()) == 3


def test_a_story_of_a_clip_that_has_another_one_is_one_too_many(house: House) -> None:
    stage = house.stage
    before = backup()
    dates = dated(stage, 1)
    stage.play()
    house.live_on(5.0)
    put_back(before)
    house.start()
    stage.accept(1, dates=dates, gap_s=60.0)
    house.live_on(200.0)
    [lane] = strangers.held_lanes()
    [stranger] = strangers.of_lane(lane.id)
    adoption.decide(lane.id, [], [stranger.name], stage.at)
    until(stage, WAITING)
    with writing():
        run("UPDATE strangers SET is_left_alone = 0")
        run("UPDATE lanes SET held_at = ?", (to_text(stage.at),))

    adoption.decide(lane.id, [], [], stage.at, {stranger.name: ("b1", 1)})

    house.live_on(130.0)
    house.until_over()
    assert_once_in_order(stage, 1)


def test_the_next_waits_for_all_that_were_adopted_to_be_live(house: House) -> None:
    stage = house.stage
    stage.accept(3)
    until(stage, State.PUBLISHED)
    until(stage, WAITING, 2)
    put_back(house.backups[0][0])
    house.start()
    house.live_on(2.0)

    house.all_ours()
    house.until_over()

    assert_once_in_order(stage, 3)


def test_what_is_deleted_since_it_was_found_is_no_stranger_any_more(house: House) -> None:
    stage = house.stage
    before = backup()
    dated(stage, 1)
    stage.play()
    house.live_on(5.0)
    put_back(before)
    house.start()
    stage.accept(1)
    house.live_on(200.0)
    [lane] = strangers.held_lanes()
    [stranger] = strangers.of_lane(lane.id)
    stage.upstream.delete_post(lane.account_id, stranger.post.id)

    house.start()
    house.live_on(200.0)

    assert strangers.held_lanes() == []
    house.until_over()
    assert_once_in_order(stage, 1)


@pytest.mark.parametrize("is_said", [True, False])
def test_stories_of_lost_rows_take_their_part_of_the_day_s_quota(house: House, is_said: bool):
    stage = house.stage
    stage.accept(3, network="instagram")
    house.until_over()
    put_back(house.backups[0][0])
    house.start()
    house.live_on(200.0)
    assert len(strangers.held_lanes()) == 1
    if is_said:
        house.all_ours()
        house.until_over()

    with pytest.raises(QuotaExceeded) as refused:
        stage.accept(1, network="instagram", name="b2", quota_24h=3)

    assert refused.value.facts["left"] == 0
    assert stage.live(network="instagram") == sources(1, 2, 3)
    stage.stand_still(24 * 3600.0)
    if is_said:  # what they were is known, and a day later they are none of it any more
        stage.accept(1, network="instagram", name="b3", quota_24h=3)
