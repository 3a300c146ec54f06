"""A media process that is absent is told for as long as files wait for one, and no longer."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from storyclip.domain.media_care import SEEN_TO_WITHIN, SIGN_EVERY_S, SILENT_FOR
from storyclip.store.database import reading, run, writing
from storyclip.store.files import files, media_life
from storyclip.store.instants import to_text
from storyclip.store.service.figures import figures
from storyclip.tasks.media_signs import ABSENT, Signs, look_for_absence
from tests.store.making import T0

MEDIA = "media-here-1-ab"
LATE = T0 + SEEN_TO_WITHIN + timedelta(seconds=1)


@pytest.fixture
def due(store: str) -> str:
    """A file that is to be looked into since T0."""
    file = files.begin("ana", "a.mp4", 9, {}, T0)
    with writing():
        run("UPDATE files SET state = 'checking', next_at = ?", (to_text(T0),))
    return file.id


def told_at(at: datetime) -> int:
    """How many incidents are open once somebody has looked."""
    look_for_absence(at)
    return figures().incidents.get(ABSENT, 0)


def test_it_is_told_once_what_was_due_has_waited_and_ends_when_one_is_back(due):
    assert told_at(T0 + SEEN_TO_WITHIN) == 0
    assert told_at(LATE) == 1

    media_life.give_sign(MEDIA, LATE)

    assert told_at(LATE) == 0
    assert told_at(LATE + SILENT_FOR) == 1  # and is told anew when it dies again
    with reading():
        [(subject, since)] = run("SELECT subject, created_at FROM incidents").fetchall()
    assert (subject, since) == ("files", to_text(LATE + SILENT_FOR))


def test_a_transfer_that_nobody_brings_is_told_as_well(store):
    with writing():
        run("INSERT INTO transfers VALUES (1, 0, '{}', ?, NULL, NULL)", (to_text(T0),))

    assert told_at(LATE) == 1


def test_who_waits_behind_others_waits_for_no_absent_process(due):
    signs = Signs(MEDIA, lambda: LATE, lambda: 0.0)

    signs.give()

    assert told_at(LATE) == 0


def test_what_is_in_hand_or_asked_of_nobody_is_not_missed(due):
    for until in (to_text(LATE), None):
        with writing():
            run("UPDATE files SET next_at = ?", (until,))

        assert told_at(LATE) == 0


def test_a_process_that_died_long_ago_is_forgotten_with_the_sign_of_another(store):
    for name, at in (("dead", T0), (MEDIA, T0 + media_life.KNOWN_FOR + timedelta(seconds=1))):
        media_life.give_sign(name, at)

    with reading():
        assert run("SELECT name FROM media_processes").fetchall() == [(MEDIA,)]


def test_signs_are_given_now_and_then_and_taken_back_at_the_end(store):
    at = [0.0]
    signs = Signs(MEDIA, lambda: T0 + timedelta(seconds=at[0]), lambda: at[0])

    for at[0] in (0.0, SIGN_EVERY_S / 2, SIGN_EVERY_S):
        signs.give()
        assert media_life.alive_at() == T0 + timedelta(seconds=at[0] // SIGN_EVERY_S * SIGN_EVERY_S)
    signs.end()

    assert media_life.alive_at() is None
