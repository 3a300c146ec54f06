from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from storyclip.domain.clip import State
from storyclip.domain.errors import RetrySafety
from storyclip.domain.order import (
    Verdict,
    comes_late,
    is_last_upstream,
    latest_before,
    sibling_of,
    verdict,
)
from tests.domain.making import T0, a_clip

MINUTE = timedelta(minutes=1)


def at(index: int) -> Any:
    """The date of the clip with that index when nobody moved anything."""
    return T0 + index * MINUTE


def there(index: int, **facts: Any) -> Any:
    """A clip that Metricool has, on its date, seen there."""
    date = at(index)
    usual = {"planned_for": date, "plans": (date,), "seen_at": T0, "post_id": str(index)}
    return a_clip(index, State.WAITING_CONFIRMATION, **{**usual, **facts})


def decided(index: int, date: Any, *clips: Any) -> Verdict:
    return verdict(index, date, [sibling_of(clip) for clip in clips])


def test_a_clip_between_what_is_there_on_dates_before_and_after_it_is_free():
    assert decided(2, at(2), there(1), a_clip(2), there(3)) is Verdict.FREE


@pytest.mark.parametrize(
    "before",
    [
        a_clip(1),
        a_clip(1, State.UPLOADING),
        a_clip(1, State.VERIFYING, planned_for=at(1)),
        there(1, seen_at=None),
        there(1, taken_back_at=T0),
        there(1, recall_wished_at=T0),
        there(1, planned_for=at(2)),
        there(1, planned_for=at(4)),
    ],
    ids=["to come", "in hand", "lost", "unseen", "going", "to go", "same minute", "moved behind"],
)
def test_a_clip_waits_for_one_before_it_that(before: Any):
    assert decided(2, at(2), before, a_clip(2)) is Verdict.WAIT


def test_nothing_waits_for_what_a_person_moved_by_days():
    moved = there(1, planned_for=at(1) + timedelta(days=3))

    assert decided(2, at(2), moved, a_clip(2)) is Verdict.FREE


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        (there(3, planned_for=at(2), plans=(at(2),)), Verdict.RECALL),
        (there(3, planned_for=at(1)), Verdict.FREE),
        (a_clip(3, State.PUBLISHED), Verdict.LATE),
        (a_clip(3, State.VERIFYING, planned_for=at(2)), Verdict.WAIT),
        (a_clip(3, State.VERIFYING, planned_for=at(3)), Verdict.FREE),
        (a_clip(3, State.FAILED, retry_safety=RetrySafety.CHECK_FIRST), Verdict.LATE),
        (a_clip(3, State.FAILED, retry_safety=RetrySafety.SAFE), Verdict.FREE),
        (a_clip(3, State.CANCELLED), Verdict.FREE),
        (a_clip(3), Verdict.FREE),
    ],
    ids=[
        "there on the same minute",
        "moved ahead of it by a person",
        "out",
        "lost on the same minute",
        "lost on a later minute",
        "maybe out",
        "refused",
        "cancelled",
        "to come",
    ],
)
def test_a_decision_about_order_looks_at_the_one_after_that_is(after: Any, expected: Verdict):
    assert decided(2, at(2), there(1), a_clip(2), after) is expected


def test_of_two_reasons_the_worse_counts():
    lost = a_clip(4, State.VERIFYING, planned_for=at(2))

    assert decided(2, at(2), a_clip(2), there(3, planned_for=at(2)), lost) is Verdict.WAIT
    assert decided(2, at(2), a_clip(2), lost, a_clip(5, State.PUBLISHED)) is Verdict.LATE


def test_a_failed_clip_whose_date_is_ahead_of_all_later_ones_does_not_come_late():
    siblings = [sibling_of(clip) for clip in (a_clip(1, State.FAILED), there(2), there(3))]

    assert not comes_late(1, at(1), siblings)
    assert comes_late(1, at(2), siblings)


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        (a_clip(2), False),
        (a_clip(2, State.FAILED, retry_safety=RetrySafety.SAFE), False),
        (there(2, planned_for=at(2) + timedelta(days=3)), False),
        (a_clip(2, State.UPLOADING, planned_for=at(9)), True),
        (a_clip(2, State.VERIFYING, planned_for=at(9)), True),
        (there(2, planned_for=at(9)), True),
        (a_clip(2, State.FAILED, retry_safety=RetrySafety.CHECK_FIRST), True),
        (a_clip(2, State.PUBLISHED), True),
    ],
    ids=["to come", "refused", "moved by days", "in hand", "lost", "there", "maybe out", "out"],
)
def test_a_failed_clip_that_goes_in_its_turn_comes_after_a_later_one_that_is(
    after: Any, expected: bool
):
    siblings = [sibling_of(clip) for clip in (a_clip(1, State.FAILED), after)]

    assert comes_late(1, None, siblings) is expected


def test_taken_back_first_is_the_last_one_that_is_there():
    siblings = [sibling_of(clip) for clip in (there(1), there(2), a_clip(3))]

    assert [is_last_upstream(index, siblings) for index in (1, 2)] == [False, True]


def test_the_latest_date_before_is_not_that_of_one_let_go_or_failed():
    far = there(2, planned_for=at(2) + timedelta(days=3))
    failed = replace(there(3), state=State.FAILED)

    siblings = [sibling_of(clip) for clip in (there(1), far, failed, a_clip(4))]

    assert latest_before(4, siblings) == at(1)
    assert latest_before(1, siblings) is None
