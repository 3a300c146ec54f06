"""The README's figures: written by the run that measured them, with the commit they are of."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path

from tests.bench.figure import Figure, shown

BEGIN = "<!-- figures: written by `make bench ARGS=--write-readme` -->"
END = "<!-- end of the figures -->"


def write(readme: Path, figures: Sequence[Figure], runs: int, commit: str, today: date) -> None:
    """Put the table of one run between the marks."""
    before, _, rest = readme.read_text().partition(BEGIN)
    _, mark, after = rest.partition(END)
    assert mark, f"{readme} has not both marks of the figures"
    table = "\n".join(_lines(figures, runs, commit, today))
    readme.write_text(f"{before}{BEGIN}\n{table}\n{END}{after}")


def _lines(figures: Sequence[Figure], runs: int, commit: str, today: date) -> Iterator[str]:
    times = "one run" if runs == 1 else f"medians of {runs} runs"
    yield f"Commit {commit}, {today.isoformat()}, {os.cpu_count()} cores, {times}."
    yield ""
    yield "| what | figure | bar | floor in the same run | figure / floor |"
    yield "|---|---|---|---|---|"
    for figure in figures:
        cells = [
            f"{figure.name}: {figure.what}",
            f"{shown(figure.value)} {figure.unit}",
            f"{figure.bar_text}, missed" if figure.verdict == "miss" else figure.bar_text,
            "-" if figure.floor is None else f"{shown(figure.floor)} {figure.unit}",
            figure.ratio,
        ]
        yield f"| {' | '.join(cells)} |"
