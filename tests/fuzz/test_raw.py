"""Three hundred requests made up byte by byte; `make fuzz` makes two thousand."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from storyclip.stack.stack import Stack
from tests.fuzz.raw import ENVIRONMENT, OVER_WITHIN_S, fuzz, made_up, objections_to

pytestmark = pytest.mark.timeout(180)


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[Stack]:
    with Stack(tmp_path / "data", seeds_key=False, environment=ENVIRONMENT) as stack:
        yield stack


def test_no_bytes_break_the_service_or_hold_its_threads(stack: Stack):
    outcome = fuzz(stack, 300, seed=1)

    assert outcome.wrong == []
    assert outcome.cases == 300
    assert outcome.seen.keys() >= {"200", "400", "404", "414", "431"}


def test_the_same_seed_makes_the_same_up():
    assert [made_up(1, n)[0] for n in range(50)] == [made_up(1, n)[0] for n in range(50)]
    assert made_up(1, 0)[0] != made_up(2, 0)[0]


def test_a_server_error_and_a_line_that_stays_are_noticed():
    answer = b"HTTP/1.1 200 OK\r\n\r\n{}HTTP/1.1 500 Internal Server Error\r\n\r\n"

    assert list(objections_to(answer, 0.1)) == [repr(answer)]
    assert list(objections_to(b"HTTP/1.1 400 Bad Request\r\n\r\n", 0.1)) == []
    assert list(objections_to(b"", OVER_WITHIN_S + 1)) == ["not over after 17.0 s"]
