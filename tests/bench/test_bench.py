"""Every line of the bench still measures, and what it finds is no multiple of what it was.

Small and short, beside whatever else this machine does: only ratios within one run are judged.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator

import pytest

from tests.bench.__main__ import MEASUREMENTS
from tests.bench.figure import Figure
from tests.bench.stage import keeping
from tests.postgres.server import require

pytestmark = [pytest.mark.xdist_group("bench"), pytest.mark.timeout(180)]

# In floors: 0.4 to 1.0 and 3 to 8, idle and with seven processes to two cores. Where each clip
# waits a second for a date that is not its own: 0.06 to 0.14 and 57 to 420.
CLIPS_AT_LEAST = 0.25
NEXT_POST_AT_MOST = 40.0


@pytest.fixture(scope="module", autouse=True)
def _stages() -> Iterator[None]:
    with keeping():
        yield


@pytest.mark.parametrize("line", MEASUREMENTS)
def test_line_of_the_bench_measures_itself_and_its_floor(line: str):
    if line == "postgres":
        require()
    figures = _figures(line)

    assert [figure.line() for figure in figures if not figure.value > 0] == []
    assert any(figure.floor is not None and figure.floor > 0 for figure in figures)


def test_clips_follow_each_other_as_fast_as_the_machine_allows():
    assert any(floors >= CLIPS_AT_LEAST for floors in _in_floors("throughput", "lanes"))


def test_next_clip_is_sent_as_soon_as_the_one_before_it_is_seen_live():
    assert any(floors <= NEXT_POST_AT_MOST for floors in _in_floors("engine", "one lane, p50"))


@functools.cache
def _figures(line: str) -> tuple[Figure, ...]:
    return _measured(line)


def _measured(line: str) -> tuple[Figure, ...]:
    return tuple(MEASUREMENTS[line](1, True))


def _in_floors(line: str, what: str) -> Iterator[float]:
    """Yield the first figure with these words, in multiples of its floor, of up to three runs.

    What runs beside a measurement may slow that alone and not its floor; a fault slows each.
    """
    for measured in (_figures, _measured, _measured):
        figure = next(figure for figure in measured(line) if what in figure.what)
        assert figure.in_floors is not None
        print(figure.line())
        yield figure.in_floors
