from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from storyclip.domain import moves
from storyclip.domain.batch import Status
from storyclip.domain.clip import Event, State
from storyclip.domain.dates.mode import Mode
from storyclip.domain.errors import LostRace, NotItsTurn
from storyclip.store.database import lock_row, writing
from storyclip.store.history import events
from storyclip.store.instants import to_text
from storyclip.store.publishing import batches, clips, lanes, recalls, writer
from tests.people import known
from tests.store.making import (
    T0,
    brought_to,
    due,
    everything,
    made,
    new_batch,
    note,
    published,
    record,
    sql,
    the_batch,
    walked,
    wish,
)

LATER = T0 + timedelta(seconds=30)
PAUSE = {"pause_requested_at": T0}
CANCEL = {"cancel_requested_at": T0}


@pytest.mark.parametrize("wished", [PAUSE, CANCEL], ids=["paused", "cancelled"])
def test_nothing_is_claimed_after_the_batch_was(store: str, wished):
    clip = made()[0]
    wish(**wished)
    before = everything()

    with pytest.raises(NotItsTurn):
        record(clip, Event.CLAIMED, at=T0)

    assert everything() == before


@pytest.mark.parametrize("wished", [PAUSE, CANCEL], ids=["paused", "cancelled"])
def test_nothing_claimed_before_is_intended_to_be_sent_after_the_batch_was(store: str, wished):
    clip = walked(made()[0], Event.CLAIMED)
    wish(**wished)
    before = everything()

    with pytest.raises(NotItsTurn):
        record(clip, Event.INTENDED, at=T0, intended_at=T0)

    assert everything() == before


def test_what_was_sent_before_a_pause_comes_to_its_end(store: str):
    clip = walked(made()[0], Event.CLAIMED)
    wish(pause_requested_at=T0)

    clip = walked(clip, Event.ACCEPTED, Event.SEEN_LIVE)

    assert clip.state is State.PUBLISHED
    assert the_batch().status is Status.PAUSED
    assert due() == []


@pytest.mark.parametrize("state", [State.UPLOADING, State.VERIFYING, State.WAITING_CONFIRMATION])
def test_nothing_is_claimed_while_another_clip_of_the_lane_is_in_flight(store: str, state: State):
    first, second, _ = made("b1")
    other = made("b2")[0]
    brought_to(state, first)
    before = everything()

    for waiting in (second, other):
        with pytest.raises(NotItsTurn):
            record(waiting, Event.CLAIMED, at=T0)

    assert everything() == before


def test_no_clip_is_claimed_before_the_one_ahead_of_it(store: str):
    _, second, third = made()
    before = everything()

    for early in (second, third):
        with pytest.raises(NotItsTurn):
            record(early, Event.CLAIMED, at=T0)

    assert everything() == before


def test_the_database_itself_lets_one_clip_of_a_lane_be_in_flight(store: str):
    first, second, _ = made()
    sql("UPDATE publish_batch_clips SET lane_held = lane_id WHERE id = ?", second.id)
    before = everything()

    with pytest.raises(NotItsTurn):
        record(first, Event.CLAIMED, at=T0)

    assert everything() == before


def test_a_new_batch_has_its_first_clip_due_and_rung_and_no_other(store: str):
    first, *others = made()

    assert (first.next_at, first.rung_at) == (T0, T0)
    assert [clip.next_at for clip in others] == [None, None]


def test_a_batch_behind_another_has_nothing_due(store: str):
    made("b1")

    made("b2")

    assert due() == [("b1", 1)]


def in_turn(at: datetime) -> list[tuple[str, int]]:
    """Publish whatever is due, one after the other, and return it in its order."""
    order = []
    while ready := due():
        assert len(ready) == 1, f"several have the turn: {ready}"
        order += ready
        clip = clips.of_batch(ready[0][0])[ready[0][1] - 1]
        published(clip, at)
    return order


def test_the_batches_of_a_lane_go_out_first_in_first_out(store: str):
    for name in ("z", "a", "m"):
        made(name, 2)

    assert in_turn(LATER) == [("z", 1), ("z", 2), ("a", 1), ("a", 2), ("m", 1), ("m", 2)]


def test_the_order_of_batches_is_that_of_their_arrival_not_of_anybodys_clock(store: str):
    made("late", 1, at=LATER)
    made("early", 1, at=T0)

    assert in_turn(LATER) == [("late", 1), ("early", 1)]


@pytest.mark.parametrize("other", [{"account": "2000002"}, {"network": "instagram"}])
def test_two_lanes_go_side_by_side(store: str, other):
    here = made("b1")[0]
    there = made("b2", **other)[0]

    walked(here, Event.CLAIMED)
    walked(there, Event.CLAIMED)

    assert clips.find(here.id).state is State.UPLOADING
    assert clips.find(there.id).state is State.UPLOADING


@pytest.mark.parametrize(
    "end",
    [
        (Event.CLAIMED, Event.ACCEPTED, Event.SEEN_LIVE),
        (Event.CLAIMED, Event.ACCEPTED, Event.TIMED_OUT),
        (Event.CLAIMED, Event.ACCEPTED, Event.DELETED_UPSTREAM),
        (Event.CLAIMED, Event.REFUSED),
        (Event.CLAIMED, Event.UNANSWERED, Event.GIVEN_UP),
        (Event.WITHDRAWN,),
    ],
    ids=lambda events: events[-1].value,
)
def test_the_turn_goes_to_the_next_clip_with_the_end_of_the_one_before(store: str, end):
    first, second, _ = made()

    walked(first, *end, at=LATER)

    assert clips.find(second.id).next_at == LATER
    assert clips.find(second.id).rung_at == LATER


def test_a_clip_that_only_comes_back_keeps_the_turn(store: str):
    first, second, _ = made()

    walked(first, Event.CLAIMED)
    record(clips.find(first.id), Event.POSTPONED, at=T0, next_at=LATER)

    assert due() == [("b1", 1)]
    with pytest.raises(NotItsTurn):
        record(second, Event.CLAIMED, at=LATER)


def test_a_turn_opened_in_a_transaction_that_breaks_was_never_opened(store: str):
    first = made()[0]
    sql("UPDATE publish_batch_clips SET next_at = NULL, rung_at = NULL")
    before = everything()

    def break_off() -> None:
        with writing():
            lock_row("lanes", first.lane.id)
            assert lanes.open_next(first.lane.id, LATER) == first.id
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        break_off()

    assert everything() == before


def test_a_paused_batch_lets_the_next_one_by(store: str):
    first = made("b1", on_failure="pause")[0]
    other = made("b2")[0]
    told: list[events.Change] = []
    events.on_change(told.append)

    walked(first, Event.CLAIMED, Event.REFUSED, at=LATER)

    assert the_batch("b1").status is Status.PAUSED
    assert told[-1].opened_clip_id == other.id
    assert due() == [("b2", 1)]
    assert walked(other, Event.CLAIMED).state is State.UPLOADING


def test_a_batch_that_goes_on_after_a_failure_keeps_its_turn(store: str):
    first, second, _ = made("b1", on_failure="continue")
    made("b2")

    walked(first, Event.CLAIMED, Event.REFUSED, at=LATER)

    assert due() == [("b1", second.index)]


@pytest.mark.parametrize(
    ("planned_for", "turn_came_at"),
    [(LATER + timedelta(minutes=1), LATER), (T0, T0)],
    ids=["live before its minute", "looked at long after it"],
)
def test_a_turn_came_when_the_clip_before_was_live_but_not_after_now(
    store: str, planned_for: datetime, turn_came_at: datetime
):
    first = walked(made()[0], Event.CLAIMED, Event.ACCEPTED)
    sql("UPDATE publish_batch_clips SET scheduled_at = ?", to_text(planned_for))

    record(clips.find(first.id), Event.SEEN_LIVE, at=LATER, next_at=None)

    assert clips.of_batch("b1")[1].wished_for == turn_came_at


def test_between_two_clips_of_a_batch_its_gap_is_kept_and_no_bell_rings_before(store: str):
    first, second, _ = made(gap_s=5.0)
    told: list[events.Change] = []
    events.on_change(told.append)

    published(first, LATER)

    opened = clips.find(second.id)
    assert (opened.next_at, opened.rung_at) == (LATER + timedelta(seconds=5), None)
    assert told[-1].opened_clip_id is None


@pytest.mark.parametrize("event", [Event.POSTPONED, Event.ABSENT])
def test_a_clip_that_waits_again_lets_an_earlier_batch_by(store: str, event: Event):
    earlier, later = made("b1", 1)[0], made("b2", 1)[0]
    note(earlier, next_at=None, rung_at=None)
    sql("UPDATE publish_batches SET status = 'paused' WHERE batch_id = 'b1'")
    way = (Event.CLAIMED, *([Event.UNANSWERED] if event is Event.ABSENT else []))
    in_hand = walked(later, *way)
    sql("UPDATE publish_batches SET status = 'processing' WHERE batch_id = 'b1'")

    record(in_hand, event, at=LATER, next_at=LATER)

    assert clips.find(earlier.id).next_at == LATER


def test_the_gap_of_a_batch_does_not_hold_up_the_next_one(store: str):
    last = made("b1", 1, gap_s=5.0)[0]
    following = made("b2", 1, gap_s=5.0)[0]

    published(last, LATER)

    assert clips.find(following.id).next_at == LATER


def test_a_clip_rung_out_of_turn_rests_and_is_not_due(store: str):
    _, second, _ = made()
    note(second, next_at=T0, rung_at=T0)

    opened = writer.rest(clips.find(second.id), LATER)

    rested = clips.find(second.id)
    assert opened is None
    assert (rested.next_at, rested.rung_at) == (None, None)
    assert due() == [("b1", 1)]


def test_a_clip_that_rests_rings_for_the_one_whose_turn_it_is(store: str):
    first, second, _ = made()
    note(first, next_at=None, rung_at=None)
    note(second, next_at=T0, rung_at=T0)

    opened = writer.rest(clips.find(second.id), LATER)

    assert opened == first.id
    assert due() == [("b1", 1)]


def test_a_clip_that_rests_in_a_paused_batch_is_due_for_nobody(store: str):
    clip = made()[0]
    wish(pause_requested_at=T0)

    opened = writer.rest(clips.find(clip.id), LATER)

    assert opened is None
    assert due() == []


def test_a_clip_that_somebody_moved_meanwhile_does_not_rest(store: str):
    stale = made()[0]
    walked(stale, Event.CLAIMED)
    before = everything()

    with pytest.raises(LostRace):
        writer.rest(stale, LATER)

    assert everything() == before


def test_a_clip_whose_own_date_is_over_is_claimed_though_one_before_it_was_moved_past_that(
    store: str,
):
    dates = [T0 + timedelta(minutes=n) for n in (1, 2, 3)]
    asked = [
        replace(clip, wished_for=date) for clip, date in zip(new_batch().clips, dates, strict=True)
    ]
    new = replace(new_batch(gap_s=60.0), mode=Mode.SCHEDULED, clips=tuple(asked))
    batches.create(replace(new, user_id=known("ana", T0)), T0)
    first, second, _ = clips.of_batch("b1")
    first = note(walked(first, Event.CLAIMED, Event.ACCEPTED), seen_at=T0, plans=(dates[0],))
    note(first, planned_for=T0 + timedelta(minutes=4))
    at = T0 + timedelta(minutes=4, seconds=1)

    claimed = writer.write(moves.claimed(clips.find(second.id), "worker-a", at), at)

    assert claimed.state is State.UPLOADING


def test_a_later_clip_makes_way_by_metricools_clock_also_when_ours_is_ahead(store: str):
    first, later = made("b1", count=2)
    soon = T0 + timedelta(minutes=10)
    sql(
        "UPDATE publish_batch_clips SET status = ?, scheduled_at = ? WHERE id = ?",
        State.WAITING_CONFIRMATION.value,
        to_text(soon),
        later.id,
    )

    recalls.make_way(first, T0 + timedelta(hours=1), T0)

    assert clips.find(later.id).recall_wished_at is not None
