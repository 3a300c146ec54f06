"""Which clip a story belongs to that no row knows, if it is ours."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from storyclip.domain.doubt import Stranger, may_be_lost, pairs
from storyclip.domain.lane import Lane
from storyclip.domain.network import Network
from storyclip.domain.story import Post, PostStatus
from tests.domain.making import T0, a_clip

MINUTE = timedelta(minutes=1)


def story(number: int, minutes: float) -> Stranger:
    planned_for = T0 + minutes * MINUTE
    post = Post(str(number), Network.FACEBOOK, (), planned_for, PostStatus.PUBLISHED)
    return Stranger(1, post)


def test_what_had_its_turn_is_matched_by_order_however_near_another_date_is():
    first, second = story(1, 0.0), story(2, 1.0)
    clips = [a_clip(1, wished_for=T0 + 1.2 * MINUTE), a_clip(2)]

    assert [(one.name, clip.index) for one, clip in pairs([second, first], clips)] == [
        ("1", 1),
        ("2", 2),
    ]


def test_what_has_a_date_is_matched_by_the_nearest_minute():
    first, second = story(1, 0.0), story(2, 1.0)
    clips = [a_clip(1, wished_for=T0 + MINUTE), a_clip(2, wished_for=T0 + 2 * MINUTE)]

    found = pairs([first, second], clips, {clip.id for clip in clips})

    assert [(one.name, clip.index) for one, clip in found] == [("2", 1)]


@pytest.mark.parametrize(("apart", "may_be"), [(0, False), (15, True)])
def test_a_story_that_seems_older_by_a_clock_that_nobody_tells_may_be_a_lost_one(apart, may_be):
    lane = replace(a_clip().lane, doubted_since=T0, doubted_until=T0 + MINUTE)
    made = Post("1", Network.FACEBOOK, (), T0, PostStatus.PUBLISHED, created_at=T0 - 9 * MINUTE)

    assert may_be_lost(lane, made, timedelta(), apart * MINUTE) is may_be


def begun_15_minutes_after(ahead: timedelta) -> Lane:
    """A lane in doubt since T0, as written by a process whose clock is so far ahead."""
    begins = T0 + 15 * MINUTE + ahead
    return replace(a_clip().lane, doubted_since=min(T0, begins), doubted_until=begins)


@pytest.mark.parametrize("ahead", [-60, 0, 60])
@pytest.mark.parametrize("made_after", [0, 15])
def test_a_story_made_since_the_last_sign_of_life_may_be_lost_by_whatever_clock(ahead, made_after):
    lane = begun_15_minutes_after(ahead * MINUTE)
    made_at = T0 + made_after * MINUTE
    made = Post("1", Network.FACEBOOK, (), T0, PostStatus.PUBLISHED, created_at=made_at)

    assert may_be_lost(lane, made, -ahead * MINUTE, timedelta())


@pytest.mark.parametrize("made_after", [-5, 90])
def test_a_story_of_before_or_long_after_is_nobodys_lost_one(made_after):
    made_at = T0 + made_after * MINUTE
    made = Post("1", Network.FACEBOOK, (), T0, PostStatus.PUBLISHED, created_at=made_at)

    assert not may_be_lost(begun_15_minutes_after(timedelta()), made, timedelta(), timedelta())
