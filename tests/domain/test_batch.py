from collections import Counter
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storyclip.domain.batch import Batch, OnFailure, Phase, Status, current_clip, phase_of
from storyclip.domain.clip import EDGES, ENDED, Clip, State
from storyclip.domain.errors import RetrySafety
from storyclip.domain.views import summary_view
from tests.domain.making import T0, a_batch, a_clip

SOON = T0 + timedelta(seconds=1)


@dataclass(frozen=True)
class Move:
    """One step of a walk: the batch before and after it, and the clip that moved."""

    before: Batch
    after: Batch
    old: Clip
    new: Clip
    clips: tuple[Clip, ...]
    at: datetime

    @property
    def failed_now(self) -> bool:
        return self.new.state is State.FAILED is not self.old.state


@st.composite
def walks(draw: st.DrawFn) -> list[Move]:
    """Legal moves of the clips of one batch, in any order and number."""
    clips = [a_clip(index) for index in range(1, draw(st.integers(1, 5)) + 1)]
    batch = a_batch(
        len(clips),
        on_failure=draw(st.sampled_from([OnFailure.CONTINUE, OnFailure.PAUSE])),
        cancel_requested_at=draw(st.sampled_from([None, T0])),
    )
    moves: list[Move] = []
    for step in range(draw(st.integers(1, 30))):
        movable = [clip for clip in clips if any(state is clip.state for state, _ in EDGES)]
        if not movable:
            break
        old = draw(st.sampled_from(movable))
        event = draw(st.sampled_from([event for state, event in EDGES if state is old.state]))
        state = EDGES[old.state, event]
        safety = draw(st.sampled_from(RetrySafety)) if state is State.FAILED else None
        error = f"{event}" if state is State.FAILED else None
        new = replace(old, state=state, revision=step, retry_safety=safety, error=error)
        clips[old.index - 1] = new
        at = T0 + timedelta(seconds=step)
        after = batch.after(old, new, at)
        moves.append(Move(batch, after, old, new, tuple(clips), at))
        batch = after
    return moves


def progress(batch: Batch, clips: tuple[Clip, ...]) -> int:
    return int(summary_view(batch, current_clip(clips), T0, 120.0, None)["progress"])


@given(walks())
def test_the_counters_always_equal_a_recount(walk: list[Move]):
    for move in walk:
        states = Counter(clip.state for clip in move.clips)
        unconfirmed = [
            clip
            for clip in move.clips
            if clip.state is State.FAILED and clip.retry_safety is RetrySafety.CHECK_FIRST
        ]
        counted = (move.after.published, move.after.failed, move.after.cancelled)
        assert counted == (states[State.PUBLISHED], states[State.FAILED], states[State.CANCELLED])
        assert move.after.unconfirmed == len(unconfirmed)


@given(walks())
def test_each_move_takes_the_next_number(walk: list[Move]):
    assert [move.after.last_seq for move in walk] == list(range(2, len(walk) + 2))


@given(walks())
def test_progress_is_100_exactly_when_every_clip_has_ended(walk: list[Move]):
    for move in walk:
        all_ended = all(clip.state in ENDED for clip in move.clips)
        assert (progress(move.after, move.clips) == 100) == all_ended
        assert 0 <= progress(move.after, move.clips) <= 100


@given(walks())
def test_a_batch_without_a_published_clip_is_never_completed(walk: list[Move]):
    for move in walk:
        if move.after.published == 0:
            assert move.after.status is not Status.COMPLETED


@given(walks())
def test_a_batch_runs_exactly_while_a_clip_has_not_ended(walk: list[Move]):
    for move in walk:
        unfinished = any(clip.state not in ENDED for clip in move.clips)
        assert move.after.is_running == unfinished
        assert (move.after.completed_at is None) == unfinished


@given(walks())
def test_a_failed_clip_pauses_exactly_where_that_was_asked_and_others_are_to_come(walk: list[Move]):
    for move in walk:
        others_remain = any(clip.state not in ENDED for clip in move.clips)
        to_come = others_remain and not move.before.cancel_requested_at
        pauses = move.before.on_failure is OnFailure.PAUSE and move.failed_now and to_come
        wished = move.before.pause_requested_at or (move.at if pauses else None)
        assert move.after.pause_requested_at == wished
        assert (move.after.status is Status.PAUSED) == (wished is not None and others_remain)


@given(walks())
def test_an_end_keeps_its_time_until_somebody_asks_again(walk: list[Move]):
    for move in walk:
        if move.before.completed_at and move.after.completed_at:
            assert move.after.completed_at == move.before.completed_at


@given(walks())
def test_a_batch_starts_with_its_first_move(walk: list[Move]):
    assert {move.after.started_at for move in walk} <= {T0}


def ended(status_of_clips: list[State], **facts: object) -> Batch:
    counts = Counter(status_of_clips)
    return a_batch(
        len(status_of_clips),
        published=counts[State.PUBLISHED],
        failed=counts[State.FAILED],
        cancelled=counts[State.CANCELLED],
        **facts,
    ).settled(SOON)


@pytest.mark.parametrize(
    ("clips", "status"),
    [
        ([State.PUBLISHED, State.PUBLISHED], Status.COMPLETED),
        ([State.PUBLISHED, State.FAILED], Status.COMPLETED),
        ([State.PUBLISHED, State.CANCELLED], Status.COMPLETED),
        ([State.FAILED, State.FAILED], Status.FAILED),
        ([State.FAILED, State.CANCELLED], Status.FAILED),
        ([State.CANCELLED, State.CANCELLED], Status.CANCELLED),
    ],
)
def test_a_batch_that_ran_to_its_end_says_what_came_of_it(clips, status):
    assert ended(clips).status is status


def test_a_batch_is_cancelled_when_the_user_asked_and_a_clip_was_still_withdrawn():
    batch = ended([State.PUBLISHED, State.CANCELLED], cancel_requested_at=T0)

    assert batch.status is Status.CANCELLED


def test_a_cancel_that_came_too_late_for_every_clip_changes_nothing():
    batch = ended([State.PUBLISHED, State.PUBLISHED], cancel_requested_at=T0)

    assert batch.status is Status.COMPLETED


def test_a_paused_batch_whose_last_clip_ends_has_ended():
    batch = ended([State.PUBLISHED], pause_requested_at=T0)

    assert (batch.status, batch.completed_at) == (Status.COMPLETED, SOON)


def failed_batch() -> tuple[Batch, Clip]:
    safety = RetrySafety.CHECK_FIRST
    failed = a_clip(1, State.FAILED, error="not live within 120 s", retry_safety=safety)
    waiting = a_clip(1, State.WAITING_CONFIRMATION)
    return a_batch(1).after(waiting, failed, T0), failed


def test_a_late_sight_heals_a_failed_batch():
    batch, failed = failed_batch()
    live = replace(failed, state=State.PUBLISHED, error=None, retry_safety=None)

    healed = batch.after(failed, live, SOON)

    assert (batch.status, healed.status) == (Status.FAILED, Status.COMPLETED)
    assert (healed.published, healed.failed, healed.unconfirmed) == (1, 0, 0)


def test_a_healed_batch_does_not_keep_the_words_of_a_failure_that_was_none():
    batch, failed = failed_batch()
    live = replace(failed, state=State.PUBLISHED, error=None, retry_safety=None)

    healed = batch.after(failed, live, SOON)

    assert batch.error == "not live within 120 s"
    assert healed.error is None


def test_a_healed_batch_has_the_words_of_a_clip_that_is_failed_still():
    batch, failed = failed_batch()
    live = replace(failed, state=State.PUBLISHED, error=None, retry_safety=None)

    healed = replace(batch, total=2, failed=2).after(failed, live, SOON, "no such codec")

    assert (healed.failed, healed.error) == (1, "no such codec")


def paused_by_a_failure(on_failure: OnFailure) -> Batch:
    """A batch that stands still since its first clip failed, which was seen live now."""
    batch, failed = failed_batch()
    live = replace(failed, state=State.PUBLISHED, error=None, retry_safety=None)
    paused = replace(batch, total=2, on_failure=on_failure, pause_requested_at=T0).settled(T0)
    return paused.after(failed, live, SOON)


def test_a_batch_that_paused_itself_for_nothing_stays_paused_and_says_so():
    batch = paused_by_a_failure(OnFailure.PAUSE)

    assert (batch.status, batch.failed) == (Status.PAUSED, 0)
    assert "clip 1 was called failed" in (batch.error or "")


def test_a_batch_that_its_user_paused_has_no_error_once_nothing_is_failed():
    assert paused_by_a_failure(OnFailure.CONTINUE).error is None


@pytest.mark.parametrize("wish", [{"pause_requested_at": None}, {"cancel_requested_at": SOON}])
def test_a_wish_ends_the_words_of_a_pause(wish: dict[str, Any]):
    batch = replace(
        paused_by_a_failure(OnFailure.PAUSE), **wish, cancelled=int("cancel" in str(wish))
    )

    assert batch.settled(SOON).error is None


def test_a_failed_batch_that_is_asked_for_again_runs_again():
    batch, failed = failed_batch()

    again = batch.after(failed, replace(failed, state=State.VERIFYING, error=None), SOON)

    assert (again.status, again.completed_at) == (Status.PROCESSING, None)


def test_a_batch_names_the_clip_in_hand():
    old = a_clip(2)

    batch = a_batch(3).after(old, replace(old, state=State.UPLOADING), T0)

    assert batch.current_index == 2


def test_a_reason_for_trying_again_is_no_error_of_the_batch():
    old = a_clip(1, State.UPLOADING)

    batch = a_batch(1).after(old, replace(old, state=State.PENDING, error="busy"), T0)

    assert batch.error is None


@pytest.mark.parametrize(
    ("states", "current"),
    [
        ([State.PUBLISHED, State.UPLOADING, State.PENDING], 2),
        ([State.PUBLISHED, State.PENDING, State.PENDING], 2),
        ([State.PUBLISHED, State.FAILED, State.PUBLISHED], 3),
        ([State.PENDING, State.PUBLISHED, State.WAITING_CONFIRMATION], 3),  # the first was retried
    ],
)
def test_the_current_clip_is_the_one_in_hand_else_the_next_else_the_last(states, current):
    clips = [a_clip(index, state) for index, state in enumerate(states, 1)]

    found = current_clip(clips)

    assert found is not None
    assert found.index == current


def test_no_clips_no_current_clip():
    assert current_clip([]) is None


S = State
PAUSED = a_batch(status=Status.PAUSED, pause_requested_at=T0)


@pytest.mark.parametrize(
    ("batch", "clip", "phase"),
    [
        (a_batch(), a_clip(), Phase.QUEUED),
        (a_batch(), a_clip(attempts=1), Phase.RETRYING),
        (a_batch(), a_clip(postponements=1), Phase.RETRYING),
        (a_batch(), a_clip(1, S.UPLOADING), Phase.PREPARING),
        (a_batch(), a_clip(1, S.UPLOADING, intended_at=T0), Phase.SENDING),
        (a_batch(), a_clip(1, S.VERIFYING), Phase.VERIFYING),
        (a_batch(), a_clip(1, S.WAITING_CONFIRMATION, planned_for=SOON), Phase.SCHEDULED),
        (a_batch(), a_clip(1, S.WAITING_CONFIRMATION, planned_for=T0), Phase.CONFIRMING),
        (a_batch(), a_clip(1, S.WAITING_CONFIRMATION), Phase.CONFIRMING),
        (PAUSED, a_clip(), Phase.PAUSED),
        (PAUSED, a_clip(attempts=1), Phase.PAUSED),
        (PAUSED, a_clip(1, S.UPLOADING, intended_at=T0), Phase.SENDING),
        (PAUSED, a_clip(1, S.VERIFYING), Phase.VERIFYING),
        (a_batch(status=Status.COMPLETED), a_clip(3, S.PUBLISHED), Phase.ENDED),
        (a_batch(status=Status.FAILED), a_clip(3, S.FAILED), Phase.ENDED),
        (a_batch(status=Status.CANCELLED), a_clip(3, S.CANCELLED), Phase.ENDED),
    ],
)
def test_the_phase_says_what_is_waited_for(batch, clip, phase):
    assert phase_of(batch, clip, T0, blocked=False) is phase


def test_a_refused_account_is_said_before_anything_else():
    assert phase_of(PAUSED, a_clip(1, S.UPLOADING), T0, blocked=True) is Phase.BLOCKED


def test_a_batch_that_ended_is_not_held_up_by_a_refused_account():
    batch = a_batch(status=Status.COMPLETED)

    assert phase_of(batch, a_clip(3, S.PUBLISHED), T0, blocked=True) is Phase.ENDED


@given(walks(), st.booleans())
def test_every_batch_has_a_phase_and_it_is_ended_exactly_when_it_ran_out(walk, blocked):
    for move in walk:
        phase = phase_of(move.after, current_clip(move.clips), T0, blocked=blocked)
        assert (phase is Phase.ENDED) == (not move.after.is_running)
