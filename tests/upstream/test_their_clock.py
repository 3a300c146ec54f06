from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from storyclip.domain.errors import StoryClipError
from storyclip.upstream.their_clock import KEPT_S, TheirClock
from tests.upstream.conftest import DATE, answer, metricool_at, says, says_and_closes

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


class Ours:
    """A monotonic clock that only a test moves."""

    at = 5000.0

    def __call__(self) -> float:
        return self.at


@pytest.fixture
def ours() -> Ours:
    return Ours()


def told(instant: datetime) -> dict[str, str]:
    return {"Date": format_datetime(instant, usegmt=True)}


def test_nobody_knows_their_time_before_an_answer(ours):
    clock = TheirClock(ours)
    clock.note({})
    clock.note({"Date": "soon"})
    clock.note({"Date": "Fri, 31 Dec 9999 23:59:59 GMT"})

    assert clock.now() is None


def test_their_time_goes_on_without_an_answer(ours):
    clock = TheirClock(ours)
    clock.note(told(NOON))

    ours.at += 90.25

    assert clock.now() == NOON + timedelta(seconds=90.75)  # a cut date is half a second old


def test_four_wrong_answers_of_nine_change_nothing(ours):
    clock = TheirClock(ours)
    for ahead_s in (0, 0, 0, 0, 0, 7200, 7200, -7200, 7200):
        clock.note(told(NOON + timedelta(seconds=ahead_s)))

    assert clock.now() == NOON + timedelta(seconds=0.5)


def test_only_the_last_nine_answers_count(ours):
    clock = TheirClock(ours)
    for _ in range(20):
        clock.note(told(NOON))
    for _ in range(5):
        clock.note(told(NOON + timedelta(hours=1)))

    assert clock.now() == NOON + timedelta(hours=1, seconds=0.5)


def test_what_was_told_a_quarter_of_an_hour_ago_does_not_count(ours):
    clock = TheirClock(ours)
    for _ in range(8):
        clock.note(told(NOON))
    ours.at += KEPT_S
    clock.note(told(NOON + timedelta(hours=1)))
    at_the_last_moment = clock.now()

    ours.at += 0.5

    assert at_the_last_moment == NOON + timedelta(seconds=KEPT_S + 0.5)
    assert clock.now() == NOON + timedelta(hours=1, seconds=1)
    ours.at += KEPT_S
    assert clock.now() is None


ANSWERS = {
    "a list": says([]),
    "a refusal": says({"status": "X", "detail": "no"}, 401),
    "busy": says(b"", 429),
    "a page": says(b"<html>", 502),
}


@pytest.mark.parametrize("kind", ANSWERS)
def test_every_answer_tells_the_time(kind, serve, story):
    for call in (
        lambda metricool: metricool.brands(),
        lambda metricool: metricool.submit_story(story),
        lambda metricool: metricool.delete_post("42", "5"),
        lambda metricool: metricool.prepare_media("42", "https://a.example/1.mp4"),
    ):
        metricool = metricool_at(serve(ANSWERS[kind]))
        assert metricool.now() is None

        with suppress(StoryClipError):
            call(metricool)
        now = metricool.now()

        assert now is not None
        assert abs(now - datetime(2026, 11, 24, 5, tzinfo=UTC)) < timedelta(seconds=5)


def test_an_answer_that_was_cut_tells_nothing(serve):
    metricool = metricool_at(serve(says_and_closes(answer([], length=10))))

    with pytest.raises(StoryClipError):
        metricool.brands()

    assert DATE in answer([]).decode()
    assert metricool.now() is None
