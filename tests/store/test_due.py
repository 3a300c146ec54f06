from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest

from storyclip.domain.clip import Clip, Event, State
from storyclip.store.publishing import clips, lanes
from tests.store.making import T0, WAYS, brought_to, made, note, record, walked

AGAIN = timedelta(seconds=lanes.RING_AGAIN_S)
A_MICROSECOND = timedelta(microseconds=1)


def due_since(ages_s: Sequence[float]) -> list[int]:
    """Clips of as many lanes, each due for so many seconds at T0 and not rung yet."""
    ids = []
    for number, age_s in enumerate(ages_s):
        clip = made(f"b{number}", 1, account=str(number))[0]
        note(clip, next_at=T0 - timedelta(seconds=age_s), rung_at=None)
        ids.append(clip.id)
    return ids


def ring(at: datetime = T0, portion: int = 50) -> list[int]:
    return sorted(clips.make_due(at, portion=portion))


def test_what_is_due_is_rung_and_what_is_not_yet_is_not(store: str):
    due, just_now, _ = due_since([1, 0, -0.000001])

    assert ring() == [due, just_now]


def test_a_bell_is_noted_in_the_row(store: str):
    [clip_id] = due_since([1])

    ring()

    assert clips.find(clip_id).rung_at == T0


@pytest.mark.parametrize("age_s", [1, 60], ids=["fresh", "backlog"])
def test_a_bell_that_nobody_heard_is_rung_again_but_not_at_once(store: str, age_s: int):
    [clip_id] = due_since([age_s])
    ring()

    assert ring(T0 + AGAIN - A_MICROSECOND) == []
    assert ring(T0 + AGAIN) == [clip_id]


def test_what_became_due_lately_is_rung_all_at_once(store: str):
    fresh = due_since([1.0] * 20)

    assert ring(portion=3) == fresh


def test_a_backlog_is_rung_in_portions_oldest_first_and_nothing_twice(store: str):
    backlog = due_since([10, 50, 30, 20, 40])

    portions = [ring(portion=2) for _ in range(4)]

    assert portions == [
        sorted([backlog[1], backlog[4]]),
        sorted([backlog[2], backlog[3]]),
        [backlog[0]],
        [],
    ]


def test_a_backlog_does_not_hold_up_what_became_due_lately(store: str):
    *backlog, fresh = due_since([100, 90, 80, 1])

    assert ring(portion=1) == [backlog[0], fresh]


def test_a_clip_of_exactly_the_age_of_a_backlog_is_rung_once(store: str):
    [clip_id] = due_since([clips.FRESH_S])

    assert clips.make_due(T0, portion=50) == [clip_id]


@pytest.mark.parametrize("state", [s for s in State if WAYS[s]])
def test_whatever_its_state_a_clip_is_rung_when_its_row_says_so(store: str, state: State):
    clip = brought_to(state, made(count=1)[0])
    note(clip, next_at=T0, rung_at=None)

    assert ring() == [clip.id]


def test_a_clip_that_is_never_due_by_itself_is_never_rung(store: str):
    brought_to(State.PUBLISHED, made(count=1)[0])

    assert ring(T0 + timedelta(days=1000)) == []


def media_of(clip: Clip) -> str | None:
    return clips.find(clip.id).media_url


def test_media_prepared_ahead_is_kept_without_taking_the_turn_from_anybody(store: str):
    clip = made()[0]

    clips.store_media(clip, "https://media.example.com/1")

    assert media_of(clip) == "https://media.example.com/1"
    walked_on = record(clip, Event.CLAIMED, at=T0)
    assert walked_on.state is State.UPLOADING


def test_of_two_that_prepared_the_same_clip_the_first_counts(store: str):
    clip = made()[0]
    clips.store_media(clip, "https://media.example.com/1")

    clips.store_media(clip, "https://media.example.com/2")

    assert media_of(clip) == "https://media.example.com/1"


@pytest.mark.parametrize("state", [s for s in State if WAYS[s]])
def test_media_prepared_too_late_is_dropped(store: str, state: State):
    clip = brought_to(state, made()[0])

    clips.store_media(clip, "https://media.example.com/1")

    assert media_of(clip) is None


def test_the_clip_after_is_prepared_only_while_it_waits_without_media(store: str):
    first, second, third = made()

    assert clips.next_in_batch(first) == second.id
    clips.store_media(second, "https://media.example.com/2")
    assert clips.next_in_batch(first) is None
    walked(third, *WAYS[State.CANCELLED])
    assert clips.next_in_batch(second) is None
    assert clips.next_in_batch(third) is None


def test_the_clip_after_is_one_of_the_same_batch(store: str):
    only = made("b1", 1)[0]
    made("b2", 2)

    assert clips.next_in_batch(only) is None
