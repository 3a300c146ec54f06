"""A cursor's word says where a viewer is, in as few characters as there are batches that run."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from storyclip.progress.cursor import (
    MARGIN,
    MAX_BATCHES,
    MAX_CHARACTERS,
    CursorInvalid,
    UserCursor,
    read_places,
    read_seq,
)

NOON = datetime(2026, 12, 1, 12, 0, tzinfo=UTC)
LONG = timedelta(minutes=10)


def test_a_word_names_every_batch_that_runs():
    cursor = UserCursor(NOON)
    cursor.add("a", (1, 35), 0)
    cursor.add("b", (36, 2), 7)
    cursor.advance("a", (100, 0), None)

    since, places = read_places(cursor.word(NOON))

    assert since == NOON
    assert places == {(1, 35): (100, 0), (36, 2): (7, 0)}


def test_a_batch_that_ended_is_named_until_every_clock_agrees_that_it_did():
    cursor = UserCursor(NOON)
    cursor.add("a", (1, 1), 0)
    cursor.advance("a", (9, 8001), NOON)

    soon = read_places(cursor.word(NOON + MARGIN))
    later = read_places(cursor.word(NOON + LONG))

    assert soon == (NOON, {(1, 1): (9, 8001)})
    assert later == (NOON + LONG - MARGIN, {})


def test_the_instant_of_a_word_never_runs_back():
    cursor = UserCursor(NOON)
    cursor.word(NOON + LONG)

    since, _ = read_places(cursor.word(NOON))

    assert since == NOON + LONG - MARGIN


def test_the_longest_word_fits_into_a_header():
    cursor = UserCursor(NOON)
    for number in range(MAX_BATCHES):
        cursor.add(f"b{number}", (40_000 + number, 1_500_000 + number), 1200)

    word = cursor.word(NOON)

    assert cursor.is_full()
    assert len(word) <= MAX_CHARACTERS
    assert len(read_places(word)[1]) == MAX_BATCHES


@pytest.mark.parametrize(
    "word", ["-1", "1.5", "x", "1234567890", "１", " 1", "tozwlh-1.1.1", "1e", "e1"]
)
def test_a_word_of_one_batch_is_a_number(word):
    with pytest.raises(CursorInvalid):
        read_seq(word)


@pytest.mark.parametrize(
    "word",
    ["T", "tozwlh-", "tozwlh-1.1", "tozwlh-1.1.1.1.1", "tozwlh-1.1.-1", "zzzzzzzz", "1" * 8000],
)
def test_a_made_up_word_of_all_batches_is_refused(word):
    with pytest.raises(CursorInvalid):
        read_places(word)
