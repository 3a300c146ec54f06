"""Each edge of the life of a clip, written once, and all that it has to leave behind."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

import pytest

from storyclip.domain.batch import Batch
from storyclip.domain.clip import EDGES, IN_FLIGHT, Clip, Event, State
from storyclip.domain.views import clip_view
from storyclip.store import database
from storyclip.store.history import events
from storyclip.store.publishing import clips
from tests.databases import new_postgres, new_sqlite
from tests.store.making import (
    LEARNED,
    T0,
    brought_to,
    counters,
    made,
    record,
    recounted,
    rows,
    seqs,
    the_batch,
)

LATER = T0 + timedelta(seconds=7)


@dataclass(frozen=True)
class Move:
    """One legal move that was recorded: of the first of `count` clips, each in its own lane."""

    event: Event
    old: Clip
    new: Clip
    before: Batch

    @property
    def edge(self) -> str:
        return f"{self.old.state} --{self.event}--> {self.new.state} of {self.before.total}"


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def store(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """One database of each kind, for all of these tests only look at it."""
    if request.param == "sqlite":
        url = new_sqlite(tmp_path_factory.mktemp("edges") / "storyclip.db")
    else:
        url = new_postgres(request.getfixturevalue("postgres"))
    events.forget_listeners()
    database.connect(url)
    yield url
    database.disconnect()


@pytest.fixture(scope="module")
def moves(store: str) -> list[Move]:
    """Every edge once in a batch of its own, and once more as the only clip there."""
    done = []
    for number, (state, event) in enumerate([*EDGES, *EDGES]):
        name, count = f"b{number}", 3 if number < len(EDGES) else 1
        old = brought_to(state, made(name, count, account=str(number))[0])
        before = the_batch(name)
        new = record(old, event, at=LATER, **LEARNED.get(event, {}))
        done.append(Move(event, old, new, before))
    return done


def test_every_edge_leads_the_row_where_it_is_drawn(moves: list[Move]):
    led = {move.edge: clips.find(move.new.id).state for move in moves}

    assert led == {move.edge: EDGES[move.old.state, move.event] for move in moves}


def test_every_edge_returns_the_clip_as_its_row_is_now(moves: list[Move]):
    assert {m.edge: m.new for m in moves} == {m.edge: clips.find(m.new.id) for m in moves}


def test_every_edge_adds_one_to_the_revision(moves: list[Move]):
    assert [move.edge for move in moves if move.new.revision != move.old.revision + 1] == []


def test_every_edge_writes_one_event_with_the_next_number(moves: list[Move]):
    written = {move.edge: seqs(move.before.batch_id) for move in moves}

    assert written == {m.edge: list(range(1, m.before.last_seq + 2)) for m in moves}


def test_every_event_shows_the_clip_the_counters_and_the_status_of_its_commit(moves: list[Move]):
    for move in moves:
        batch = the_batch(move.before.batch_id)
        event = events.events_since(batch.batch_id, move.before.last_seq)[0]
        assert event["clip"] == clip_view(move.new), move.edge
        assert event["timestamp"] == "2026-12-01T12:00:07.000Z"
        assert (event["seq"], event["status"]) == (batch.last_seq, batch.status), move.edge
        assert (event["published"], event["errors"]) == (batch.published, batch.failed), move.edge


def test_every_edge_keeps_the_counters_equal_to_a_recount(moves: list[Move]):
    counted = {move.edge: counters(move.before.batch_id) for move in moves}

    assert counted == {move.edge: recounted(move.before.batch_id) for move in moves}


def test_every_edge_leaves_the_status_that_the_domain_computes(moves: list[Move]):
    computed = {m.edge: m.before.after(m.old, m.new, LATER) for m in moves}

    assert {m.edge: the_batch(m.before.batch_id) for m in moves} == computed


def test_a_clip_holds_its_lane_from_its_turn_until_it_has_ended(moves: list[Move]):
    select = "SELECT lane_held FROM publish_batch_clips WHERE id = ?"
    held = {move.edge: rows(select, move.new.id)[0][0] for move in moves}

    lanes = {m.edge: m.new.lane.id if m.new.state in IN_FLIGHT else None for m in moves}
    assert held == lanes


def test_only_a_clip_being_uploaded_is_in_a_workers_hand(moves: list[Move]):
    with_worker = {clips.find(m.new.id).state for m in moves if clips.find(m.new.id).worker}

    assert with_worker == {State.UPLOADING}
