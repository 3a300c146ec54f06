from datetime import timedelta

from storyclip.domain.clip import Event
from storyclip.domain.incident import Incident
from storyclip.store.publishing import clips
from storyclip.store.service import incidents, workers
from storyclip.store.service.incidents import raise_incident
from tests.store.making import T0, made, note, record, rows, walked

LATER = T0 + timedelta(seconds=2)


def test_every_beat_of_a_worker_adds_one_to_its_counter(store: str):
    for _ in range(3):
        workers.beat("a")
    workers.beat("b")

    assert workers.beats() == {"a": 3, "b": 1}


def test_a_buried_worker_is_forgotten_and_the_others_are_not(store: str):
    for name in "abc":
        workers.beat(name)

    workers.bury(["a", "c"], LATER)

    assert workers.beats() == {"b": 1}


def test_a_buried_worker_that_was_only_slow_is_known_again_with_its_next_beat(store: str):
    workers.beat("a")
    workers.bury(["a"], LATER)

    workers.beat("a")

    assert workers.beats() == {"a": 1}


def test_what_a_dead_worker_had_in_hand_is_due_at_once_and_not_rung_yet(store: str):
    clip = made()[0]
    late = T0 + timedelta(minutes=5)
    record(clip, Event.CLAIMED, at=T0, worker="dead", next_at=late, rung_at=T0)

    workers.bury(["dead"], LATER)

    buried = clips.find(clip.id)
    assert (buried.next_at, buried.rung_at) == (LATER, None)
    assert clips.make_due(LATER, portion=1) == [clip.id]


def test_what_the_living_have_in_hand_stays_theirs(store: str):
    clip = made()[0]
    theirs = record(clip, Event.CLAIMED, at=T0, worker="alive", next_at=LATER)

    workers.bury(["dead"], T0)

    assert clips.find(clip.id) == theirs


def test_what_a_dead_worker_had_let_go_before_is_not_touched(store: str):
    clip = walked(made()[0], Event.CLAIMED, Event.ACCEPTED)
    clip = note(clip, next_at=T0 + timedelta(minutes=1))

    workers.bury(["worker-a"], LATER)

    assert clips.find(clip.id) == clip


def test_a_worker_called_dead_that_was_only_slow_may_still_write_its_answer(store: str):
    clip = walked(made()[0], Event.CLAIMED)
    workers.bury(["worker-a"], LATER)

    record(clip, Event.ACCEPTED, at=LATER, post_id="310000001")

    assert clips.find(clip.id).post_id == "310000001"


def test_an_incident_is_said_once(store: str):
    said = [
        raise_incident(Incident("twin", "310000001", "first words"), T0),
        raise_incident(Incident("twin", "310000001", "other words"), LATER),
    ]

    assert said == [True, False]
    written = rows("SELECT detail, created_at FROM incidents")
    assert written == [("first words", "2026-12-01T12:00:00.000000Z")]


def test_other_kinds_and_other_subjects_are_other_incidents(store: str):
    said = [
        raise_incident(Incident(kind, subject, ""), T0)
        for kind in ("twin", "absent")
        for subject in ("1", "2")
    ]

    assert said == [True] * 4


def test_what_is_over_is_so_of_its_subject_and_said_anew_when_it_is_back(store: str):
    for subject in ("1", "2"):
        raise_incident(Incident("twin", subject, ""), T0)

    incidents.end("twin", LATER, "1")

    assert [incidents.is_open("twin", subject) for subject in ("1", "2")] == [False, True]
    assert raise_incident(Incident("twin", "1", ""), LATER)
    incidents.end("twin", LATER)
    assert not incidents.is_open("twin")
