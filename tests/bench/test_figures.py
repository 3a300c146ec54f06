"""What a run found can be read again, laid beside another checkout's, and written down."""

from __future__ import annotations

import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from tests.bench import readme
from tests.bench.checkout import CHECKOUT, README, commit, git, uncommitted
from tests.bench.figure import Figure, read_line

FIGURE = Figure("engine", "one lane: p50", 0.0125, "ms", 25.0, floor=0.005, floor_is="bare")


@pytest.mark.parametrize(
    ("figure", "value"),
    [(FIGURE, 0.0125), (Figure("throughput", "50 lanes", 1234.5, "clips/s"), 1234.0)],
)
def test_line_of_a_figure_can_be_read_again(figure: Figure, value: float):
    assert read_line(figure.line()) == (f"{figure.name}: {figure.what}, {figure.unit}", value)


@pytest.mark.parametrize("line", ["", "engine: not measured: 3 batches", "  (engine took 4 s)"])
def test_line_without_a_figure_is_none(line: str):
    assert read_line(line) is None


@pytest.mark.xdist_group("bench")
def test_another_checkout_is_measured_in_turns_with_this_one():
    command = [sys.executable, "-m", "tests.bench", "--quick", "--only", "tick", "--against", "."]

    said = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=True).stdout

    each = [line.split(" ")[0] for line in said.splitlines() if "): tick: " in line]
    assert each == ["here"] * 3 + ["there"] * 3
    assert "here (" in said.splitlines()[6]
    assert len(said.splitlines()) == 10


def test_table_stands_between_its_marks_with_commit_floor_and_ratio(tmp_path: Path):
    file = tmp_path / README
    file.write_text(f"before\n{readme.BEGIN}\nold\n{readme.END}\nafter\n")

    readme.write(file, [FIGURE], 3, "0123456789", date(2026, 11, 27))

    text = file.read_text()
    assert text.startswith(f"before\n{readme.BEGIN}\nCommit 0123456789, 2026-11-27, ")
    assert "| engine: one lane: p50 | 0.0125 ms | <= 25 | 0.005 ms | 2.50 |\n" in text
    assert text.endswith(f"|\n{readme.END}\nafter\n")
    assert "old" not in text


def test_bar_that_was_missed_is_written_as_missed(tmp_path: Path):
    file = tmp_path / README
    file.write_text(f"{readme.BEGIN}\n{readme.END}")

    readme.write(
        file, [Figure("tick", "idle", 7.0, "ms", 5.0)], 1, "0123456789", date(2026, 11, 27)
    )

    assert "| tick: idle | 7 ms | <= 5, missed | - | - |" in file.read_text()


def test_code_that_no_commit_holds_is_told(tmp_path: Path):
    git(tmp_path, "init", "--quiet")
    (tmp_path / "app.py").write_text("")
    git(tmp_path, "add", "app.py")
    who = ("-c", "user.name=x", "-c", "user.email=x@example.com", "-c", "commit.gpgsign=false")
    git(tmp_path, *who, "commit", "--quiet", "--message", "Begin")
    (tmp_path / README).write_text("figures")
    clean = uncommitted(tmp_path), commit(tmp_path)

    (tmp_path / "app.py").write_text("pass")

    assert clean == ([], git(tmp_path, "rev-parse", "--short=10", "HEAD"))
    assert uncommitted(tmp_path) == ["app.py"]
    assert commit(tmp_path) == f"{clean[1]}+"
