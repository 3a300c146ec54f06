from functools import partial

from storyclip.domain.batch import Status
from storyclip.domain.clip import Clip, Event, State
from storyclip.domain.errors import IdempotencyKeyReused, LostRace, NotItsTurn
from storyclip.store.history import events
from storyclip.store.publishing import batches, clips
from storyclip.store.publishing.new_batch import IdempotencyKey
from storyclip.store.service import workers
from tests.store.making import (
    T0,
    at_once,
    brought_to,
    counters,
    made,
    new_batch,
    record,
    recounted,
    rows,
    seqs,
    the_batch,
)

THREADS = 8


def test_of_eight_workers_that_claim_one_clip_exactly_one_has_it(store: str):
    clip = made()[0]

    outcomes = at_once(
        *[partial(record, clip, Event.CLAIMED, at=T0, worker=f"worker-{n}") for n in range(THREADS)]
    )

    winners = [outcome for outcome in outcomes if isinstance(outcome, Clip)]
    losers = [outcome for outcome in outcomes if isinstance(outcome, LostRace | NotItsTurn)]
    assert (len(winners), len(losers)) == (1, THREADS - 1)
    assert clips.find(clip.id) == winners[0]
    assert seqs() == [1, 2]


def test_of_eight_workers_that_settle_one_clip_exactly_one_does(store: str):
    clip = brought_to(State.VERIFYING, made()[0])
    verdicts = [Event.FOUND, Event.ABSENT] * (THREADS // 2)

    outcomes = at_once(*[partial(record, clip, event, at=T0) for event in verdicts])

    winners = [outcome for outcome in outcomes if isinstance(outcome, Clip)]
    assert len(winners) == 1
    assert sum(isinstance(outcome, LostRace) for outcome in outcomes) == THREADS - 1
    assert clips.find(clip.id).state is winners[0].state


def test_eight_clips_of_one_batch_moved_at_once_leave_no_gap_and_no_miscount(store: str):
    eight = made("b1", THREADS)

    outcomes = at_once(*[partial(record, clip, Event.WITHDRAWN, at=T0) for clip in eight])

    assert all(isinstance(outcome, Clip) for outcome in outcomes), outcomes
    assert seqs() == list(range(1, THREADS + 2))
    assert counters("b1") == recounted("b1") == (0, 0, 0, THREADS)
    assert the_batch().status is Status.CANCELLED


def test_only_the_last_event_of_clips_moved_at_once_says_that_the_batch_ended(store: str):
    eight = made("b1", THREADS)

    at_once(*[partial(record, clip, Event.WITHDRAWN, at=T0) for clip in eight])

    told = events.events_since("b1", 0)
    assert [event["type"] for event in told] == ["progress"] * THREADS + ["cancelled"]


def test_eight_lanes_move_at_once_and_none_waits_for_another_in_vain(store: str):
    firsts = [made(f"b{n}", account=str(n))[0] for n in range(THREADS)]

    outcomes = at_once(*[partial(brought_to, State.PUBLISHED, clip) for clip in firsts])

    assert [outcome.state for outcome in outcomes] == [State.PUBLISHED] * THREADS


def test_two_batches_made_at_once_on_a_new_lane_share_it_and_take_turns(store: str):
    at_once(
        *[partial(batches.create, new_batch(f"b{n}", account="new"), T0) for n in range(THREADS)]
    )

    turns = rows("SELECT lane_id, turn FROM publish_batches")
    due = rows("SELECT id FROM publish_batch_clips WHERE next_at IS NOT NULL")
    assert len({lane for lane, _ in turns}) == 1
    assert len({turn for _, turn in turns}) == THREADS
    assert len(due) == 1


def test_sixteen_equal_requests_at_once_make_one_batch(store: str):
    key = IdempotencyKey("key", "body")

    outcomes = at_once(*[partial(batches.create, new_batch(f"b{n}"), T0, key) for n in range(16)])

    made_of_them = {outcome.batch_id for outcome in outcomes}
    assert rows("SELECT batch_id FROM publish_batches") == [(made_of_them.pop(),)]
    assert made_of_them == set()


def test_of_two_bodies_under_one_key_at_once_one_is_made_and_one_is_told(store: str):
    outcomes = at_once(
        *[
            partial(batches.create, new_batch(body), T0, IdempotencyKey("key", body))
            for body in ("b1", "b2")
        ]
    )

    assert sum(isinstance(outcome, IdempotencyKeyReused) for outcome in outcomes) == 1
    assert len(rows("SELECT batch_id FROM publish_batches")) == 1


def test_two_clocks_that_both_ring_leave_no_bell_out_and_none_is_rung_twice(store: str):
    for n in range(20):
        made(f"b{n}", 1, account=str(n))
    later = T0.replace(second=2)

    rung = at_once(*[partial(clips.make_due, later, portion=50)] * 2)

    due = [clip_id for (clip_id,) in rows("SELECT id FROM publish_batch_clips")]
    assert sorted(rung[0] + rung[1]) == sorted(due)


def test_beats_of_one_worker_are_never_lost(store: str):
    at_once(*[partial(workers.beat, "w")] * THREADS)

    assert workers.beats() == {"w": THREADS}
