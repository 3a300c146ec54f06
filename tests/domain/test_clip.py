from datetime import UTC, datetime, timedelta
from itertools import product

import pytest

from storyclip.domain.clip import EDGES, ENDED, IN_FLIGHT, Clip, Event, NoSuchEdge, State, after
from storyclip.domain.lane import Lane
from storyclip.domain.network import Network

# Drawn once more by hand, so that an edge is never changed by a slip of the pen.
DRAWN = """
pending --claimed--> uploading
pending --withdrawn--> cancelled
pending --missed--> failed
pending --forbidden--> failed
pending --held_up--> pending
pending --found--> waiting_confirmation
uploading --intended--> uploading
uploading --accepted--> waiting_confirmation
uploading --refused--> failed
uploading --postponed--> pending
uploading --unanswered--> verifying
verifying --found--> waiting_confirmation
verifying --absent--> pending
verifying --given_up--> failed
verifying --deleted_upstream--> cancelled
verifying --seen_live--> published
verifying --timed_out--> failed
waiting_confirmation --seen_live--> published
waiting_confirmation --seen_failed--> failed
waiting_confirmation --timed_out--> failed
waiting_confirmation --moved--> waiting_confirmation
waiting_confirmation --taking_back--> waiting_confirmation
waiting_confirmation --deleted_upstream--> cancelled
waiting_confirmation --withdrawn--> cancelled
waiting_confirmation --forbidden--> failed
waiting_confirmation --recalled--> pending
failed --seen_live--> published
failed --seen_failed--> failed
failed --moved--> failed
failed --taking_back--> failed
failed --timed_out--> failed
failed --withdrawn--> cancelled
failed --forbidden--> failed
failed --retried--> pending
failed --rechecked--> verifying
cancelled --seen_live--> published
"""
T0 = datetime(2026, 12, 1, 12, 0, tzinfo=UTC)


def drawn() -> dict[tuple[State, Event], State]:
    lines = [line.replace("-->", "--").split("--") for line in DRAWN.split("\n") if line]
    return {(State(a.strip()), Event(event)): State(b.strip()) for a, event, b in lines}


def test_the_table_has_the_drawn_edges_and_no_other():
    assert drawn() == EDGES


@pytest.mark.parametrize(("state", "event"), drawn(), ids=lambda word: word.value)
def test_a_drawn_edge_leads_where_it_is_drawn(state, event):
    assert after(state, event) is drawn()[state, event]


@pytest.mark.parametrize(
    ("state", "event"),
    [pair for pair in product(State, Event) if pair not in drawn()],
    ids=lambda word: word.value,
)
def test_an_edge_that_is_not_drawn_does_not_exist(state, event):
    with pytest.raises(NoSuchEdge, match=f"{state} cannot be {event}"):
        after(state, event)


def test_published_is_never_left_and_cancelled_only_for_what_was_seen_live_all_the_same():
    leaving = [edge for edge in EDGES if edge[0] in (State.PUBLISHED, State.CANCELLED)]

    assert leaving == [(State.CANCELLED, Event.SEEN_LIVE)]


def test_failed_is_left_only_for_what_the_user_wishes_or_a_late_sight():
    leaving = {event for (state, event), to in EDGES.items() if state is State.FAILED is not to}

    assert leaving == {Event.SEEN_LIVE, Event.RETRIED, Event.RECHECKED, Event.WITHDRAWN}


def test_what_may_exist_upstream_is_never_sent_again_without_proof_of_its_absence():
    back_to_the_start = {edge for edge, to in EDGES.items() if to is State.PENDING}

    assert back_to_the_start == {
        (State.PENDING, Event.HELD_UP),
        (State.UPLOADING, Event.POSTPONED),
        (State.VERIFYING, Event.ABSENT),
        (State.WAITING_CONFIRMATION, Event.RECALLED),
        (State.FAILED, Event.RETRIED),
    }


def test_every_state_is_yet_to_come_or_in_flight_or_ended():
    assert {State.PENDING} | IN_FLIGHT | ENDED == set(State)
    assert len(IN_FLIGHT) + len(ENDED) + 1 == len(State)


def test_every_event_happens_somewhere():
    assert {event for _, event in EDGES} == set(Event)


def test_every_state_is_reached_from_pending():
    reached = {State.PENDING}
    for _ in State:
        reached |= {to for (state, _), to in EDGES.items() if state in reached}

    assert reached == set(State)


def test_whatever_has_not_ended_can_still_be_published():
    good = {State.PUBLISHED}
    for _ in State:
        good |= {state for (state, _), to in EDGES.items() if to in good}

    assert set(State) - ENDED <= good


def test_the_states_have_the_names_that_the_outside_relies_on():
    assert {state.value for state in State} == {
        "pending",
        "uploading",
        "verifying",
        "waiting_confirmation",
        "published",
        "failed",
        "cancelled",
    }


def clip_with(plans: tuple[datetime, ...]) -> Clip:
    return Clip(
        id=1,
        batch_id="b1",
        index=1,
        lane=Lane(1, "2000001", Network.FACEBOOK),
        client_id="clip_1",
        source_url="https://cdn.example.com/1.mp4",
        title="",
        state=State.VERIFYING,
        revision=0,
        attempts=len(plans),
        next_at=None,
        plans=plans,
    )


def test_the_fence_is_the_latest_date_of_all_attempts_not_that_of_the_last():
    plans = (T0, T0 + timedelta(minutes=3), T0 + timedelta(minutes=1))

    assert clip_with(plans).fence_at == T0 + timedelta(minutes=3)


def test_a_clip_never_sent_has_no_fence():
    assert clip_with(()).fence_at is None
