"""Which clip a story belongs to that no row knows, if it is ours."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from storyclip.domain.doubt import Stranger, may_be_lost, pairs
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
