"""Two checkouts in turns: only what met the same machine in the same minutes can be compared.

Each runs its own bench on its own code, so both must know the line, and `--quick` if that is asked.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.bench.checkout import CHECKOUT, commit
from tests.bench.figure import NotMeasured, aligned, median, read_line, shown


@dataclass
class _Side:
    """One of the two, and the values of each figure, by its name and unit."""

    name: str
    checkout: Path
    values: dict[str, list[float]] = field(default_factory=dict)

    def measure(self, line: str, quick: bool) -> None:
        for what, value in _measured(self.checkout, line, quick):
            self.values.setdefault(what, []).append(value)
            print(f"{self.name}: {what}: {shown(value)}", flush=True)


def compare(there: Path, line: str, runs: int, quick: bool) -> None:
    """Measure here and there in turns, and print both medians and what one is of the other.

    Raises:
        NotMeasured: one of the two came to no figure, or to none that the other has too.
    """
    sides = (
        _Side(f"here ({_code_of(CHECKOUT)})", CHECKOUT),
        _Side(f"there ({_code_of(there)})", there),
    )
    for number in range(runs):
        # Who comes first changes each time: the machine is warmer for the second
        for side in sides if number % 2 == 0 else sides[::-1]:
            side.measure(line, quick)
    rows = list(_rows(*sides))
    if not rows:
        raise NotMeasured(f"{line}: nothing was measured both here and in {there}")
    print("\n".join(aligned([("", *(side.name for side in sides), "ratio", "runs"), *rows])))


def _rows(here: _Side, there: _Side) -> Iterator[tuple[str, ...]]:
    for what, ours in here.values.items():
        if theirs := there.values.get(what):
            ratio = median(ours) / median(theirs)
            pairs = ", ".join(f"{shown(a)} / {shown(b)}" for a, b in zip(ours, theirs, strict=True))
            yield what, shown(median(ours)), shown(median(theirs)), f"{ratio:.2f}", pairs


def _code_of(checkout: Path) -> str:
    try:
        return commit(checkout)
    except (OSError, subprocess.CalledProcessError):
        return "no commit"  # unpacked without its history: its figures can be compared all the same


def _measured(checkout: Path, line: str, quick: bool) -> Iterator[tuple[str, float]]:
    command = [sys.executable, "-m", "tests.bench", "--only", line, "--runs", "1"]
    run = subprocess.run(
        command + ["--quick"] * quick,
        cwd=checkout,
        env={**os.environ, "PYTHONPATH": str(checkout)},
        stdout=subprocess.PIPE,
        text=True,
    )
    # Its table repeats the figures in other words: what cannot be read is no figure
    figures = [figure for said in run.stdout.splitlines() if (figure := read_line(said))]
    if not figures:
        raise NotMeasured(f"{line} came to no figure in {checkout}: {run.stdout.strip()}")
    yield from figures
