"""Which clip a story belongs to that no row knows, if it is ours."""

from __future__ import annotations

from datetime import timedelta

from storyclip.domain.doubt import Stranger, pairs
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
