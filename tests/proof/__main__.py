"""`make proof`: run everything that tries to break the promise, and write its figures down."""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from tests.world.__main__ import TOTAL

PAGE = Path(__file__).parent.parent.parent / "docs" / "proof.md"
BEGIN, END = "<!-- figures: written by make proof -->", "<!-- end of figures -->"


@dataclass(frozen=True)
class Trial:
    """One way to break the promise: its name, its module, and which line says what came of it."""

    name: str
    arguments: tuple[str, ...]
    figure: str

    def run(self) -> tuple[int, str, str]:
        """Return its exit code, the figure that it printed (its last line without one), and all."""
        command = [sys.executable, "-m", *self.arguments]
        said = subprocess.run(command, capture_output=True, text=True, check=False)
        lines = [line for line in said.stdout.splitlines() if line.strip()]
        found = [line for line in lines if re.search(self.figure, line)]
        last = (found or lines or [said.stderr.strip()[-200:]])[-1]
        return said.returncode, last.strip(), said.stdout


def trials(seconds: int, kills: int) -> list[Trial]:
    """Return all of them, the longest last."""
    return [
        Trial("small model, all of it", ("tests.model",), r"unsafe variants noticed"),
        Trial("planted mistakes", ("tests.world.planted",), r"planted mistakes caught"),
        Trial("rows put back", ("tests.restored", "--every", "8"), r"\d+ restores"),
        Trial("PostgreSQL away at each step", ("tests.postgres",), r"\d+ outages"),
        Trial("real kills", ("tests.crash", "--kills", str(kills)), r"\d+ kills"),
        Trial(
            "simulated world", ("tests.world", "--seconds", str(seconds), "--total"), r"\d+ lives, "
        ),
    ]


def main() -> int:
    """Run them, print and write what they say; 1 if one failed."""
    parser = argparse.ArgumentParser(prog="python -m tests.proof", description=__doc__)
    parser.add_argument("--seconds", type=int, default=600, help="of the simulated world")
    parser.add_argument("--kills", type=int, default=600, help="of real processes")
    said = parser.parse_args()
    rows, failed = [], False
    for trial in trials(said.seconds, said.kills):
        code, figure, said_whole = trial.run()
        failed = failed or code != 0
        verdict = "holds" if code == 0 else "FAILED"
        if code:
            print(said_whole, flush=True)
        rows.append(f"| {trial.name} | `python -m {' '.join(trial.arguments)}` | {figure} |")
        print(f"{verdict}: {trial.name}: {figure}", flush=True)
    _write(rows)
    return 1 if failed else 0


def _running_total() -> str:
    total = json.loads(TOTAL.read_text(encoding="utf-8"))
    return (
        f"All runs that were counted, {total['lives']:,} lives: {total['kills']:,} kills,"
        f" {total['faults']:,} faults, {total['people']:,} acts of people."
        f" {total['found']} histories went wrong; what they showed was mended."
    )


def _write(rows: list[str]) -> None:
    text = PAGE.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    date = datetime.now(UTC).strftime("%Y-%m-%d")
    table = "\n".join(
        [
            BEGIN,
            "",
            f"On commit {_commit()}, {date}:",
            "",
            "| tried | command | it said |",
            "|---|---|---|",
            *rows,
            "",
            _running_total(),
            "",
            END,
        ]
    )
    PAGE.write_text(before + table + after, encoding="utf-8")


def _commit() -> str:
    asked = ["git", "rev-parse", "--short=10", "HEAD"]
    return subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip()


if __name__ == "__main__":
    sys.exit(main())
