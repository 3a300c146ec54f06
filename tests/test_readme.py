"""What the README shows is what the code does."""

from __future__ import annotations

import re
from pathlib import Path

from storyclip.domain.clip import EDGES
from storyclip.domain.crashpoint import POINTS

CHECKOUT = Path(__file__).parents[1]


def test_the_drawing_of_states_has_every_edge_and_no_other():
    drawn = re.findall(r"^ +(\w+) --> (\w+): (\w+)$", _text("README.md"), flags=re.MULTILINE)

    edges = {(state.value, to.value, event.value) for (state, event), to in EDGES.items()}
    assert set(drawn) == edges
    assert len(drawn) == len(edges)


def test_every_crash_point_has_its_line_in_the_table():
    table = _text("docs/how-it-works.md")

    assert [point for point in POINTS if f"`{point}`" not in table] == []


def _text(name: str) -> str:
    return (CHECKOUT / name).read_text()
