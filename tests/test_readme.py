"""What the README and the page on how it works show is what the code does."""

from __future__ import annotations

import operator
import re
import subprocess
from pathlib import Path

import pytest

from storyclip.domain.clip import EDGES
from storyclip.domain.crashpoint import POINTS
from tests.bench.__main__ import MEASUREMENTS
from tests.bench.checkout import SHORT, git
from tests.bench.readme import BEGIN, END

CHECKOUT = Path(__file__).parents[1]
BARS = {">=": operator.ge, "<=": operator.le}


def test_the_drawing_of_states_has_every_edge_and_no_other():
    drawing = _text("docs/how-it-works.md")

    drawn = re.findall(r"^ +(\w+) --> (\w+): (\w+)$", drawing, flags=re.MULTILINE)

    edges = {(state.value, to.value, event.value) for (state, event), to in EDGES.items()}
    assert set(drawn) == edges
    assert len(drawn) == len(edges)


def test_every_crash_point_has_its_line_in_the_table():
    table = _text("docs/how-it-works.md")

    assert [point for point in POINTS if f"`{point}`" not in table] == []


def test_figures_are_of_a_commit_of_a_day_and_of_a_machine():
    runs = r"(one run|medians of \d+ runs)"
    what = rf"Commit [0-9a-f]{{{SHORT}}}, \d{{4}}-\d\d-\d\d, \d+ cores, {runs}\."

    assert re.fullmatch(what, _figures()[0])


def test_commit_of_the_figures_is_in_the_history():
    commit = _figures()[0].split(",")[0].removeprefix("Commit ")
    try:
        top = git(CHECKOUT, "rev-parse", "--show-toplevel")
        is_shallow = git(CHECKOUT, "rev-parse", "--is-shallow-repository") == "true"
    except (OSError, subprocess.CalledProcessError) as no_git:
        pytest.skip(f"THE COMMIT OF THE FIGURES WAS NOT LOOKED UP: {no_git}")
    if Path(top).resolve() != CHECKOUT.resolve():
        pytest.skip("THE COMMIT OF THE FIGURES WAS NOT LOOKED UP: no history of its own")

    known = git(CHECKOUT, "rev-list", "HEAD").splitlines()

    if is_shallow and not any(one.startswith(commit) for one in known):
        pytest.skip("THE COMMIT OF THE FIGURES WAS NOT LOOKED UP: a shallow clone")
    assert any(one.startswith(commit) for one in known), f"{commit} is in no history"


def test_every_line_of_the_bench_has_its_figures():
    lines = [what.split(":")[0] for what, *_ in _rows()]

    assert list(dict.fromkeys(lines)) == list(MEASUREMENTS)


def test_ratio_of_a_figure_is_the_one_to_the_floor_beside_it():
    with_floor = [row for row in _rows() if row[3] != "-"]

    for what, figure, _, floor, ratio in with_floor:
        (value, unit), (bare, bare_unit) = figure.split(" "), floor.split(" ")
        assert unit == bare_unit, what
        # All three are rounded: the values to three digits, their ratio to two decimals
        close = pytest.approx(float(value) / float(bare), rel=0.015, abs=0.006)
        assert float(ratio) == close, what
    assert {what.split(":")[0] for what, *_ in with_floor} == set(MEASUREMENTS)


def test_bar_that_is_missed_says_so():
    for what, figure, bar, *_ in _rows():
        if bar == "-":
            continue
        compare, bound, *missed = bar.replace(",", "").split(" ")
        value = float(figure.split(" ")[0])
        if value != float(bound):  # else it was rounded to it, from either side
            assert missed == ([] if BARS[compare](value, float(bound)) else ["missed"]), what


def _figures() -> list[str]:
    """Return the lines between the marks: what they are of, a gap, and the table."""
    _, begin, rest = _text("README.md").partition(f"{BEGIN}\n")
    table, end, _ = rest.partition(f"\n{END}")
    assert begin
    assert end
    return table.splitlines()


def _rows() -> list[list[str]]:
    head, *rows = [line.strip("| ").split(" | ") for line in _figures() if line.startswith("| ")]
    assert head == ["what", "figure", "bar", "floor in the same run", "figure / floor"]
    assert all(len(row) == len(head) for row in rows)
    return rows


def _text(name: str) -> str:
    return (CHECKOUT / name).read_text()


def blocks(name: str) -> list[str]:
    """Return what stands between fences: what somebody would paste."""
    return re.findall(r"^```\n(.*?)^```$", _text(name), flags=re.MULTILINE | re.DOTALL)
