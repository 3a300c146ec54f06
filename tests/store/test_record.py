from dataclasses import replace
from datetime import timedelta
from typing import Any

import peewee
import pytest

from storyclip.domain.clip import EDGES, Event, NoSuchEdge, State
from storyclip.domain.errors import LostRace, NotItsTurn
from storyclip.store.history import events
from storyclip.store.publishing import clips
from tests.store.making import (
    T0,
    brought_to,
    everything,
    made,
    note,
    published,
    record,
    seqs,
    sql,
    the_batch,
    walked,
)

LATER = T0 + timedelta(seconds=7)


@pytest.mark.parametrize("state", State)
def test_a_move_that_is_not_drawn_writes_nothing(store: str, state: State):
    clip = brought_to(state, made()[0])
    before = everything()

    for event in Event:
        if (state, event) not in EDGES:
            with pytest.raises(NoSuchEdge):
                record(clip, event, at=LATER)

    assert everything() == before


def test_what_was_learned_is_written_with_the_move_and_read_back_the_same(store: str):
    plans = (T0 + timedelta(minutes=1), T0 + timedelta(minutes=2, microseconds=1))
    learned: dict[str, Any] = {
        "attempts": 2,
        "next_at": T0 + timedelta(seconds=25, microseconds=123_456),
        "rung_at": T0,
        "worker": "worker-ñ",
        "media_url": "https://media.example.com/á?b=c",
        "intended_at": T0,
        "plans": plans,
        "planned_for": plans[1],
        "checks": 3,
        "missing_since": T0,
        "postponed_since": T0,
        "postponements": 4,
        "error": "así no",
    }

    clip = record(made()[0], Event.CLAIMED, at=T0, **learned)

    read = clips.find(clip.id)
    assert {name: getattr(read, name) for name in learned} == learned


@pytest.mark.parametrize("event", [Event.ACCEPTED, Event.POSTPONED, Event.REFUSED])
def test_a_move_decided_on_an_old_revision_loses_and_writes_nothing(store: str, event: Event):
    stale = walked(made()[0], Event.CLAIMED)
    walked(stale, Event.UNANSWERED)
    before = everything()

    with pytest.raises(LostRace):
        record(stale, event, at=LATER)

    assert everything() == before


def test_a_clip_that_came_back_to_the_same_state_is_still_not_the_one_that_was_read(store: str):
    stale = walked(made()[0], Event.CLAIMED)
    walked(stale, Event.POSTPONED, Event.CLAIMED)

    with pytest.raises(LostRace):
        record(stale, Event.ACCEPTED, at=LATER)


def test_of_two_workers_with_the_same_clip_the_second_writes_nothing(store: str):
    mine = made()[0]
    theirs = replace(mine)
    record(mine, Event.CLAIMED, at=T0, worker="mine")
    before = everything()

    with pytest.raises((LostRace, NotItsTurn)):
        record(theirs, Event.CLAIMED, at=T0, worker="theirs")

    assert everything() == before


def test_a_note_is_written_over_the_revision_it_was_decided_on_alone(store: str):
    clip = brought_to(State.WAITING_CONFIRMATION, made()[0])
    noted = note(clip, checks=1, next_at=LATER)

    with pytest.raises(LostRace):
        note(clip, checks=9)

    assert clips.find(clip.id) == noted
    assert (noted.checks, noted.next_at) == (1, LATER)


def test_a_note_is_no_news(store: str):
    clip = brought_to(State.WAITING_CONFIRMATION, made()[0])
    before = seqs()

    note(clip, checks=1)

    assert seqs() == before


def refuse_to_open_clip_2(url: str) -> None:
    """Have the database itself refuse the statement that passes the turn on to a clip 2."""
    table = "publish_batch_clips"
    when = "WHEN (NEW.clip_index = 2 AND NEW.next_at IS NOT NULL)"
    if url.startswith("sqlite"):
        body = "BEGIN SELECT RAISE(ABORT, 'refused'); END"
        sql(f"CREATE TRIGGER refuse AFTER UPDATE OF next_at ON {table} {when} {body}")
        return
    body = "$$ BEGIN RAISE 'refused' USING ERRCODE = 'check_violation'; END $$"
    sql(f"CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS {body}")
    on = f"AFTER UPDATE OF next_at ON {table} FOR EACH ROW {when}"
    sql(f"CREATE TRIGGER refuse {on} EXECUTE FUNCTION refuse()")


def test_a_turn_that_cannot_be_passed_on_undoes_the_whole_move(store: str):
    clip = brought_to(State.WAITING_CONFIRMATION, made()[0])
    refuse_to_open_clip_2(store)
    before = everything()

    with pytest.raises(peewee.IntegrityError):
        record(clip, Event.SEEN_LIVE, at=LATER)

    assert everything() == before


def test_an_event_that_cannot_be_written_undoes_the_whole_move(store: str):
    clip = walked(made()[0], Event.CLAIMED)
    taken = the_batch().last_seq + 1
    sql("INSERT INTO publish_batch_events (batch_id, seq, body) VALUES ('b1', ?, '{}')", taken)
    before = everything()

    with pytest.raises(peewee.IntegrityError):
        record(clip, Event.ACCEPTED, at=LATER)

    assert everything() == before


def test_every_commit_is_told_with_its_number_and_whose_turn_came(store: str):
    told: list[events.Change] = []
    events.on_change(told.append)
    first, second, _ = made()

    published(first)

    assert [(change.batch_id, change.seq) for change in told] == [("b1", n) for n in range(1, 5)]
    assert [change.opened_clip_id for change in told] == [first.id, None, None, second.id]


def test_what_was_not_written_is_not_told(store: str):
    stale = made()[0]
    walked(stale, Event.CLAIMED)
    told: list[events.Change] = []
    events.on_change(told.append)

    with pytest.raises((LostRace, NotItsTurn)):
        record(stale, Event.CLAIMED, at=LATER)
    with pytest.raises(NoSuchEdge):
        record(stale, Event.SEEN_LIVE, at=LATER)

    assert told == []


def test_events_are_read_after_a_number_oldest_first_and_no_more_than_asked(store: str):
    published(made()[0])

    read = [event["seq"] for event in events.events_since("b1", 1, limit=2)]

    assert read == [2, 3]


@pytest.mark.parametrize(("name", "after"), [("b1", 4), ("unknown", 0)])
def test_where_nothing_is_new_no_event_is_read(store: str, name: str, after: int):
    published(made()[0])

    assert list(events.events_since(name, after)) == []


def test_the_words_of_a_clip_arrive_in_its_event_as_they_were_written(store: str):
    clip = walked(made()[0], Event.CLAIMED)

    record(clip, Event.REFUSED, at=T0, error='Ñandú "¿qué?" 🎬 \\ % ?')

    assert events.events_since("b1", 2)[0]["clip"]["error"] == 'Ñandú "¿qué?" 🎬 \\ % ?'
