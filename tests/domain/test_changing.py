"""The faster `replace` does what the original does, for every value that the domain changes."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime
from typing import Any

import pytest

from storyclip.domain.changing import maker, replace
from storyclip.domain.clip import Clip, State
from storyclip.domain.lane import Lane
from storyclip.domain.moves import Move
from storyclip.domain.network import Network
from storyclip.domain.send import Send

AT = datetime(2026, 12, 1, 18, tzinfo=UTC)
LANE = Lane(1, "2000001", Network.FACEBOOK)
CLIP = Clip(1, "b1", 1, LANE, "c1", "https://a.test/1.mp4", "one", State.PENDING, 1, 0, None)
SEND = Send(1, 1, "https://a.test/1.mp4", "https://b.test/1.mp4", AT, AT)


@pytest.mark.parametrize(
    ("value", "changes"),
    [
        (CLIP, {"checks": 3, "state": State.FAILED, "lane": LANE}),
        (LANE, {"lead_s": 90.0}),
        (SEND, {"gone_at": AT}),
        (Move(CLIP, CLIP, None), {"lane": LANE}),
        (CLIP, {}),
    ],
)
def test_it_is_what_the_original_makes(value: Any, changes: dict[str, Any]):
    changed = replace(value, **changes)

    assert changed == dataclasses.replace(value, **changes)
    assert changed is not value
    assert hash(changed) == hash(dataclasses.replace(value, **changes))


@pytest.mark.parametrize("value", [CLIP, LANE, SEND, Move(CLIP, CLIP, None)])
def test_what_is_made_is_of_the_class_itself(value: Any):
    facts = {fact.name: getattr(value, fact.name) for fact in dataclasses.fields(value)}

    made = maker(type(value))(**facts)

    assert type(made) is type(value)
    assert made == value
    assert hash(made) == hash(value)
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(made, dataclasses.fields(value)[0].name, 2)


def test_what_is_not_said_is_as_the_class_has_it():
    few: tuple[Any, ...] = dataclasses.astuple(LANE)[:3]

    assert maker(Lane)(*few) == Lane(*few)
    with pytest.raises(TypeError, match="missing"):
        maker(Lane)(*few[:2])


def test_what_a_value_has_not_cannot_be_changed():
    facts: dict[str, Any] = {"chekcs": 3}

    with pytest.raises(TypeError, match="no chekcs"):
        replace(CLIP, **facts)


def test_a_value_that_checks_itself_is_left_to_the_original():
    @dataclasses.dataclass(frozen=True)
    class Checked:
        one: int
        two: int

    with pytest.raises(TypeError, match="Checked is no plain value"):
        replace(Checked(1, 2), one=3)
    with pytest.raises(TypeError, match="Checked is no plain value"):
        maker(Checked)
